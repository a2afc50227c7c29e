"""The second approver: nothing is sealed that another person did not let pass."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from node.access import Access, AccessDenied, Principal, Role, acting_as
from node.approving import Approving
from node.config import write_config
from node.reissuing import Desk, reissue
from node.store import STORE_NAME, EntryState
from rootseal.errors import ConflictError, InputError
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


class Office:
    """A node that wants a second approver, with people."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.switch(True)
        self.access = Access(node.services.store, node.clock)
        self.approving = Approving(node.services.store, node.clock)
        self.ada = self.person("Ada", Role.ISSUE, Role.APPROVE)
        self.lin = self.person("Lin", Role.APPROVE)

    def switch(self, on: bool) -> None:
        write_config(self.node.directory, replace(self.node.services.config, second_approver=on))
        self.node.reopened()
        self.access = Access(self.node.services.store, self.node.clock)
        self.approving = Approving(self.node.services.store, self.node.clock)

    def person(self, name: str, *roles: Role, departments: tuple[str, ...] = ()) -> Principal:
        found = self.access.authenticate(self.access.add(name, roles, departments).text)
        assert found is not None
        return found

    def issue(self, count: int, *, first: int = 0, template: str = "ledgers") -> list[str]:
        with acting_as(self.ada):
            outcome = self.node.services.issue(roster(count, first=first, template=template), "r.csv")
        return [row.id for row in outcome.issued]

    def sealed(self) -> int:
        return self.node.services.store.log.size()


@pytest.fixture
def office(node: Node) -> Iterator[Office]:
    yield Office(node)


def test_nothing_is_sealed_before_another_person_approved(office: Office) -> None:
    ids = office.issue(3)
    assert office.node.services.seal() is None, "an explicit seal does not override it"
    office.node.clock.now += 10_000
    office.node.services.tick()
    assert office.sealed() == 0
    [waiting] = office.approving.waiting()
    assert (waiting.person, waiting.accepted, waiting.templates) == ("Ada", 3, (("ledgers", 3),))
    assert waiting.preview in ids
    office.approving.approve(waiting.id, office.lin)
    office.node.services.tick()
    assert office.sealed() == 3
    assert office.approving.waiting() == []


def test_only_the_approved_list_is_sealed(office: Office) -> None:
    office.issue(2)
    first = office.approving.waiting()[0].id
    later = office.issue(3, first=5)
    office.approving.approve(first, office.lin)
    assert office.node.services.seal() is not None
    assert office.sealed() == 2
    assert office.node.services.entry(later[0]).state is EntryState.ACCEPTED


def test_the_grace_time_counts_too(office: Office) -> None:
    office.issue(1)
    office.approving.approve(office.approving.waiting()[0].id, office.lin)
    office.node.services.tick()
    assert office.sealed() == 0
    office.node.clock.now += office.node.services.config.grace_seconds
    office.node.services.tick()
    assert office.sealed() == 1


@pytest.mark.parametrize("name", ["Ada", "ADA", " ada "])
def test_nobody_approves_what_he_issued_with_another_token_either(office: Office, name: str) -> None:
    office.issue(1)
    submission = office.approving.waiting()[0].id
    for principal in (office.ada, office.person(name, Role.APPROVE)):
        with pytest.raises(AccessDenied, match="another person must approve it"):
            office.approving.approve(submission, principal)
    assert office.node.services.seal() is None


def test_a_renamed_token_is_the_same_token(office: Office) -> None:
    office.issue(1)
    renamed = replace(office.ada, person="Somebody Else")
    with pytest.raises(AccessDenied, match="another person"):
        office.approving.approve(office.approving.waiting()[0].id, renamed)


def test_who_may_not_approve_is_told_why(office: Office) -> None:
    office.access.set_department("ledgers", "business")
    office.issue(1)
    submission = office.approving.waiting()[0].id
    with pytest.raises(AccessDenied, match="may not approve"):
        office.approving.approve(submission, office.person("Rita", Role.READ, Role.ISSUE))
    with pytest.raises(AccessDenied, match="not of your department"):
        office.approving.approve(submission, office.person("Kim", Role.APPROVE, departments=("library",)))
    with pytest.raises(AccessDenied, match="may not approve"):
        office.approving.reject(submission, office.person("Rita", Role.READ), "no")
    with pytest.raises(InputError, match="none with this number"):
        office.approving.approve(99, office.lin)
    assert office.node.services.seal() is None
    office.approving.approve(submission, office.person("Bo", Role.APPROVE, departments=("Business",)))
    assert office.node.services.seal() is not None


def test_without_a_token_nothing_is_issued(office: Office) -> None:
    with pytest.raises(AccessDenied, match="second_approver is on"):
        office.node.services.issue(roster(1), "r.csv")
    assert office.node.services.issue(roster(1), "r.csv", dry_run=True).issued
    assert office.node.services.store.entries.numbered(0, 9) == []


