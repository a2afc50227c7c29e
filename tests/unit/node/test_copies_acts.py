"""What is done to a credential reaches all its copies, in whatever order they come to the log."""

from __future__ import annotations

import json

import pytest

from node.approving import Approving
from node.bulk_status import change_by_list
from node.console.credentials import acts_possible
from node.copying import add_copies, copies_of
from node.erasing import erase_entry
from node.principal import Principal, Role
from node.reasons import keep_note, keep_notes
from node.reissuing import Desk, reissue
from node.services import Services
from node.statuses import Act
from node.store import EntryState
from node.store.finding import Wanted
from rootseal.errors import ConflictError, InputError
from tests.unit.node.conftest import Node
from tests.unit.node.copies import address, anchor_all, award, awarded, bound_roster

DESK = Desk("M. Novak", "passport at the desk")


def states(services: Services, first: str) -> list[str]:
    """Where each copy stands."""
    return [found.standing.value for found in copies_of(services.store, first)]


def revoked(services: Services, first: str) -> list[bool]:
    """By the ledger, for each copy that it knows."""
    word = services.status_map().revoked[0]
    return [bool(word >> copy.index & 1) for copy in award(services, first) if copy.index is not None]


def suspended(services: Services, first: str) -> list[bool]:
    """The same for suspensions."""
    word = services.status_map().suspended[0]
    return [bool(word >> copy.index & 1) for copy in award(services, first) if copy.index is not None]


def one_anchored_one_sealed_one_accepted(services: Services) -> str:
    """An award of three copies on their way."""
    first = awarded(services, 3)[0]
    services.seal()
    assert services.anchor().reached
    services.seal()
    assert states(services, first) == ["anchored", "sealed", "accepted"]
    return first


def test_a_revocation_reaches_every_copy_wherever_it_is(node: Node) -> None:
    services = node.services
    first = one_anchored_one_sealed_one_accepted(services)
    ids = [copy.id for copy in award(services, first)]
    outcome = services.revoke([ids[2]])
    assert (outcome.requested, outcome.following, outcome.withdrawn) == ((ids[0],), (ids[1],), (ids[2],))
    assert [copy.live for copy in award(services, first)] == [False] * 3
    again = services.revoke([first])
    assert (again.requested, again.already, again.following) == ((), (ids[0],), (ids[1],))
    assert services.anchor().reached
    assert states(services, first) == ["anchored", "anchored", "withdrawn"]
    assert revoked(services, first) == [True, True]
    assert services.seal() is None
    report = services.fsck()
    assert (report.findings, report.unchecked) == ([], [])


def test_a_suspension_and_its_end_reach_copies_that_come_later(node: Node) -> None:
    services = node.services
    first = one_anchored_one_sealed_one_accepted(services)
    outcome = services.suspend([first])
    assert len(outcome.following) == 2
    assert services.anchor().reached
    assert suspended(services, first) == [True, True]
    services.seal()
    assert services.anchor().reached
    assert suspended(services, first) == [True, True, True]
    services.reinstate([award(services, first)[1].id])
    assert services.anchor().reached
    assert suspended(services, first) == [False, False, False]
    assert services.store.copies.due() == ()
    assert services.fsck().findings == []


def test_what_was_reinstated_before_a_copy_came_leaves_that_copy_alone(node: Node) -> None:
    services = node.services
    first = one_anchored_one_sealed_one_accepted(services)
    services.suspend([first])
    services.reinstate([first])
    assert services.anchor().reached
    assert anchor_all(services) == 1
    assert [len(services.store.statuses.of(copy.id)) for copy in award(services, first)] == [2, 0, 0]
    assert suspended(services, first) == [False] * 3


def test_before_the_first_is_anchored_nothing_can_be_revoked(node: Node) -> None:
    services = node.services
    first = awarded(services, 2)[0]
    for _ in range(2):
        for copy in award(services, first):
            with pytest.raises(ConflictError, match=first):
                services.revoke([copy.id])
        services.seal()
    assert services.store.statuses.entries() == ()


