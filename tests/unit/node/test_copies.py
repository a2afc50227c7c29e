"""Copies: made together, spread over anchors, and one thing in all that is done to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node.copying import add_copies, copies_of, withdraw_waiting
from node.delivery.ledger import delivery_ledger
from node.store import EntryState
from rootseal.errors import ConflictError, InputError
from rootseal.ethereum import ZERO_ADDRESS
from rootseal.files import CredentialFile
from tests.unit.node.conftest import Node
from tests.unit.node.copies import address, anchor_all, award, awarded, bound_roster
from tests.unit.node.nodes import roster


def more(node: Node, entry_id: str, count: int, *holders: bytes, dry_run: bool = False) -> tuple[str, ...]:
    """Ids of copies that are added now."""
    s = node.services
    return add_copies(s.store, s.home, s.profile, entry_id, count, holders, s.now, dry_run=dry_run).added


def test_copies_say_the_same_and_share_nothing_else(node: Node) -> None:
    """No two share an id, seed, commitment or address, over all awards of the list."""
    firsts = awarded(node.services, 5, count=4)
    every = [copy for first in firsts for copy in award(node.services, first)]
    assert len(every) == 20
    for name in ("id", "seed", "commitment", "number"):
        assert len({getattr(copy, name) for copy in every}) == 20, name
    assert {copy.subject.holder for copy in every} == {address(n, c) for n in range(4) for c in range(1, 6)}
    for learner, first in enumerate(firsts):
        copies = award(node.services, first)
        said = [{**json.loads(copy.document), "id": None} for copy in copies]
        assert all(document == said[0] for document in said)
        assert [json.loads(copy.document)["id"] for copy in copies] == [copy.id for copy in copies]
        assert [copy.subject.holder for copy in copies] == [address(learner, c) for c in range(1, 6)]
        assert [copy.copy for copy in copies] == [1, 2, 3, 4, 5]


def test_the_first_copy_alone_carries_the_credits(node: Node) -> None:
    copies = award(node.services, awarded(node.services, 3)[0])
    assert [copy.subject.credits for copy in copies] == [250, 0, 0]
    assert any(copies[0].subject.credit_id)
    assert not any(any(copy.subject.credit_id) for copy in copies[1:])
    # What was earned is said in each; a wallet claims it with the one that carries it.
    assert all(json.loads(c.document)["credentialSubject"]["creditsEarned"] == 2.5 for c in copies)


def test_without_addresses_every_copy_is_bound_to_nobody(node: Node) -> None:
    first = node.services.issue(roster(1), "r.csv", copies=3).issued[0].id
    assert {copy.subject.holder for copy in award(node.services, first)} == {ZERO_ADDRESS}


def test_each_copy_is_introduced_by_another_anchor_and_its_file_is_whole(node: Node, tmp_path: Path) -> None:
    services = node.services
    firsts = awarded(services, 3, count=2)
    assert anchor_all(services) == 3
    for first in firsts:
        copies = award(services, first)
        anchors = [services.store.log.introducing(copy.index) for copy in copies if copy.index is not None]
        assert [anchor.sequence for anchor in anchors if anchor is not None] == [1, 2, 3]
        for copy in copies:
            file = CredentialFile.from_bytes(services.credential_file(copy.id))
            assert (file.commitment, file.proofs.anchors[0].sequence) == (copy.commitment, copy.copy)
    assert services.fsck().findings == []
    outcome = services.export(firsts, tmp_path / "out")
    assert (outcome.written, outcome.anchored, outcome.waiting) == (6, 6, 0)
    manifest = (tmp_path / "out" / "manifest.csv").read_text("utf-8-sig").splitlines()[1:]
    assert [line.split(",")[0] for line in manifest] == ['"2"'] * 3 + ['"3"'] * 3


def test_a_copy_waits_for_the_final_anchor_of_the_one_before_it(node: Node) -> None:
    services = node.services
    first = awarded(services, 3)[0]
    services.seal()
    assert services.seal() is None  # also when it is asked for expressly
    services.anchor("sent")
    assert services.seal() is None
    assert services.anchor().reached
    assert services.seal() is not None
    assert [copy.state for copy in award(services, first)] == [
        EntryState.SEALED,
        EntryState.SEALED,
        EntryState.ACCEPTED,
    ]
    status = services.status()
    assert (status.accepted, status.copies_waiting, status.oldest_accepted_at, status.overdue) == (1, 1, None, ())


def test_the_working_round_publishes_all_copies_by_itself(node: Node) -> None:
    first = awarded(node.services, 3)[0]
    for _ in range(60):
        node.clock.now += node.services.config.anchor_interval_seconds
        node.services.tick()
    assert [found.standing.value for found in copies_of(node.services.store, first)] == ["anchored"] * 3


def test_the_list_counts_awards_and_not_copies(node: Node) -> None:
    awarded(node.services, 3, count=2)
    node.services.issue(roster(2, first=50), "s.csv")
    ledger = delivery_ledger(node.services.store, node.services.now)
    assert [(account.rows, account.issued) for account in ledger.lists] == [(2, 2), (2, 2)]
    assert ledger.adds_up
    assert ledger.total.fates["not_sealed"] == 4
    again = node.services.issue(bound_roster(2, 3), "r.csv", copies=3)
    assert (len(again.already), again.issued, again.refused) == (2, (), ())


@pytest.mark.parametrize(
    ("copies", "given", "reason"),
    [
        (1, 3, "has 3 addresses, and one credential needs one"),
        (3, 1, "has 1 address, and 3 copies need 3"),
        (3, 2, "has 2 addresses, and 3 copies need 3"),
        (2, 3, "has 3 addresses, and 2 copies need 2"),
    ],
)
def test_a_row_needs_an_address_for_each_copy_or_none(node: Node, copies: int, given: int, reason: str) -> None:
    outcome = node.services.issue(bound_roster(1, given), "r.csv", copies=copies)
    assert outcome.issued == ()
    assert (outcome.refused[0].column, reason in outcome.refused[0].reason) == ("holder", True)


def test_bad_addresses_and_numbers_are_refused(node: Node) -> None:
    one = f"0x{address(0, 1).hex()}".encode()
    for cell, reason in (
        (one + b" " + one, "twice"),
        (one + b" 0x" + b"0" * 40, "zero address"),
        (b" ".join([one] * 17), "at most 16"),
        (one + b" 0x12", "address"),
    ):
        (refused,) = node.services.issue(roster(1)[:-1] + cell + b"\n", "r.csv", copies=2).refused
        assert (refused.column, reason in refused.reason) == ("holder", True), refused.reason
    for copies in (0, 17, -1):
        with pytest.raises(InputError, match="1 to 16"):
            node.services.issue(roster(1), "r.csv", copies=copies)
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0


def test_withdrawing_any_copy_withdraws_all_and_only_before_the_first_is_sealed(node: Node) -> None:
    services = node.services
    first, other = awarded(services, 3, count=2)
    assert services.withdraw(award(services, first)[2].id).id == first
    assert {copy.state for copy in award(services, first)} == {EntryState.WITHDRAWN}
    services.seal()
    for copy in award(services, other):
        with pytest.raises(ConflictError, match="is sealed"):
            services.withdraw(copy.id)
    assert [copy.state for copy in award(services, other)][1:] == [EntryState.ACCEPTED] * 2
    assert len(services.issue(bound_roster(1, 3), "r.csv", copies=3).issued) == 1


def test_the_copies_that_wait_can_be_taken_back(node: Node) -> None:
    services = node.services
    first = awarded(services, 3)[0]
    with pytest.raises(ConflictError, match="not sealed"):
        withdraw_waiting(services.store, first, services.now)
    services.seal()
    waiting = withdraw_waiting(services.store, first, services.now, dry_run=True)
    assert waiting == tuple(copy.id for copy in award(services, first)[1:])
    assert withdraw_waiting(services.store, waiting[1], services.now) == waiting
    assert withdraw_waiting(services.store, first, services.now) == ()
    services.anchor()
    assert services.seal() is None
    assert services.entry(first).live
    # Copies that are added later wait for those that are in force, and not for what was taken back.
    added = more(node, first, 2, address(0, 8), address(0, 9))
    assert anchor_all(services) == 2
    assert [copy.copy for copy in award(services, first)] == [1, 2, 3, 4, 5]
    assert all(services.entry(copy).index is not None for copy in added)
    assert services.fsck().findings == []


def test_more_copies_of_a_published_credential(node: Node) -> None:
    services = node.services
    first = awarded(services, 2)[0]
    anchor_all(services)
    assert len(more(node, first, 2, address(0, 3), address(0, 4), dry_run=True)) == 2
    assert len(award(services, first)) == 2
    added = more(node, award(services, first)[1].id, 2, address(0, 3), address(0, 4))
    assert anchor_all(services) == 2
    copies = award(services, first)
    assert [copy.id for copy in copies[2:]] == list(added)
    assert [copy.subject.credits for copy in copies] == [250, 0, 0, 0]
    assert {json.dumps({**json.loads(copy.document), "id": None}, sort_keys=True) for copy in copies} == {
        json.dumps({**json.loads(copies[0].document), "id": None}, sort_keys=True)
    }
    assert services.fsck().findings == []
    assert more(node, first, 2, address(0, 3), address(0, 4)) == added  # the same once more adds nothing
    assert len(award(services, first)) == 4


def test_what_may_not_be_copied_any_more_is_refused(node: Node) -> None:
    services = node.services
    first = awarded(services, 2)[0]
    with pytest.raises(ConflictError, match="not sealed yet"):
        more(node, first, 1, address(0, 5))
    anchor_all(services)
    for count, holders, problem in (
        (0, (), "1 to 16"),
        (17, (), "1 to 16"),
        (2, (address(0, 5),), r"2 addresses are needed, one for each copy; 1 was given; .*--issuer NAME --copies 4"),
        (2, (), "2 addresses are needed, one for each copy; none was given"),
        (2, (address(0, 5), address(0, 5)), "given twice"),
        (1, (address(0, 1),), "nothing"),
        (2, (address(0, 1), address(0, 5)), "of another copy"),
        (1, (ZERO_ADDRESS,), "zero address"),
    ):
        if problem == "nothing":
            assert more(node, first, count, *holders) == (first,)
            continue
        with pytest.raises(InputError, match=problem):
            more(node, first, count, *holders)
    services.suspend([first])
    with pytest.raises(ConflictError, match="suspended"):
        more(node, first, 1, address(0, 5))
    services.reinstate([first])
    new = services.issue(bound_roster(1, 2, name="Kovac"), "r.csv", supersedes=first, copies=2).issued[0].id
    with pytest.raises(ConflictError, match=f"superseded by {new}"):
        more(node, first, 1, address(0, 5))
    services.withdraw(new)
    services.revoke([first])
    with pytest.raises(ConflictError, match="is revoked: no more copies of it are made"):
        more(node, first, 1, address(0, 5))
    withdrawn = services.issue(bound_roster(1, 2, first=7), "r.csv", copies=2).issued[0].id
    services.withdraw(withdrawn)
    with pytest.raises(ConflictError, match="withdrawn"):
        more(node, withdrawn, 1, address(7, 5))
