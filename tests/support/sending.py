"""A chain with a ledger, an issuer, and a sender whose outbox outlives it: what the tests of the sender share."""

from __future__ import annotations

from dataclasses import dataclass, field

from anchor.keys import Signer, signer_from_secret
from anchor.ledger import call_data, ledger_abi
from anchor.ledger_events import anchored_events
from anchor.ledger_intents import settled
from anchor.outbox import Intent, Patience, State
from anchor.pins import Pins, read_pins
from anchor.sender import Progress, Sender, SendPolicy
from rootseal.ethereum import keccak256
from tests.support.drivers import Driver
from tests.support.memory_outbox import MemoryOutbox

LEFT_OUT = "the faults of a real node's pool and reorganisations"
GWEI = 10**9
BLOCK_TIME = 12.0
PATIENCE = Patience(bump=36.0, doubt=12.0, gap=24.0)


@dataclass
class Scene:
    """A chain with a ledger and a registered issuer, and a sender with its outbox."""

    drive: Driver
    ledger: bytes
    signer: Signer
    pins: Pins
    outbox: MemoryOutbox
    now: float = 1_700_000_000.0
    policy: SendPolicy = field(default_factory=lambda: SendPolicy(patience=PATIENCE))
    sender: Sender | None = None

    def restart(self) -> None:
        """A new process: nothing but the outbox is left."""
        self.sender = Sender(self.drive.chain, self.outbox, self.signer, self.pins, settled, self.policy)

    def tick(self) -> Progress:
        if self.sender is None:
            self.restart()
        assert self.sender is not None
        progress = self.sender.tick(self.now)
        self.now += BLOCK_TIME
        return progress

    def plan(self, count: int = 2, first: int = 1) -> None:
        for number in range(first, first + count):
            data = call_data("anchor", 1, number, 100 * number, bytes([number]) * 32)
            self.outbox.add(Intent(f"anchor/{number}", self.signer.address, self.ledger, data))

    def settle(self, rounds: int = 40) -> list[str]:
        """Tick and mine until all is final; returns every note."""
        notes: list[str] = []
        for _ in range(rounds):
            progress = self.tick()
            notes += progress.notes
            if progress.idle:
                return notes
            self.drive.mine()
        raise AssertionError(f"not final after {rounds} rounds: {self.states()} {notes}")

    def states(self) -> list[str]:
        return [intent.state.value for intent in self.outbox.unfinished(self.signer.address)]

    def intent(self, number: int = 1) -> Intent:
        found = self.outbox.get(f"anchor/{number}")
        assert found is not None
        return found

    def anchored(self) -> list[int]:
        """Sequence numbers on chain: the events, not our own records."""
        head = self.drive.chain.block("latest")
        assert head is not None
        return [event.sequence for event in anchored_events(self.drive.chain, self.ledger, 1, 0, head.number)]


def prepared(drive: Driver) -> Scene:
    """Deployed, registered and with a key, all through the outbox itself."""
    chain, signer = drive.chain, signer_from_secret(keccak256(b"node"))
    funder = chain.accounts()[0]
    transaction = chain.send_unlocked(funder, None, ledger_abi().bytecode, 0, 8_000_000)
    drive.mine()
    receipt = chain.receipt(transaction)
    assert receipt is not None
    assert receipt.contract is not None
    drive.set_balance(signer.address, 10**19)
    scene = Scene(drive, receipt.contract, signer, read_pins(chain, receipt.contract), MemoryOutbox())
    for name, data in (
        ("register", call_data("register", "University", "", b"\x07" * 32)),
        ("key", call_data("addKey", 1, signer.address, 3)),
    ):
        scene.outbox.add(Intent(name, signer.address, scene.ledger, data))
    scene.settle()
    return scene


def finished(scene: Scene, count: int = 2) -> None:
    """Each anchor once, in order, and final in our records too."""
    assert scene.states() == []
    assert scene.anchored() == list(range(1, count + 1))
    assert [scene.intent(n).state for n in range(1, count + 1)] == [State.FINAL] * count
