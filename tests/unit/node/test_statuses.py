"""Status: what was anchored can be revoked, suspended and reinstated; once, and grouped."""

from __future__ import annotations

import pytest

from anchor.ledger import ledger_abi
from node.cli.acts import reinstate
from node.statuses import Act, _parts
from rootseal.errors import ConflictError, InputError
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


def anchored(node: Node, count: int) -> list[str]:
    node.services.issue(roster(count), "r.csv")
    node.services.seal()
    assert node.services.anchor().reached
    return [entry.id for entry in node.services.store.entries.sealed(0, count)]


def test_a_revocation_reaches_the_map_and_is_not_repeated(node: Node) -> None:
    ids = anchored(node, 3)
    outcome = node.services.revoke([ids[1], ids[1].removeprefix("urn:uuid:")])
    assert outcome.requested == (ids[1],)
    again = node.services.revoke([ids[1]])
    assert (again.requested, again.already, again.intents) == ((), (ids[1],), ())
    assert node.services.anchor().reached
    shown = node.services.status_map()
    assert (shown.size, shown.revoked, shown.suspended) == (3, (0b010,), (0,))
    assert node.services.fsck().findings == []


def test_suspension_comes_and_goes(node: Node) -> None:
    ids = anchored(node, 3)
    node.services.suspend(ids[:2])
    node.services.anchor()
    assert node.services.status_map().suspended == (0b011,)
    assert node.services.reinstate(ids).requested == tuple(ids[:2])
    node.services.anchor()
    assert node.services.status_map().suspended == (0,)
    assert node.services.fsck().findings == []


def test_ending_a_suspension_that_never_was_is_said_as_that(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    found = node.services.issue(roster(1), "r.csv").issued[0].id
    node.services.seal()
    node.services.anchor()
    assert not reinstate(args=[str(node.directory), found], standalone_mode=False)
    assert f"{found}: it is not suspended, or the end of its suspension was asked for before" in capsys.readouterr().out


def test_many_ids_share_one_transaction_by_word(node: Node) -> None:
    ids = anchored(node, 600)
    outcome = node.services.revoke(ids)
    assert len(outcome.intents) == 1
    intent = node.services.store.outbox.get(outcome.intents[0])
    assert intent is not None
    call = ledger_abi().decode_call(intent.data)
    assert call is not None
    name, (issuer, words, masks, reason) = call
    assert (name, issuer, tuple(words), reason) == ("revoke", 1, (0, 1, 2), 0)
    assert tuple(masks) == (2**256 - 1, 2**256 - 1, 2**88 - 1)


def test_a_call_touches_a_bounded_number_of_words(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = anchored(node, 600)
    monkeypatch.setattr("node.statuses._WORDS_PER_CALL", 2)
    entries = [node.services.entry(entry_id) for entry_id in ids]
    assert [len(part) for part in _parts(entries)] == [512, 88]
    assert len(node.services.suspend(ids).intents) == 2
    assert node.services.anchor().reached
    assert node.services.status_map().suspended == (2**256 - 1, 2**256 - 1, 2**88 - 1)


def test_a_corrected_row_is_issued_after_revocation_but_never_the_same_one(node: Node) -> None:
    ids = anchored(node, 1)
    node.services.revoke(ids, reason=1)
    again = node.services.issue(roster(1), "r.csv")
    assert (again.issued, again.already) == ((), ())
    assert f"issued as {ids[0]} and revoked since" in again.refused[0].reason
    assert len(node.services.issue(roster(1).replace("Kovač".encode(), b"Kovac"), "r.csv").issued) == 1


def test_revocation_is_final_here_too(node: Node) -> None:
    ids = anchored(node, 2)
    node.services.revoke(ids[:1])
    with pytest.raises(ConflictError, match="is final"):
        node.services.suspend(ids)
    assert node.services.store.statuses.of(ids[1]) == ()


def test_what_is_not_anchored_is_refused_with_the_way_out(node: Node) -> None:
    accepted = node.services.issue(roster(1), "r.csv").issued[0].id
    with pytest.raises(ConflictError, match="withdraw"):
        node.services.revoke([accepted])
    node.services.seal()
    with pytest.raises(ConflictError, match="rootseal node anchor"):
        node.services.revoke([accepted])


def test_unknown_ids_and_reasons_are_refused(node: Node) -> None:
    ids = anchored(node, 1)
    with pytest.raises(InputError, match="reason"):
        node.services.revoke(ids, reason=2)
    with pytest.raises(InputError, match="no credential with this id"):
        node.services.revoke([*ids, "urn:uuid:00000000-0000-4000-8000-000000000000"])
    assert node.services.store.statuses.of(ids[0]) == ()


def test_acts_have_names_of_the_ledgers_functions() -> None:
    assert {act.value for act in Act} <= set(ledger_abi().functions)
