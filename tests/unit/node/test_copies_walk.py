"""A registrar's weeks by chance: whatever is done, in whatever order, copies stay one award and share no batch."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from node.copying import add_copies, withdraw_waiting
from node.delivery.ledger import delivery_ledger
from node.erasing import erase_entry
from node.reissuing import Desk, reissue
from node.services import Services
from node.store import Entry, EntryState
from rootseal.errors import ConflictError, InputError
from rootseal.ethereum import ZERO_ADDRESS
from tests.unit.node.conftest import Node
from tests.unit.node.copies import address, anchor_all, award, bound_roster

STEPS = 80


class Walk:
    """One walk; every step is allowed to be refused."""

    def __init__(self, services: Services, seed: int) -> None:
        self.services = services
        self.chance = random.Random(seed)
        self.learners = 0
        self.addresses = iter(range(1000, 100_000))

    def fresh(self, count: int) -> list[bytes]:
        return [address(next(self.addresses), 0) for _ in range(count)]

    def someone(self) -> Entry:
        """Any copy of anything."""
        return self.chance.choice(self.services.store.entries.numbered(0, 10_000))

    def step(self) -> None:
        acts: list[Callable[[], object]] = [
            *[self.seal] * 4, *[self.anchor] * 4, *[self.act] * 5, self.issue, self.issue, self.correct, self.anew,
            self.add, self.add, self.withdraw, self.take_back, self.erase,
        ]  # fmt: skip
        with suppress(ConflictError, InputError, IndexError):
            self.chance.choice(acts)()

    def issue(self) -> None:
        copies = self.chance.choice((1, 1, 2, 3, 4))
        count = self.chance.choice((1, 2))
        self.services.issue(bound_roster(count, copies, first=self.learners), "r.csv", copies=copies)
        self.learners += count

    def seal(self) -> None:
        self.services.seal()

    def anchor(self) -> None:
        self.services.anchor(self.chance.choice(("sent", "final", "final")))

    def act(self) -> None:
        which = self.chance.choice((self.services.revoke, self.services.suspend, self.services.reinstate))
        which([self.someone().id])

    def correct(self) -> None:
        old, copies = self.someone(), self.chance.choice((1, 2, 3))
        learner = int(old.learner) if old.learner.isdigit() else 0
        name = f"Name {self.chance.randrange(10**6)}"
        data = bound_roster(1, copies, first=learner, name=name)
        self.services.issue(data, "r.csv", supersedes=old.id, copies=copies)

    def anew(self) -> None:
        s, to = self.services, self.fresh(self.chance.choice((1, 2)))
        reissue(s.store, s.home, s.profile, self.someone().id, to, Desk("A", "passport"), s.now)

    def add(self) -> None:
        s, to = self.services, self.fresh(self.chance.choice((1, 2)))
        add_copies(s.store, s.home, s.profile, self.someone().id, len(to), to, s.now)

    def withdraw(self) -> None:
        self.services.withdraw(self.someone().id)

    def take_back(self) -> None:
        withdraw_waiting(self.services.store, self.someone().id, self.services.now)

    def erase(self) -> None:
        if self.chance.random() < 0.3:
            erase_entry(self.services.store, self.someone().id, self.services.now)


def check(services: Services) -> None:
    """What must hold when nothing is under way any more."""
    report = services.fsck()
    assert (report.findings, report.unchecked) == ([], [])
    assert delivery_ledger(services.store, services.now).adds_up
    assert services.store.copies.due() == services.store.superseding.due() == ()
    shown = services.status_map()
    entries = services.store.entries.numbered(0, 10_000)
    erased = services.store.erasures.all()
    for first in (entry for entry in entries if entry.copy_of is None):
        members = award(services, first.id)
        there = [copy for copy in members if copy.index is not None]
        bits = {
            tuple(words[copy.index // 256] >> copy.index % 256 & 1 for words in (shown.revoked, shown.suspended))
            for copy in there
            if copy.index is not None
        }
        assert len(bits) <= 1, first.id
        assert (bits == {(1, 0)} or bits == {(1, 1)}) or not there or first.live or first.id in erased, first.id
        # Nothing waits for ever: what is not in the log was taken back.
        assert {copy.state for copy in members} <= {EntryState.SEALED, EntryState.WITHDRAWN}
        anchors = [services.store.log.introducing(copy.index) for copy in there if copy.index is not None]
        numbers = [anchor.sequence for anchor in anchors if anchor is not None]
        assert numbers == sorted(set(numbers))
        assert len(numbers) == len(there)
    holders = [entry.subject.holder for entry in entries if entry.id not in erased and entry.live]
    bound = [holder for holder in holders if holder != ZERO_ADDRESS]
    assert len(set(bound)) == len(bound)
    assert len({entry.seed for entry in entries}) == len({entry.commitment for entry in entries}) == len(entries)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_copies_stay_one_award(node: Node, seed: int) -> None:
    walk = Walk(node.services, seed)
    walk.issue()
    for _ in range(STEPS):
        walk.step()
        assert delivery_ledger(node.services.store, node.services.now).adds_up
    anchor_all(node.services)
    check(node.services)