def test_a_list_of_revocations_names_awards_and_reaches_their_copies(node: Node) -> None:
    services = node.services
    first, other = awarded(services, 2, count=2)
    anchor_all(services)
    copy = award(services, first)[1].id
    data = f"id\n{first}\n{copy}\n{award(services, other)[1].id}\n".encode()
    outcome = change_by_list(
        services.store, services.statuses, Act.REVOKE, data, "r.csv", 0, services.now, dry_run=False
    )
    assert [row.outcome for row in outcome.rows] == ["queued", "twice", "queued"]
    by_award = b"learner_id,micro_credential,awarded_on\n00000000,ledgers,2026-10-01\n"
    again = change_by_list(
        services.store, services.statuses, Act.REVOKE, by_award, "r.csv", 0, services.now, dry_run=True
    )
    assert [(row.id, row.outcome) for row in again.rows] == [(first, "already")]
    assert services.anchor().reached
    assert services.status_map().revoked[0].bit_count() == 4


def test_the_reason_is_kept_for_every_copy(node: Node) -> None:
    services = node.services
    first = one_anchored_one_sealed_one_accepted(services)
    done = services.revoke([first])
    keep_note(services.store, done, "Thesis withdrawn", services.now)
    keep_notes(services.store, [first], "revoke", "Thesis withdrawn", services.now)
    notes = [[note.note for note in services.store.notes.of(copy.id)] for copy in award(services, first)]
    assert notes == [["Thesis withdrawn"], ["Thesis withdrawn"], []]


def test_a_correction_supersedes_all_copies_and_makes_as_many_as_are_asked_for(node: Node) -> None:
    services = node.services
    first = one_anchored_one_sealed_one_accepted(services)
    named = award(services, first)[1].id
    right = bound_roster(1, 2, name="Kovac")
    new = services.issue(right, "r.csv", supersedes=named, copies=2).issued[0].id
    assert [copy.supersedes for copy in award(services, new)] == [first, None]
    # The old one's waiting copy is not sealed while that is open.
    services.seal()
    assert states(services, first) == ["anchored", "sealed", "accepted"]
    assert services.anchor().reached
    assert states(services, first) == ["anchored", "anchored", "withdrawn"]
    assert revoked(services, first) == [True, True]
    assert {act.reason for copy in award(services, first) for act in services.store.statuses.of(copy.id)} == {1}
    anchor_all(services)
    assert (states(services, new), revoked(services, new)) == (["anchored"] * 2, [False] * 2)
    assert [row.id for row in services.issue(right, "r.csv", supersedes=first, copies=2).already] == [new]
    assert services.fsck().findings == []


def test_a_correction_that_is_withdrawn_leaves_all_copies_as_they_were(node: Node) -> None:
    services = node.services
    first = one_anchored_one_sealed_one_accepted(services)
    new = services.issue(bound_roster(1, 3, name="Kovac"), "r.csv", supersedes=first, copies=3).issued[0].id
    services.withdraw(new)
    assert [copy.live for copy in award(services, first)] == [True] * 3
    services.anchor()
    assert anchor_all(services) == 1
    assert (states(services, first), revoked(services, first)) == (["anchored"] * 3, [False] * 3)


def test_a_correction_before_sealing_withdraws_all_copies_of_the_old_one(node: Node) -> None:
    services = node.services
    first = awarded(services, 3)[0]
    services.issue(bound_roster(1, 1, name="Kovac"), "r.csv", supersedes=first)
    assert states(services, first) == ["withdrawn"] * 3


def test_issued_anew_to_another_wallet_with_a_copy_for_each_address(node: Node) -> None:
    services = node.services
    first = awarded(services, 2)[0]
    anchor_all(services)
    holders = [address(9, copy) for copy in range(1, 4)]

    def anew(entry_id: str, *to: bytes, dry_run: bool = False) -> str:
        s = services
        return reissue(s.store, s.home, s.profile, entry_id, to, DESK, s.now, dry_run=dry_run).new

    for wrong in ((), (holders[0], holders[0]), (address(0, 2),), (bytes(20),)):
        with pytest.raises(InputError):
            anew(first, *wrong)
    new = anew(award(services, first)[1].id, *holders)
    assert anew(first, *holders) == new
    copies = award(services, new)
    assert [copy.subject.holder for copy in copies] == holders
    assert copies[0].subject.credit_id == services.entry(first).subject.credit_id
    assert [copy.subject.credits for copy in copies] == [250, 0, 0]
    assert anchor_all(services) == 3
    assert (revoked(services, first), revoked(services, new)) == ([True] * 2, [False] * 3)
    assert services.fsck().findings == []


