"""The lease of a store: one holder at a time, ended by itself, and independent of a clock that jumps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.health import Health
from node.leasing import LEASE_SECONDS, Lease, LeaseHeld
from node.runner import Worker
from node.store import STORE_NAME, Store
from tests.unit.node.nodes import Clock, make_node, open_node, roster


@dataclass
class Times:
    """A wall clock and a steady one."""

    wall: float = 1_800_000_000.0
    steady: float = 50.0

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.create(tmp_path / STORE_NAME)
    yield made
    made.close()


def lease(store: Store, times: Times, what: str = "run", ended: str | None = None) -> Lease:
    over = frozenset() if ended is None else frozenset({ended})
    return Lease(store, what, over, lambda: times.wall, lambda: times.steady)


def test_one_holder_at_a_time_and_the_other_is_told_who(store: Store) -> None:
    times = Times()
    first, second = lease(store, times, "node run"), lease(store, times, "node anchor")
    assert first.take() is None
    holder = second.take()
    assert holder is not None
    assert "(node run)" in str(holder)
    with pytest.raises(LeaseHeld, match="let it do so") as found, second.kept():
        pass
    assert found.value.exit_code == 3


def test_it_is_renewed_and_given_back(store: Store) -> None:
    times = Times()
    first, second = lease(store, times), lease(store, times)
    assert first.take() is None
    times.pass_(LEASE_SECONDS - 1)
    assert first.take() is None
    times.pass_(LEASE_SECONDS - 1)
    assert second.take() is not None
    second.give_back()
    assert second.take() is not None
    first.give_back()
    assert second.take() is None


def test_a_holder_that_was_killed_loses_it_in_the_stated_time(store: Store) -> None:
    times = Times()
    first, second = lease(store, times), lease(store, times)
    assert first.take() is None
    times.pass_(LEASE_SECONDS)
    assert second.take() is None
    assert first.take() is not None


def test_a_clock_set_back_does_not_keep_a_dead_holder_alive(store: Store) -> None:
    times = Times()
    first, second = lease(store, times), lease(store, times)
    assert first.take() is None
    times.wall -= 86_400
    assert second.take() is not None
    times.pass_(LEASE_SECONDS)
    assert second.take() is None


def test_who_knows_that_the_holder_has_ended_goes_on_at_once(store: Store) -> None:
    times = Times()
    assert lease(store, times, "node run").take() is None
    assert lease(store, times, "node anchor", ended="node anchor").take() is not None
    assert lease(store, times, "node run", ended="node run").take() is None


def test_it_ends_with_the_block(store: Store) -> None:
    times = Times()
    with lease(store, times).kept():
        assert lease(store, times).take() is not None
    assert lease(store, times).take() is None


def test_a_worker_without_the_lease_sends_nothing_and_says_so(tmp_path: Path) -> None:
    chain, times = make_node(tmp_path / "node"), Times()
    with open_node(tmp_path / "node", chain, Clock(times.wall)) as services:
        services.issue(roster(3), "r.csv")
        assert services.seal() is not None
        other = lease(services.store, times, "node anchor")
        assert other.take() is None
        health = Health(working=True)
        worker = Worker(services, health, clock=lambda: times.wall, lease=lease(services.store, times))
        worker.round()
        assert (health.pulse.problem, chain.sent) == ("LeaseHeld", [])
        other.give_back()
        worker.round()
        assert (health.pulse.problem, len(chain.sent)) == (None, 1)