def test_rejecting_withdraws_and_leaves_no_trace_in_the_log(office: Office) -> None:
    ids = office.issue(2)
    submission = office.approving.waiting()[0].id
    done = office.approving.reject(submission, office.lin, "Wrong date in all rows")
    assert (done.state, done.withdrawn, done.reason) == ("rejected", 2, "Wrong date in all rows")
    assert office.approving.reject(submission, office.lin, "again") == done, "again: nothing changes"
    assert office.node.services.seal() is None
    assert {office.node.services.entry(entry_id).state for entry_id in ids} == {EntryState.WITHDRAWN}
    with pytest.raises(ConflictError, match="was rejected before"):
        office.approving.approve(submission, office.lin)
    assert office.issue(2), "the same list may be issued anew"
    assert "Wrong date" not in str(office.node.services.store.acts.all())


def test_rejecting_a_correction_gives_the_award_back(office: Office) -> None:
    [old] = office.issue(1)
    office.approving.approve(1, office.lin)
    office.node.services.seal()
    with acting_as(office.ada):
        corrected = roster(1).replace(b"Ana 0", b"Anna")
        new = office.node.services.issue(corrected, "r.csv", supersedes=old).issued[0].id
    assert not office.node.services.entry(old).live
    [waiting] = office.approving.waiting()
    assert waiting.preview == new, "a correction waits for the second person as well"
    office.approving.reject(waiting.id, office.lin, "the old one was right")
    assert office.node.services.entry(old).live


def test_an_approval_can_be_taken_back_until_it_is_sealed(office: Office) -> None:
    office.issue(1)
    office.approving.approve(1, office.lin)
    assert office.approving.approve(1, office.lin).decided_person == "Lin"
    assert office.approving.reject(1, office.lin, "on second thoughts").state == "rejected"
    assert office.node.services.seal() is None
    office.issue(1)
    office.approving.approve(2, office.lin)
    office.node.services.seal()
    with pytest.raises(ConflictError, match="was approved before"):
        office.approving.reject(2, office.lin, "too late")
    assert office.sealed() == 1


def test_the_issuing_person_may_take_the_list_back(office: Office) -> None:
    office.ada = office.person("Eve", Role.ISSUE)
    office.issue(1)
    office.approving.reject(1, office.ada, "my mistake")
    office.issue(1)
    office.approving.reject(2, None, "from the command line")
    with pytest.raises(InputError, match="--reason"):
        office.approving.reject(2, None, " ")


def test_what_was_withdrawn_one_by_one_waits_for_nobody(office: Office) -> None:
    [entry] = office.issue(1)
    with acting_as(office.ada):
        office.node.services.withdraw(entry)
    assert office.approving.waiting() == []
    with pytest.raises(ConflictError, match="nothing of submission 1 waits"):
        office.approving.approve(1, office.lin)


def test_both_people_stand_in_the_audit_log(office: Office) -> None:
    office.issue(2)
    with acting_as(office.lin):
        office.approving.approve(1, office.lin)
    acts = {act.act: json.loads(act.detail) for act in office.node.services.store.acts.all()}
    assert acts["issue"] == {"refused": 0, "submission": 1, "by": {"person": "Ada", "token": office.ada.token_id}}
    assert acts["approve"] == {"entries": 2, "by": {"person": "Lin", "token": office.lin.token_id}}


def test_switched_on_later_it_holds_for_what_waits_and_not_for_what_is_older(office: Office) -> None:
    office.switch(False)
    office.node.services.issue(roster(1), "r.csv")
    old = office.node.services.issue(roster(1, first=1), "r.csv").issued[0].id
    with closing(sqlite3.connect(office.node.directory / STORE_NAME)) as file, file:
        file.execute("UPDATE entries SET submission = NULL WHERE id = ?", (old,))  # as an upgraded store has it
    office.switch(True)
    assert office.node.services.seal() is not None
    assert office.node.services.entry(old).index == 0
    assert office.sealed() == 1
    [waiting] = office.approving.waiting()
    assert waiting.person is None
    office.approving.approve(waiting.id, office.lin)
    assert office.node.services.seal() is not None
    assert office.sealed() == 2


def test_without_the_setting_nothing_waits_for_anybody(office: Office) -> None:
    office.switch(False)
    office.node.services.issue(roster(2), "r.csv")
    assert office.node.services.seal() is not None
    assert office.sealed() == 2


def test_no_way_into_the_store_goes_around_the_second_person(office: Office) -> None:
    """Also a credential issued anew to another key waits: it is a submission like any other."""
    [old] = office.issue(1)
    office.approving.approve(1, office.lin)
    office.node.services.seal()
    services = office.node.services
    made = reissue(services.store, services.home, services.profile, old, [b"\7" * 20], Desk("Ada", "passport"), 1)
    assert services.seal() is None
    [waiting] = office.approving.waiting()
    assert waiting.preview == made.new
