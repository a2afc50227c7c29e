"""One node over a flawed chain: driven round by round, and judged at the end by fsck, audit and the ledger's events."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from anchor.audit.auditing import AuditRequest, audit
from anchor.audit.sources import open_source
from anchor.chain import Chain
from anchor.deploying import wait_for_receipt
from anchor.ledger_events import anchored_events
from anchor.outbox import Attempt
from anchor.web3_chain import Web3Chain, open_chain
from node.config import read_config, write_config
from node.publishing import LogPublisher
from node.services import Services
from node.store import EntryState
from rootseal.errors import RootsealError
from rootseal.instants import format_date
from tests.support.drivers import anvil
from tests.support.faulty_proxy import FaultyProxy
from tests.support.geth_rules import Client
from tests.support.quick_keys import quick_log_key
from tests.unit.node.nodes import PASSPHRASE, TEMPLATES, Clock, make_registered, roster

BLOCK_TIME = 12
PROMISE = 90 * 86_400


def share(points: list[int]) -> list[int]:
    """All of them, or with ROOTSEAL_FAULT_PART=1/8 every eighth from the first: a full run in parts."""
    part, _, parts = os.environ.get("ROOTSEAL_FAULT_PART", "").partition("/")
    return points[int(part) - 1 :: int(parts)] if parts else points


class Prompt(Web3Chain):
    """Anvil answers before it has mined; here a transaction that was sent has its receipt."""

    def send_unlocked(self, sender: bytes, to: bytes | None, data: bytes, value: int, gas: int) -> bytes:
        transaction = super().send_unlocked(sender, to, data, value, gas)
        wait_for_receipt(self, transaction, timeout=20)
        return transaction


@dataclass
class Scene:
    """A registered node in `directory`, its clock, and the proxy between it and Anvil."""

    directory: Path
    proxy: FaultyProxy
    clock: Clock = field(default_factory=lambda: Clock(float(int(time.time()))))
    issued: int = 0
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock.on_sleep = self.mine
        self.services = self.open()

    # --- driving ---------------------------------------------------------------------------------

    def open(self) -> Services:
        """The node as a new process finds it."""
        services = Services.open(self.directory, clock=self.clock, sleep=self.clock.sleep)
        services.add_templates(TEMPLATES)
        return services

    def restart(self) -> None:
        """Nothing but the directory is left."""
        self.services.close()
        self.services = self.open()

    def issue(self, count: int = 3) -> None:
        """`count` more credentials, accepted."""
        date = format_date(int(self.clock.now) - 86_400)
        outcome = self.services.issue(roster(count, first=self.issued, date=date), "r.csv")
        assert len(outcome.issued) == count, outcome.refused
        self.issued += count

    def sealed(self, count: int = 3) -> None:
        """`count` more credentials, sealed."""
        self.issue(count)
        assert self.services.seal() is not None

    def tick(self) -> None:
        """One round of the node. What a round may fail with is kept, as `node run` does; then it is 12 s later."""
        try:
            outcome = self.services.tick()
        except RootsealError as error:
            self.errors.append(f"{type(error).__name__}: {error}")
        else:
            self.notes += outcome.progress.notes
            if outcome.progress.blocked is not None:
                self.notes.append(outcome.progress.blocked)
        self.clock.now += BLOCK_TIME

    def mine(self, count: int = 1) -> None:
        """Blocks at the clock's time."""
        for _ in range(count):
            self.proxy.mine(int(self.clock.now))

    def rounds(self, count: int) -> None:
        """As often: a tick, and a block."""
        for _ in range(count):
            self.tick()
            self.mine()

    def settle(self, rounds: int = 80) -> None:
        """Until everything that was issued is final, in the store too."""
        for _ in range(rounds):
            if self.settled:
                return
            self.rounds(1)
        raise AssertionError(f"not final after {rounds} rounds: {self.errors[-5:]} {self.notes[-10:]}")

    @property
    def settled(self) -> bool:
        """True iff nothing waits anywhere."""
        store, anchor = self.services.store, self.services.store.log.newest_anchor()
        waiting = store.outbox.unfinished(self.services.connection.signer.address)
        return not waiting and anchor is not None and anchor.size == self.issued

    # --- looking ---------------------------------------------------------------------------------

    @property
    def chain(self) -> Chain:
        """Past the proxy."""
        return open_chain(self.proxy.target)

    def attempts(self, number: int = 1) -> tuple[Attempt, ...]:
        """What was signed for an anchor."""
        return self.services.store.outbox.attempts(f"anchor/{number}")

    def states(self) -> dict[str, int]:
        """Unfinished intents by state."""
        return {state: count for state, count in self.services.store.outbox.counts().items() if count}

    def anchored(self) -> list[tuple[int, int]]:
        """(sequence, size) of each anchor event on the canonical chain, whatever our own records say."""
        head = self.chain.block("latest")
        assert head is not None
        home = self.services.home
        events = anchored_events(self.chain, home.ledger, home.issuer, 0, head.number)
        return [(event.sequence, event.size) for event in events]

    def survived(self, anchors: int | None = None) -> None:
        """Everything issued is final; each sequence is there once; fsck and audit are clean."""
        self.settle()
        found = self.anchored()
        assert [sequence for sequence, _ in found] == list(range(1, len(found) + 1))
        assert found[-1][1] == self.issued
        assert anchors is None or len(found) == anchors, found
        self._check_store()
        self._check_audit()

    def _check_store(self) -> None:
        store = self.services.store
        counts = store.entries.counts()
        assert (counts[EntryState.ACCEPTED], counts[EntryState.SEALED]) == (0, self.issued)
        for commitment in self.services.entries(0, self.issued):
            proof = self.services.proof(commitment)
            assert proof is not None
            assert proof.proofs is not None
            assert proof.proofs.anchors
        report = self.services.fsck()
        assert (report.findings, report.unchecked) == ([], [])

    def _check_audit(self) -> None:
        out = self.directory / "published"
        shutil.rmtree(out, ignore_errors=True)
        LogPublisher(self.services).write(out)
        request = AuditRequest(self.chain, self.services.home.ledger, (open_source(str(out)),))
        report = audit(request, lambda sentence: None)
        assert (report.verdict, report.findings, report.unchecked) == ("clean", (), ())


@contextmanager
def scene(folder: Path, left_out: str, client: Client = "geth", seed: int = 0, epoch: int = 2) -> Iterator[Scene]:
    """A fresh Anvil with a ledger and a registered issuer, the proxy, and the node. Finality is 2 × `epoch` blocks."""
    with anvil(left_out, "--slots-in-an-epoch", str(epoch)) as url, FaultyProxy(url, client, seed) as proxy:
        directory = folder / "node"
        directory.mkdir()
        quick_log_key(directory / "log-key.json", PASSPHRASE)
        make_registered(directory, Prompt(url))
        settings = replace(
            read_config(directory),
            chain_urls=(proxy.url,),
            grace_seconds=0,
            anchor_interval_seconds=0,
            promise_seconds=PROMISE,
        )
        write_config(directory, settings)
        proxy.direct("evm_setAutomine", False)
        made = Scene(directory, proxy)
        made.mine(6)
        try:
            yield made
        finally:
            made.services.close()
