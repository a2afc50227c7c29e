"""Awards that are taken in over HTTP and not made yet, those that are refused then, and a process that dies meanwhile.

What a newer version would refuse is here a kept award with a grade, where its micro-credential has none.
"""

from __future__ import annotations

import sqlite3

from node.services import Services
from node.store import STORE_NAME
from node.store.database import Fault
from tests.support.api_caller import Caller
from tests.unit.node.conftest import Node

__all__ = ["REASON", "Killed", "aside", "dying", "findings", "restarted", "spoil", "standing", "take_in"]

REASON = "grade: this micro-credential has no grade; leave it empty"
"""Why a spoilt one is refused."""


def take_in(petra: Caller, count: int, first: int = 0) -> list[str]:
    """The ids of so many awards that were acknowledged."""
    answers = [petra.issue(f"take-{first + i}", learner_id=f"07{first + i}") for i in range(count)]
    assert [answer.status_code for answer in answers] == [201] * count
    return [(answer.json or {})["id"] for answer in answers]


def standing(node: Node) -> tuple[int, int]:
    """How many wait in the intake, and how many are entries."""
    store = node.services.store
    taken_in = store.accepts.waiting()
    return taken_in, sum(store.entries.counts().values()) - taken_in - store.set_aside.count()


def spoil(node: Node, entry_id: str, grade: str | None = "70") -> None:
    """Give the kept award a grade, or (None) take it away, wherever it is kept."""
    with sqlite3.connect(node.directory / STORE_NAME) as connection:
        for table in ("intake", "set_aside"):
            connection.execute(
                f"UPDATE {table} SET award = json_replace(award, '$[4]', ?) WHERE entry = ?", (grade, entry_id)
            )
    connection.close()


def aside(node: Node) -> list[tuple[str, str]]:
    """Id and reason of each that is set aside."""
    return [(row.taken.entry, row.reason) for row in node.services.store.set_aside.all()]


def restarted(node: Node) -> Services:
    """As a new process opens it: without the test's own templates."""
    node.services.close()
    node.services = Services.open(node.directory, chain=node.chain, clock=node.clock, sleep=node.clock.sleep)
    return node.services


def findings(node: Node) -> list[str]:
    """Codes of what fsck finds without the chain."""
    return [finding.code for finding in node.services.fsck(offline=True).findings]


class Killed(BaseException):
    """The process ended here."""


def dying(at: str, after: int) -> Fault:
    """A fault that kills at the point `at` of a write (`begin`, `commit`, `committed`), `after` so many of them."""
    seen: list[str] = []

    def fault(point: str) -> None:
        seen.append(point)
        if point == at and seen.count(at) > after:
            raise Killed

    return fault
