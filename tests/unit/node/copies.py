"""Lists whose rows name addresses, and awards with copies, for tests."""

from __future__ import annotations

from hashlib import sha256

from node.services import Services
from node.store import Entry
from tests.unit.node.nodes import HEADER

__all__ = ["address", "anchor_all", "award", "awarded", "bound_roster"]


def address(learner: int, copy: int) -> bytes:
    """The address that a learner's wallet made for one copy."""
    return sha256(f"address {learner} {copy}".encode()).digest()[:20]


def bound_roster(count: int, copies: int, *, first: int = 0, template: str = "ledgers", name: str = "Kovač") -> bytes:
    """A CSV list of `count` learners with an address for each copy."""
    rows = []
    for n in range(first, first + count):
        holders = " ".join(f"0x{address(n, copy).hex()}" for copy in range(1, copies + 1))
        rows.append(f"{n:08},Ana {n},{name},l{n}@example.edu,{template},2026-10-01,,{holders}\n")
    return (HEADER + "".join(rows)).encode()


def awarded(services: Services, copies: int, count: int = 1) -> list[str]:
    """Ids of the first copies of `count` awards that were accepted just now, with an address for every copy."""
    return [row.id for row in services.issue(bound_roster(count, copies), "r.csv", copies=copies).issued]


def award(services: Services, entry_id: str) -> list[Entry]:
    """All copies of a credential, the first one first."""
    return services.store.entries.award(services.entry(entry_id))


def anchor_all(services: Services) -> int:
    """Seal and anchor until nothing may be sealed any more; how many seals that took."""
    assert services.anchor().reached
    anchors = 0
    while services.seal() is not None:
        assert services.anchor().reached
        anchors += 1
    return anchors
