"""What a ledger says of an issuer that anybody may have registered is read within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor import reader
from anchor.ledger import Head, Ledger
from anchor.reader import LedgerRequest, collect
from node.init_policy import own_policy
from tests.unit.node.nodes import make_node, open_node, roster


def test_a_status_map_without_end_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = make_node(tmp_path / "node")
    with open_node(tmp_path / "node", chain) as services:
        services.issue(roster(1), "list.csv")
        services.seal()
        services.anchor()
        [ledger] = own_policy(services.config).ledgers
        request = LedgerRequest(services.home.issuer)
        assert collect(chain, ledger, request).status is not None
        plain = Ledger.head
        monkeypatch.setattr(Ledger, "head", lambda *asked: Head(plain(*asked).sequence, (1 << 47)))
        monkeypatch.setattr(Ledger, "status_words", lambda *asked: pytest.fail("fetched"))
        assert collect(chain, ledger, request).status is None
        monkeypatch.setattr(reader, "_MAX_MAPPED", 1 << 48)
        with pytest.raises(pytest.fail.Exception, match="fetched"):
            collect(chain, ledger, request)
