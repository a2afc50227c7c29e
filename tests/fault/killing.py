"""Lets a process die (os._exit, as by kill -9) at each durable write and each request of its work; another finishes.

A forked child works on a copy of a node's directory, against the same chains, and dies at its n-th moment: before
or after a COMMIT, before a request is sent or after it was answered. An ordinary run dies before every COMMIT,
around every broadcast and at an even sample of the other requests; ROOTSEAL_FAULT_FULL=1 takes every moment.
"""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from anchor.chain import Chain
from anchor.web3_chain import open_chain
from node.config import read_config
from node.services import Services
from node.store import STORE_NAME, Store
from tests.fault.scene import Scene, share
from tests.support.devchain import rpc
from tests.support.faulty_proxy import FaultyProxy
from tests.unit.node.nodes import Clock

__all__ = ["IN_PART", "Killing", "Moment", "Work", "watched"]

FULL = os.environ.get("ROOTSEAL_FAULT_FULL") == "1"
IN_PART = "ROOTSEAL_FAULT_PART" in os.environ
KILLED = 137

Moment = Callable[[str], None]
Work = Callable[[Services, Moment], None]
"""What is killed: on services whose store and home chain tell of every moment, and with the way to tell of more."""


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


def watched(url: str, moment: Moment) -> Chain:
    """The chain behind `url`, each request told to `moment`."""
    return Watched(open_chain(url), moment)  # type: ignore[return-value]


@dataclass(frozen=True)
class Killing:
    """`work` on copies of the node in `template`, safe to repeat; `judge` looks at the directory once it is done.

    `folder` is for the copies; `others` are the chains beside the world's that are set back between two rounds, too;
    `sampled` of the requests that broadcast nothing are tried in an ordinary run.
    """

    world: Scene
    template: Path
    folder: Path
    work: Work
    judge: Callable[[Path], None]
    others: Sequence[FaultyProxy] = ()
    sampled: int = 8

    def rounds(self) -> int:
        """Work once in peace, then die at each of the moments seen; how many were tried."""
        moments: list[str] = []
        self._round("whole", None, moments)
        points = _chosen(moments, self.sampled)
        for point in points:
            self._round(str(point), point, moments)
        return len(points)

    def _round(self, name: str, point: int | None, moments: list[str]) -> None:
        chains = (self.world.proxy, *self.others)
        snapshots = [proxy.direct("evm_snapshot") for proxy in chains]
        directory = self.folder / f"killed-{name}"
        shutil.copytree(self.template, directory)
        if point is not None:
            assert self._dies(directory, point) == KILLED, moments[point]
        # Another process does the same work: nothing is lost, nothing is there twice.
        with self._node(directory, moments.append if point is None else _nothing) as services:
            self.work(services, moments.append if point is None else _nothing)
        self.judge(directory)
        for proxy, snapshot in zip(chains, snapshots, strict=True):
            proxy.direct("evm_revert", snapshot)
            proxy.rules.forget()
        shutil.rmtree(directory)

    def _node(self, directory: Path, moment: Moment) -> Services:
        """As `Services.open`, with every durable write and request told to `moment`."""
        urls = [proxy.url for proxy in (self.world.proxy, *self.others)]

        def mine() -> None:
            for url in urls:
                rpc(url, "evm_mine")

        clock = Clock(self.world.clock.now, mine)
        store = Store.open(directory / STORE_NAME, lambda name: moment(f"store {name}"))
        chain = watched(self.world.proxy.url, moment)
        return Services(directory, read_config(directory), store, chain=chain, clock=clock, sleep=clock.sleep)

    def _dies(self, directory: Path, at: int) -> int:
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

                self.work(self._node(directory, moment), moment)
            except BaseException:
                traceback.print_exc(file=sys.stderr)
                os._exit(1)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _chosen(moments: list[str], sampled: int) -> list[int]:
    """Which of the moments of the whole work are tried."""
    real = [place for place, name in enumerate(moments) if name != "store begin"]
    if FULL:
        return share(real)
    # What lies after one COMMIT is what lies before the next, wherever nothing is sent in between.
    must = [place for place in real if moments[place] == "store commit" or moments[place].endswith("send_raw")]
    rest = [place for place in real if place not in set(must)]
    return sorted(must + rest[:: max(len(rest) // sampled, 1)])


def _nothing(_: str) -> None:
    """Nobody listens."""
