"""`fsck` over the audit log: rows that were added, removed or changed without a line of it are found."""

from __future__ import annotations

import contextlib
import sqlite3
import threading

import pytest

from node.approving import Approving
from node.cli.reporting import _fsck_lines
from node.copying import add_copies, withdraw_waiting
from node.erasing import erase_entry
from node.services import Services
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


def corrected(services: Services, learner: int, entry_id: str) -> str:
    row = roster(1, first=learner).replace(b"Ana", b"Eva")
    return services.issue(row, "corrected.csv", supersedes=entry_id).issued[0].id


def rejected(services: Services) -> str:
    entry_id = services.issue(roster(1, first=30), "rejected.csv").issued[0].id
    submission = services.store.submissions.of(entry_id)
    assert submission is not None
    Approving(services.store, services._clock).reject(submission.id, None, "no")
    return entry_id


@pytest.fixture
def ids(node: Node) -> dict[str, str]:
    """Everything that accepts, takes back and erases, each once: an id by what became of it."""
    services, store = node.services, node.services.store
    first = [row.id for row in services.issue(roster(6), "r.csv").issued]
    copied = [row.id for row in services.issue(roster(2, first=10), "c.csv", copies=3).issued]
    services.withdraw(first[0])
    services.withdraw(copied[0])
    corrected(services, 1, first[1])  # which withdraws the old one
    services.seal()
    assert services.anchor().reached
    corrected(services, 2, first[2])  # which supersedes it
    withdraw_waiting(store, copied[1], services.now)
    add_copies(store, services.home, services.profile, first[3], 2, (), services.now)
    services.revoke([first[3]])  # which withdraws the copies that wait
    return {
        "withdrawn": first[0],
        "replaced": first[1],
        "superseded": first[2],
        "revoked": first[3],
        "sealed": first[4],
        "accepted": services.issue(roster(1, first=20), "a.csv").issued[0].id,
        "rejected": rejected(services),
        "copied": copied[1],
    }


def damaged(node: Node, *statements: str) -> list[tuple[str, str]]:
    """What fsck finds once somebody who may write the file has run this; nobody keeps keys for him."""
    node.services.close()
    with contextlib.closing(sqlite3.connect(node.services.store.path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    return [(finding.code, finding.sentence) for finding in node.reopened().fsck(offline=True).findings]


def test_whatever_the_program_did_agrees_with_its_lines(node: Node, ids: dict[str, str]) -> None:
    assert node.services.fsck(offline=True).findings == []
    for name in ("withdrawn", "replaced", "superseded", "sealed", "rejected", "copied"):
        erase_entry(node.services.store, ids[name], node.services.now)
    assert node.services.fsck(offline=True).findings == []
    assert node.services.fsck(offline=True).erased == 8, "six, and two copies"


def test_a_row_that_is_gone_is_found(node: Node, ids: dict[str, str]) -> None:
    (finding,) = damaged(node, f"DELETE FROM entries WHERE id = '{ids['accepted']}'")
    assert finding == ("acts.entries", "the audit log says that 18 entries were accepted, and the store has 17")


def test_a_row_without_a_line_is_found(node: Node, ids: dict[str, str]) -> None:
    columns = "template, document, holder, credits, credit_id, state, micro_credential, awarded_on, live, row_digest"
    others = "email, line, accepted_at"
    statement = (
        f"INSERT INTO entries (id, commitment, seed, learner, {columns}, {others})"
        f" SELECT 'urn:uuid:x', randomblob(32), randomblob(32), 'x', {columns}, {others}"
        f" FROM entries WHERE id = '{ids['accepted']}'"
    )
    assert "acts.entries" in {code for code, _ in damaged(node, statement)}


@pytest.mark.parametrize(
    ("name", "state", "problem"),
    [
        ("accepted", "withdrawn", "is withdrawn, which no line of the audit log says"),
        ("withdrawn", "accepted", "is accepted, although a line of the audit log says that it was withdrawn"),
        ("rejected", "accepted", "is accepted, although the audit log says that it was rejected"),
    ],
)
def test_a_state_that_was_changed_without_a_line_is_found(
    node: Node, ids: dict[str, str], name: str, state: str, problem: str
) -> None:
    (finding,) = damaged(node, f"UPDATE entries SET state = '{state}' WHERE id = '{ids[name]}'")
    assert finding == ("acts.withdrawn", f"{ids[name]}: {problem}")


def test_an_erasure_without_a_line_is_found_and_a_line_without_an_erasure(node: Node, ids: dict[str, str]) -> None:
    erase_entry(node.services.store, ids["sealed"], node.services.now)
    undone = f"DELETE FROM erasures WHERE entry = '{ids['sealed']}'"
    hidden = f"INSERT INTO erasures VALUES ('{ids['superseded']}', 5)"
    told = damaged(node, undone, hidden)
    assert ("acts.erased", f"{ids['sealed']}: is whole, although a line says otherwise") in told
    assert ("acts.erased", f"{ids['superseded']}: is erased, which no line of the audit log says") in told


def test_lines_of_after_the_last_seal_are_counted_and_said(node: Node) -> None:
    node.services.issue(roster(2), "r.csv")
    assert node.services.fsck(offline=True).acts_since_seal == len(node.services.store.acts.all())
    node.services.seal()
    assert node.services.fsck(offline=True).acts_since_seal == 0
    assert not any("audit log" in line for line in _fsck_lines(node.services.fsck(offline=True)))
    node.services.issue(roster(2, first=5), "r.csv")
    report = node.services.fsck(offline=True)
    sentence = (
        "The last line of the audit log is under no seal yet: until the next one nothing else shows that it is "
        "unchanged."
    )
    assert (report.acts_since_seal, sentence in _fsck_lines(report)) == (1, True)


def test_what_is_issued_while_fsck_reads_is_no_finding(
    node: Node, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, read = node.services, node.services.store.recovered.all

    def issuing() -> dict[str, int]:
        issue = threading.Thread(target=services.issue, args=(roster(1, first=next(numbers)), "more.csv"))
        issue.start()
        issue.join()
        return read()

    numbers, before = iter(range(90, 99)), len(services.store.acts.all())
    monkeypatch.setattr(services.store.recovered, "all", issuing)
    assert services.fsck(offline=True).findings == []
    assert len(services.store.acts.all()) > before
