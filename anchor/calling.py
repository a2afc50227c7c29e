"""Calls of the ledger by one key, one after another, each followed until it is final.

For what is rare and done by a person: keys, documents, accreditations, succession. Each call is first
looked for on chain, then rehearsed, then queued in the outbox and sent by `anchor.sender`, so that the
same command again finishes what a crash interrupted and does nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from anchor.chain import Chain, Reverted
from anchor.fees import first_fees
from anchor.finality import final_block
from anchor.ledger_abi import load_contract
from anchor.ledger_errors import explained
from anchor.ledger_intents import settled
from anchor.outbox import Intent, Outbox, State
from anchor.pins import Pins
from anchor.sender import Sender, SendPolicy, TransactionSigner
from rootseal.errors import AnchoringError
from rootseal.ethereum import keccak256

__all__ = ["Caller", "Cost", "LedgerCall", "await_final", "call_name", "is_done", "rehearse"]

_PAUSE: Final = 0.2
_EMPTY_BLOCKS: Final = 8
_PREFIX: Final = "call/"


@dataclass(frozen=True, slots=True)
class LedgerCall:
    """One call: `what` in words ("add the key 0x…"), the function and its arguments.

    `contract` names the artifact: the ledger's, or EctxCredits, where the caller's `ledger` is that contract's address.
    """

    what: str
    function: str
    arguments: tuple[object, ...]
    contract: str = "CredentialLedger"

    @property
    def data(self) -> bytes:
        """Call data. Raises `InputError` where an argument does not fit."""
        return load_contract(self.contract).encode_call(self.function, *self.arguments)


@dataclass(frozen=True, slots=True)
class Cost:
    """Gas by a rehearsal at latest, and the most that it may cost in wei at the fees offered now."""

    gas: int
    wei: int


def rehearse(chain: Chain, ledger: bytes, sender: bytes, call: LedgerCall, ceiling: int) -> Cost:
    """What the call would cost. Raises `Reverted`, in words, where the ledger would refuse it."""
    fees = first_fees(chain.fee_quote(), ceiling)
    if fees is None:
        raise AnchoringError(f"the chain asks more than the ceiling of {ceiling} wei per gas")
    try:
        gas = chain.estimate_gas(sender, ledger, call.data)
    except Reverted as error:
        raise explained(error) from error
    return Cost(gas, gas * fees.max_fee)


def is_done(chain: Chain, ledger: bytes, sender: bytes, call: LedgerCall) -> bool:
    """True iff the ledger at latest shows the effect already, whoever brought it there."""
    return settled(chain, Intent("", sender, ledger, call.data))


def call_name(outbox: Outbox, key: bytes, call: LedgerCall) -> str:
    """The intent's name: that of an unfinished one for the same call, else one that was never used.

    A call may have to be made again (a document that comes back), hence the number at the end.
    """
    base = f"{_PREFIX}{key.hex()[:16]}/{call.function}/{keccak256(call.data).hex()[:16]}"
    number = 1
    while (known := outbox.get(f"{base}/{number}")) is not None and known.state is State.FINAL:
        number += 1
    return f"{base}/{number}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Sends for one key. One at a time for each key. `report` hears what happens, a sentence each.

    `clock` gives UTC seconds and `sleep` waits; `timeout` is for one call to become final.
    """

    chain: Chain
    outbox: Outbox
    signer: TransactionSigner
    pins: Pins
    ledger: bytes
    policy: SendPolicy
    report: Callable[[str], None]
    timeout: float = 1800.0
    sleep: Callable[[float], None] = time.sleep

    def send(self, call: LedgerCall) -> bool:
        """Returns when the effect is final; False where it was on chain before.

        Raises `Reverted` (nothing was queued), `AnchoringError` (no money, or not final in time: the same
        command goes on) and `ChainUnavailable`.
        """
        self._give_up_impossible()
        name = call_name(self.outbox, self.signer.address, call)
        begun = self.outbox.get(name) is not None
        if not begun and is_done(self.chain, self.ledger, self.signer.address, call):
            self.until_final(call.what)
            return False
        if not begun:
            rehearse(self.chain, self.ledger, self.signer.address, call, self.policy.ceiling)
            self.outbox.add(Intent(name, self.signer.address, self.ledger, call.data))
        self.report(call.what)
        self._follow(call.what)
        return True

    def queue(self, call: LedgerCall) -> None:
        """Queue it without sending: `send` then goes on. For a caller that must do so in a transaction of its own."""
        name = call_name(self.outbox, self.signer.address, call)
        self.outbox.add(Intent(name, self.signer.address, self.ledger, call.data))

    def finish(self) -> None:
        """Follow what was begun before until it is final. Raises as `send`."""
        self._give_up_impossible()
        self._follow("what was begun before")

    def until_final(self, what: str) -> None:
        """Wait until the block that is latest now is final: what it shows then stays."""
        await_final(self.chain, self.policy.finality, what, self.report, self.timeout, self.sleep)

    def _follow(self, what: str) -> None:
        sender = Sender(self.chain, self.outbox, self.signer, self.pins, settled, self.policy)
        deadline = time.monotonic() + self.timeout
        while not (progress := sender.tick(time.time())).idle:
            if progress.blocked is not None:
                raise AnchoringError(f"{progress.blocked}; then run the same command again")
            if time.monotonic() >= deadline:
                raise AnchoringError(f"time is up: {progress.waiting or what}; run the same command again")
            self.sleep(_PAUSE)

    def _give_up_impossible(self) -> None:
        """A call that was queued, never signed, and can no longer succeed must not stand in the way of all others."""
        for intent in self.outbox.unfinished(self.signer.address):
            ours = intent.name.startswith(_PREFIX) and intent.state is State.PLANNED
            if not ours or self.outbox.attempts(intent.name) or settled(self.chain, intent):
                continue
            try:
                self.chain.estimate_gas(self.signer.address, intent.to, intent.data, intent.value)
            except Reverted as error:
                self.report(f"given up, it was never sent: {intent.name}: {explained(error)}")
                self.outbox.update(replace(intent, state=State.FINAL))


def await_final(
    chain: Chain,
    finality: str,
    what: str,
    report: Callable[[str], None],
    timeout: float,
    sleep: Callable[[float], None],
) -> None:
    """Wait until what the block that is latest now shows is final. Raises `AnchoringError` after `timeout` seconds."""
    head = chain.block("latest")
    target = 0 if head is None else head.number
    deadline, told = time.monotonic() + timeout, False
    while (final := final_block(chain, finality)) is None or not _shows_the_same(chain, final.number, target):
        if not told:
            report(f"{what}: it is on chain; waiting until that is final")
            told = True
        if time.monotonic() >= deadline:
            raise AnchoringError(f"time is up: {what}; run the same command again")
        sleep(_PAUSE)


def _shows_the_same(chain: Chain, final: int, target: int) -> bool:
    """True iff nothing happened between the final block and `target`.

    A development chain stands still while nobody sends anything, with empty blocks on top of its final one: to wait
    for those would be to wait for ever.
    """
    if target - final > _EMPTY_BLOCKS:
        return False
    between = (chain.block(number) for number in range(final + 1, target + 1))
    return all(block is not None and not block.transactions for block in between)
