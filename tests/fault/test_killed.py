"""The process is gone (os._exit, as by kill -9) at every durable write and every request; another one finishes.

A forked child does a day's work against the same chain and dies at its n-th moment: before or after a
COMMIT, before a request is sent or after it was answered. The default run dies before every COMMIT, around
every broadcast and at an even sample of the other requests; ROOTSEAL_FAULT_FULL=1 takes every moment.
"""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.web3_chain import open_chain
from node.config import read_config
from node.services import Services
from node.store import STORE_NAME, Store
from rootseal.instants import format_date
from tests.fault.scene import Scene, scene, share
from tests.support.devchain import rpc
from tests.unit.node.nodes import TEMPLATES, Clock, roster

FULL = os.environ.get("ROOTSEAL_FAULT_FULL") == "1"
SAMPLED = 8  # of the requests that broadcast nothing
KILLED = 137

Moment = Callable[[str], None]


class Watched:
    """Passes every request on and tells of it before and after."""

    def __init__(self, inner: object, moment: Moment) -> None:
        self._inner, self._moment = inner, moment

    def __getattr__(self, name: str) -> object:
        call = getattr(self._inner, name)

        def watched(*arguments: object, **more: object) -> object:
            self._moment(f"before {name}")
            answer = call(*arguments, **more)
            self._moment(f"after {name}")
            return answer

        return watched


def a_day(services: Services) -> None:
    """Two batches anchored and a suspension; each step is safe to repeat, and is repeated."""
    services.add_templates(TEMPLATES)
    date = format_date(services.now - 86_400)[:8] + "01"
    for first, count in ((0, 3), (3, 2)):
        outcome = services.issue(roster(count, first=first, date=date), "r.csv")
        assert len(outcome.issued) + len(outcome.already) == count, outcome.refused
        services.seal()
        assert services.anchor(timeout=3600).reached
        services.suspend([services.store.entries.sealed(0, 1)[0].id])


def the_node(world: Scene, directory: Path, moment: Moment) -> Services:
    """As `Services.open`, with every durable write and request told to `moment`."""
    clock = Clock(world.clock.now, lambda: rpc(world.proxy.url, "evm_mine"))
    store = Store.open(directory / STORE_NAME, lambda name: moment(f"store {name}"))
    watched: object = Watched(open_chain(world.proxy.url), moment)
    return Services(directory, read_config(directory), store, chain=watched, clock=clock, sleep=clock.sleep)  # type: ignore[arg-type]


def dies(world: Scene, directory: Path, at: int) -> int:
    """The exit code of a child that works until its moment number `at`."""
    child = os.fork()
    if child == 0:
        try:
            count = 0

            def moment(_: str) -> None:
                nonlocal count
                if count == at:
                    os._exit(KILLED)
                count += 1

            a_day(the_node(world, directory, moment))
        except BaseException:
            traceback.print_exc(file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def chosen(moments: list[str]) -> list[int]:
    """Which of the moments of a whole day are tried."""
    real = [place for place, name in enumerate(moments) if name != "store begin"]
    if FULL:
        return share(real)
    # What lies after one COMMIT is what lies before the next, wherever nothing is sent in between.
    must = [place for place in real if moments[place] == "store commit" or moments[place].endswith("send_raw")]
    rest = [place for place in real if place not in set(must)]
    return sorted(must + rest[:: max(len(rest) // SAMPLED, 1)])


@pytest.mark.fault("process killed", "os._exit before each COMMIT, around each broadcast, at other requests")
def test_killed_at_every_durable_write_and_every_request(tmp_path: Path, record_property: Callable[..., None]) -> None:
    with scene(tmp_path, "the process killed at every write and request", epoch=1) as world:
        world.services.close()
        template = tmp_path / "template"
        shutil.copytree(world.directory, template)
        moments: list[str] = []
        points: list[int] | None = None
        place = -1
        while points is None or place < len(points):
            snapshot = world.proxy.direct("evm_snapshot")
            directory = tmp_path / str(place)
            shutil.copytree(template, directory)
            if points is not None:
                assert dies(world, directory, points[place]) == KILLED, moments[points[place]]
            finish(world, directory, moments if points is None else [])
            points = points or chosen(moments)
            world.proxy.direct("evm_revert", snapshot)
            world.proxy.rules.forget()
            shutil.rmtree(directory)
            place += 1
        record_property("rounds", len(points))
        assert len(points) > 30 or "ROOTSEAL_FAULT_PART" in os.environ


def finish(world: Scene, directory: Path, moments: list[str]) -> None:
    """A new process does the same day: nothing is lost, nothing is there twice."""
    with the_node(world, directory, moments.append) as services:
        a_day(services)
        day = len(moments)
        assert services.anchor(timeout=3600).reached
        assert services.status_map().suspended == (1,)
        ids = [services.store.entries.sealed(index, index + 1)[0].id for index in range(5)]
        assert len(set(ids)) == 5
    del moments[day:]  # what looking took is no moment of the day
    judged = Scene(directory, world.proxy, Clock(world.clock.now), issued=5)
    judged.survived(2)
    for number in (1, 2):
        # Sent again, or outbid where it had waited too long; never signed at another nonce.
        assert len({attempt.nonce for attempt in judged.attempts(number)}) == 1
    judged.services.close()
