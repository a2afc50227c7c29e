"""Copies from the list to the learner on a real chain: three anchors, files that verify, one link, one fate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from anchor.web3_chain import open_chain
from node.app import create_app
from node.config import read_config
from node.copying import copies_of
from node.delivery.ledger import delivery_ledger
from node.erasing import erase_entry
from node.services import Services
from rootseal.files import CredentialFile
from tests.support.devchain import ChainProcess, running_chain
from tests.support.program import Program
from tests.support.serving import serving
from tests.unit.node.copies import address, award, awarded, bound_roster
from tests.unit.node.nodes import TEMPLATES, make_registered


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain")) as running:
        yield running


@pytest.fixture
def services(tmp_path: Path, chain: ChainProcess) -> Iterator[Services]:
    make_registered(tmp_path / "node", open_chain(chain.url))
    with Services.open(tmp_path / "node", chain=open_chain(chain.url)) as opened:
        opened.add_templates(TEMPLATES)
        yield opened


def publish(services: Services) -> int:
    """Seal and anchor until nothing may be sealed any more; how many anchors that took."""
    anchors = 0
    while services.seal() is not None:
        outcome = services.anchor(timeout=60)
        assert outcome.reached, outcome.problem
        anchors += 1
    return anchors


def test_three_copies_from_the_list_to_the_verifier(
    services: Services, chain: ChainProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = awarded(services, 3)[0]
    assert publish(services) == 3
    anchors = [services.store.log.introducing(copy.index or 0) for copy in award(services, first)]
    assert [row.sequence for row in anchors if row is not None] == [1, 2, 3]
    outcome = services.export([first], tmp_path / "out")
    assert (outcome.written, outcome.anchored) == (3, 3)
    files = sorted((tmp_path / "out").glob("*.credential.json"))
    home, program = services.home, Program(capsys)
    trust = f"{home.chain}:0x{home.ledger.hex()}/{home.issuer}"
    run = program("verify", *files, "--trust", trust, "--rpc", chain.url, "--json")
    assert (run.code, [shown["overall"] for shown in run.objects if "overall" in shown][:3]) == (0, ["verified"] * 3)
    opened = [CredentialFile.from_bytes(path.read_bytes()) for path in files]
    assert {file.subject.holder for file in opened} == {address(0, copy) for copy in (1, 2, 3)}
    assert sorted(file.subject.credits for file in opened) == [0, 0, 250]
    salts = [salt for file in opened for salt in file.salted()[1].salts]
    assert len(set(salts)) == len(salts)
    assert len({file.credential["id"] for file in opened}) == len({file.commitment for file in opened}) == 3


def test_a_revocation_reaches_what_is_not_anchored_and_what_is_not_sealed(services: Services) -> None:
    first = awarded(services, 3)[0]
    services.seal()
    assert services.anchor(timeout=60).reached
    services.seal()
    services.revoke([first])
    assert services.anchor(timeout=60).reached
    assert [found.standing.value for found in copies_of(services.store, first)] == ["anchored", "anchored", "withdrawn"]
    assert services.status_map().revoked[0] == 0b11
    assert services.seal() is None
    report = services.fsck()
    assert (report.findings, report.unchecked) == ([], [])


def test_corrected_and_erased_with_all_copies(services: Services) -> None:
    old = awarded(services, 2)[0]
    publish(services)
    new = services.issue(bound_roster(1, 2, name="Kovac"), "r.csv", supersedes=old, copies=2).issued[0].id
    publish(services)
    assert services.status_map().revoked[0].bit_count() == 2
    assert len(erase_entry(services.store, new, services.now).entries) == 2
    assert all(copy.document == b"" for copy in award(services, new))
    assert delivery_ledger(services.store, services.now).adds_up
    assert services.fsck().findings == []


def served(services: Services) -> AbstractContextManager[str]:
    """The node's pages on a port of this machine."""
    return serving(make_server("127.0.0.1", 0, create_app(services), threaded=True))


def test_a_wallet_fetches_every_copy_with_one_link(
    services: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, wallet = Program(capsys), tmp_path / "wallet"
    (tmp_path / "secret").write_text("correct horse\n")
    assert program("wallet", "init", wallet, "--passphrase-file", tmp_path / "secret").code == 0
    first = awarded(services, 3)[0]
    publish(services)
    link = _link(services, first)
    with served(services) as url:
        own = link.replace("https://registrar.example", url)
        run = program("wallet", "receive", wallet, own, "--json")
        assert (run.code, [shown["outcome"] for shown in run.objects]) == (0, ["received"] * 3)
        again = program("wallet", "receive", wallet, own, "--json")
        assert len(again.objects) == 3  # within ten minutes: nothing is doubled, and nothing lost
    listed: Any = program("wallet", "list", wallet, "--json").objects
    assert listed
    assert services.store.claim_links.of(first)[0].opened_at is not None


def _link(services: Services, entry_id: str) -> str:
    from node.delivery.links import ClaimLinkService

    file_of: Callable[..., bytes] = lambda entry: services.exporter.credential_file(entry).to_bytes()  # noqa: E731
    return ClaimLinkService(services.store, "https://registrar.example", file_of).make(entry_id, services.now, 1).url


def test_an_older_store_goes_on_with_copies(services: Services, tmp_path: Path) -> None:
    """A restored backup knows which copies belong together, and their turns go on."""
    from node.backup import backup_node
    from node.restoring import restore_node

    first = awarded(services, 2)[0]
    services.seal()
    assert services.anchor(timeout=60).reached
    backup_node(services, tmp_path / "node.tar")
    chain = services.connection.chain
    services.close()
    restore_node(tmp_path / "node.tar", tmp_path / "again", 1)
    (tmp_path / "again" / "passphrase").write_text("correct horse\n")
    assert read_config(tmp_path / "again").issuer == services.home.issuer
    with Services.open(tmp_path / "again", chain=chain) as restored:
        assert publish(restored) == 1
        assert [found.standing.value for found in copies_of(restored.store, first)] == ["anchored", "anchored"]
        assert restored.fsck().findings == []