def test_erasing_reaches_all_copies_and_the_log_goes_on(node: Node) -> None:
    services = node.services
    first = one_anchored_one_sealed_one_accepted(services)
    done = erase_entry(services.store, award(services, first)[2].id, services.now)
    assert (done.id, len(done.entries), done.already) == (first, 3, False)
    copies = award(services, first)
    assert states(services, first) == ["anchored", "sealed", "withdrawn"]
    assert {(copy.document, copy.email, copy.subject.holder) for copy in copies} == {(b"", "", bytes(20))}
    assert erase_entry(services.store, first, services.now).already
    assert services.anchor().reached
    # What was erased can still be revoked, all of it.
    services.revoke([first])
    assert services.anchor().reached
    assert revoked(services, first) == [True, True]
    assert services.fsck().findings == []


def test_a_second_person_approves_awards_with_their_copies(node: Node) -> None:
    services = node.services
    awarded(services, 3, count=2)
    approving = Approving(services.store, node.clock)
    (waiting,) = approving.waiting()
    assert (waiting.accepted, waiting.copies, dict(waiting.templates)) == (2, 3, {"ledgers": 2})
    approving.reject(waiting.id, None, "wrong date")
    assert services.store.entries.counts() == {
        EntryState.ACCEPTED: 0,
        EntryState.SEALED: 0,
        EntryState.WITHDRAWN: 6,
    }


def test_lists_of_credentials_show_each_once(node: Node) -> None:
    services = node.services
    firsts = awarded(services, 3, count=2)
    found = services.store.finding.page(Wanted(), 0, 10)
    assert [(one.id, one.copies) for one in found] == [(first, 3) for first in firsts]
    copy = services.store.finding.one(award(services, firsts[0])[2].id)
    assert copy is not None
    assert (copy.copy_of, copy.copies) == (firsts[0], 3)
    assert acts_possible(found[0]) == ("withdraw", "correct")


def test_fsck_finds_copies_that_are_none(node: Node) -> None:
    services = node.services
    first, other = awarded(services, 2, count=2)
    anchor_all(services)
    copy = award(services, first)[1]
    changed = {**json.loads(copy.document), "name": "Another title"}
    with services.store.writing() as utils:
        utils.conn.execute("UPDATE entries SET copy_of = ? WHERE id = ?", (copy.id, award(services, other)[1].id))
        utils.conn.execute("UPDATE entries SET document = ? WHERE id = ?", (json.dumps(changed).encode(), copy.id))
    codes = {finding.code for finding in services.fsck(offline=True).findings}
    assert {"copy.first", "copy.differs"} <= codes


def test_added_copies_wait_for_the_second_person_too(node: Node) -> None:
    services, store = node.services, node.services.store
    first = awarded(services, 2)[0]
    anchor_all(services)
    holders = [address(0, 8), address(0, 9)]
    added = add_copies(store, services.home, services.profile, first, 2, holders, services.now).added
    approving = Approving(store, node.clock)
    waiting = approving.waiting()[-1]
    assert (waiting.accepted, waiting.copies, waiting.preview) == (1, 2, added[0])
    assert store.entries.waiting(None, approved=True) == []
    approving.approve(waiting.id, Principal("t", "Lin", frozenset({Role.APPROVE}), frozenset()))
    assert [number for number, _, _ in store.entries.waiting(None, approved=True)] == [3]
    approving.reject(waiting.id, None, "too many")
    assert states(services, first) == ["anchored", "anchored", "withdrawn", "withdrawn"]
    assert services.entry(first).live
