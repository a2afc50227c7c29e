"""Corrections: the new credential stands before the old one falls, whatever dies in between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from anchor.ledger import ledger_abi
from node.services import Services
from node.store import Act, EntryState
from rootseal.errors import ConflictError, InputError
from tests.support.fake_chain import FakeChain
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import TEMPLATES, make_node, roster
from tests.unit.node.test_crash import node as opened
from tests.unit.node.test_crash import points

RIGHT = roster(1).replace("Kovač".encode(), b"Kovac")


def anchored(services: Services, count: int = 3) -> list[str]:
    """Ids by line of the list."""
    issued = services.issue(roster(count), "r.csv").issued
    services.seal()
    assert services.anchor().reached
    return [row.id for row in issued]


def test_the_old_one_is_revoked_when_the_new_one_is_final_and_not_before(node: Node) -> None:
    services = node.services
    old = services.entry(anchored(services)[0])
    outcome = services.issue(RIGHT, "r.csv", supersedes=old.id)
    new = services.entry(outcome.issued[0].id)
    assert (new.supersedes, new.subject.credit_id) == (old.id, old.subject.credit_id)
    assert any(new.subject.credit_id)
    assert not services.entry(old.id).live
    services.seal()
    services.anchor("sent")
    assert services.store.statuses.of(old.id) == ()
    assert services.anchor().reached
    (act,) = services.store.statuses.of(old.id)
    assert (act.act, act.reason) == (Act.REVOKE, 1)
    intent = services.store.outbox.get(act.intent)
    assert intent is not None
    call = ledger_abi().decode_call(intent.data)
    assert call is not None
    assert (call[0], call[1][3]) == ("revoke", 1)
    assert old.index is not None
    assert services.status_map().revoked[0] == 1 << old.index
    assert services.anchor().reached
    assert len(services.store.statuses.of(old.id)) == 1
    report = services.fsck()
    assert (report.findings, report.unchecked) == ([], [])


def test_running_it_again_issues_nothing_twice(node: Node) -> None:
    old = anchored(node.services, 1)[0]
    new = node.services.issue(RIGHT, "r.csv", supersedes=old).issued[0]
    again = node.services.issue(RIGHT, "r.csv", supersedes=old)
    assert ([row.id for row in again.already], again.issued) == ([new.id], ())
    assert [row.id for row in node.services.issue(RIGHT, "r.csv").already] == [new.id]
    with pytest.raises(ConflictError, match=f"--supersedes {new.id}"):
        node.services.issue(RIGHT.replace(b"Kovac", b"Kowatsch"), "r.csv", supersedes=old)
    refused = node.services.issue(roster(1), "r.csv").refused[0]
    assert f"--supersedes {new.id}" in refused.reason


def test_a_correction_can_be_corrected(node: Node) -> None:
    services = node.services
    first = anchored(services, 1)[0]
    second = services.issue(RIGHT, "r.csv", supersedes=first).issued[0].id
    third = services.issue(RIGHT.replace(b"Kovac", b"Kova"), "r.csv", supersedes=second).issued[0].id
    assert services.entry(second).state is EntryState.WITHDRAWN
    services.seal()
    services.anchor()
    # The second never entered the log; that the first is superseded must not be forgotten with it.
    assert services.entry(third).supersedes == first
    assert services.status_map().revoked[0].bit_count() == 1
    fourth = services.issue(RIGHT, "r.csv", supersedes=third).issued[0].id
    services.seal()
    services.anchor()
    assert services.status_map().revoked[0].bit_count() == 2
    assert services.entry(fourth).subject.credit_id == services.entry(first).subject.credit_id
    assert services.fsck().findings == []


def test_what_is_not_sealed_yet_is_withdrawn_in_the_same_step(node: Node) -> None:
    old = node.services.issue(roster(1), "r.csv").issued[0].id
    new = node.services.issue(RIGHT, "r.csv", supersedes=old).issued[0].id
    assert node.services.entry(old).state is EntryState.WITHDRAWN
    node.services.seal()
    node.services.anchor()
    assert node.services.status_map().revoked == (0,)
    assert node.services.entry(new).subject.credit_id == node.services.entry(old).subject.credit_id


def test_a_withdrawn_correction_leaves_the_old_one_as_it_was(node: Node) -> None:
    old = anchored(node.services, 1)[0]
    new = node.services.issue(RIGHT, "r.csv", supersedes=old).issued[0].id
    node.services.withdraw(new)
    assert node.services.entry(old).live
    assert [row.id for row in node.services.issue(roster(1), "r.csv").already] == [old]
    assert node.services.anchor().reached
    assert node.services.store.statuses.of(old) == ()
    assert len(node.services.issue(RIGHT, "r.csv", supersedes=old).issued) == 1


def test_an_award_that_was_given_to_another_meanwhile_is_not_taken_back(node: Node) -> None:
    old = anchored(node.services, 1)[0]
    moved = roster(1).replace(b"00000000", b"99999999")
    new = node.services.issue(moved, "r.csv", supersedes=old).issued[0].id
    other = node.services.issue(RIGHT, "r.csv").issued[0].id
    with pytest.raises(ConflictError, match=f"{other}.*has the award"):
        node.services.withdraw(new)
    assert node.services.entry(new).state is EntryState.ACCEPTED


def test_a_revoked_one_may_be_corrected_and_is_not_revoked_twice(node: Node) -> None:
    old = anchored(node.services, 1)[0]
    node.services.revoke([old])
    node.services.anchor()
    node.services.issue(RIGHT, "r.csv", supersedes=old)
    node.services.seal()
    assert node.services.anchor().reached
    assert len(node.services.store.statuses.of(old)) == 1


def test_the_same_row_is_a_correction_only_where_its_template_changed(node: Node) -> None:
    old = anchored(node.services, 1)[0]
    same = node.services.issue(roster(1), "r.csv", supersedes=old)
    assert "nothing is to be corrected" in same.refused[0].reason
    node.services.add_templates({"ledgers": replace(TEMPLATES["ledgers"], title="Ledgers")})
    assert len(node.services.issue(roster(1), "r.csv", supersedes=old).issued) == 1


def test_what_cannot_be_a_correction_is_refused_and_changes_nothing(node: Node) -> None:
    services = node.services
    old, other, _ = anchored(services)
    with pytest.raises(InputError, match="exactly one row"):
        services.issue(roster(2), "r.csv", supersedes=old)
    with pytest.raises(InputError, match="no rows below them"):
        services.issue(roster(0), "r.csv", supersedes=old)
    with pytest.raises(InputError, match="no credential with this id"):
        services.issue(RIGHT, "r.csv", supersedes="urn:uuid:00000000-0000-4000-8000-000000000000")
    assert services.issue(RIGHT.replace(b"ledgers", b"x"), "r.csv", supersedes=old).refused[0].column
    clash = services.issue(RIGHT, "r.csv", supersedes=other)
    assert f"issued already with other content, as {old}" in clash.refused[0].reason
    taken_back = services.issue(roster(1, first=9), "r.csv").issued[0].id
    services.withdraw(taken_back)
    with pytest.raises(ConflictError, match="is withdrawn"):
        services.issue(RIGHT, "r.csv", supersedes=taken_back)
    assert services.issue(RIGHT, "r.csv", supersedes=old, dry_run=True).sample is not None
    assert services.store.entries.counts()[EntryState.ACCEPTED] == 0
    assert services.entry(old).live


def correct(services: Services, _: Path) -> None:
    """Everything from the first list to the end of a correction, every step safe to repeat."""
    services.add_templates(TEMPLATES)
    services.issue(roster(2), "r.csv")
    services.seal()
    services.anchor()
    old = next(entry for entry in services.store.entries.numbered(0, 2) if entry.learner == "00000000")
    services.issue(RIGHT, "r.csv", supersedes=old.id)
    services.seal()
    services.anchor()


class Dead(BaseException):
    pass


def stopped(directory: Path, chain: FakeChain, point: int) -> None:
    """The work up to the `point`-th place, where the process is no more; the chain goes on."""
    passed = 0

    def die(_: str) -> None:
        nonlocal passed
        passed += 1
        if passed == point + 1:
            raise Dead

    services = opened(directory, chain, die)
    with pytest.raises(Dead):
        correct(services, directory)
    services.close()


def test_stopped_at_any_durable_write_the_same_commands_finish_the_correction(tmp_path: Path) -> None:
    for point in points(tmp_path / "whole", correct):
        directory = tmp_path / str(point)
        chain = make_node(directory)
        stopped(directory, chain, point)
        with opened(directory, chain) as services:
            correct(services, directory)
            counts = services.store.entries.counts()
            assert (counts[EntryState.ACCEPTED], counts[EntryState.SEALED]) == (0, 3)
            assert services.status_map().revoked[0].bit_count() == 1
            report = services.fsck()
            assert (report.findings, report.unchecked) == ([], [])
