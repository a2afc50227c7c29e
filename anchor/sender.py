"""Sends what the outbox holds: sign once, store, broadcast, observe, until it is final (DESIGN §6).

One `tick` looks at the chain, writes down what it saw, and then acts on the lowest unmined intent
of its key. It never sleeps and never reads a clock: the caller's loop says when. Recovery after a
crash is the ordinary path, because each tick starts from the store and the chain alone; what a
sender remembers between ticks (doubts, refusals) only makes it more patient or more eager.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from anchor.chain import (
    Chain,
    ChainUnavailable,
    Fees,
    Receipt,
    Rejection,
    Reverted,
    SendRejected,
    SignedTransaction,
    TransactionRequest,
)
from anchor.fees import DEFAULT_CEILING, bumped_fees, first_fees
from anchor.finality import final_block
from anchor.ledger_errors import explained
from anchor.outbox import (
    Attempt,
    Bump,
    Intent,
    Outbox,
    Patience,
    Place,
    Sign,
    State,
    Wait,
    newest_attempt,
    next_step,
    observed,
)
from anchor.pins import Pins

__all__ = ["Progress", "SendPolicy", "Sender", "TransactionSigner"]

_LANDED: Final = (State.MINED, State.FINAL)


class TransactionSigner(Protocol):
    """A key that signs transactions: `anchor.keys.Signer`, later a KMS or an HSM."""

    @property
    def address(self) -> bytes:
        """20 bytes."""

    def sign_transaction(self, request: TransactionRequest) -> SignedTransaction:
        """EIP-1559, or EIP-155 where the fees are legacy."""


@dataclass(frozen=True, slots=True)
class SendPolicy:
    """How to send. `ceiling` in wei per gas stops signing and bumping, never resending."""

    finality: str = "tag"
    ceiling: int = DEFAULT_CEILING
    patience: Patience = field(default_factory=Patience)


@dataclass(slots=True)
class Progress:
    """What one tick did. `blocked` says in a sentence why nothing can be signed or taken now, `waiting` why what was
    signed can only wait: it is not mined, and the ceiling lets nothing more be offered.

    `changed` are the intents as stored after each change, `unfinished` how many are not final,
    `unmined` how many are not even mined, `final` the newest final block number, `notes` what an operator
    may want to read. `balance` in wei is None unless this tick asked for it. `refused` is what the contract said
    in a rehearsal, where that is why.
    """

    changed: list[Intent] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blocked: str | None = None
    waiting: str | None = None
    unfinished: int = 0
    unmined: int = 0
    final: int | None = None
    balance: int | None = None
    refused: Reverted | None = None

    @property
    def idle(self) -> bool:
        """True iff everything queued is final."""
        return self.unfinished == 0

    @property
    def held_up(self) -> str | None:
        """Why nothing gets on by itself now; None while it does."""
        return self.blocked or self.waiting


class Sender:
    """One key's queue on one chain. One instance per key at a time: the caller holds the lease.

    `settled(chain, intent)` is True iff the intent's effect is on chain at latest, whoever brought
    it there. `before_signing` raises to forbid a signature (the node recomputes the root there).
    `may_fail(intent)` is True for what is given up, not waited for, once the contract refuses it and no
    attempt of it can be mined any more: it must not stand in the way of those behind it.
    """

    def __init__(
        self,
        chain: Chain,
        outbox: Outbox,
        signer: TransactionSigner,
        pins: Pins,
        settled: Callable[[Chain, Intent], bool],
        policy: SendPolicy = SendPolicy(),
        before_signing: Callable[[Intent], None] | None = None,
        may_fail: Callable[[Intent], bool] = lambda intent: False,
    ) -> None:
        self._chain = chain
        self._outbox = outbox
        self._signer = signer
        self._pins = pins
        self._settled = settled
        self._policy = policy
        self._before_signing = before_signing
        self._may_fail = may_fail
        self._doubts: dict[str, tuple[int, float]] = {}
        self._underpriced: dict[str, bytes] = {}

    def tick(self, now: float) -> Progress:
        """Observe everything unfinished, then act on the lowest unmined intent. `now` in UTC seconds.

        Raises `ChainUnavailable` or `WrongChain` where the chain cannot be asked: what was stored
        until then stands, and the next tick goes on from there.
        """
        self._pins.check_chain(self._chain)
        final = final_block(self._chain, self._policy.finality)
        progress = Progress(final=None if final is None else final.number)
        queue = [self._observe(intent, progress) for intent in self._outbox.unfinished(self._signer.address)]
        lowest = next((place for place, intent in enumerate(queue) if intent.state not in _LANDED), None)
        if lowest is not None:
            queue[lowest] = self._act(queue[lowest], now, progress)
        progress.unfinished = sum(intent.state is not State.FINAL for intent in queue)
        progress.unmined = sum(intent.state not in _LANDED for intent in queue)
        return progress

    def _observe(self, intent: Intent, progress: Progress) -> Intent:
        after = observed(intent, self._place(intent, progress), progress.final)
        if after == intent:
            return intent
        if after.place is None:
            progress.notes.append(f"{intent.name}: its block left the chain, sending again")
        return self._store(after, progress)

    def _place(self, intent: Intent, progress: Progress) -> Place | None:
        """Where the effect stands: any attempt may be the one that was mined, not only the newest."""
        known = None if intent.place is None else intent.place.transaction
        attempts = list(reversed(self._outbox.attempts(intent.name)))
        attempts.sort(key=lambda attempt: attempt.hash != known)  # the one that was mined last time first
        for attempt in attempts:
            receipt = self._chain.receipt(attempt.hash)
            if receipt is None or not self._canonical(receipt.block_number, receipt.block_hash):
                continue
            if receipt.status == 1:
                return Place(receipt.block_number, receipt.block_hash, attempt.hash)
            if attempt.nonce == intent.nonce:
                progress.notes.append(_reverted_note(intent, attempt, receipt))
        foreign = intent.place
        if foreign is not None and foreign.transaction is None and self._canonical(foreign.number, foreign.hash):
            return foreign if self._settled(self._chain, intent) else None
        return None

    def _canonical(self, number: int, block_hash: bytes) -> bool:
        block = self._chain.block(number)
        return block is not None and block.hash == block_hash

    def _act(self, intent: Intent, now: float, progress: Progress) -> Intent:
        newest = newest_attempt(intent, self._outbox.attempts(intent.name))
        nonce = self._chain.nonce(self._signer.address)
        step = next_step(
            intent,
            newest,
            nonce,
            now,
            self._policy.patience,
            doubted=self._doubted(intent, nonce, now),
            underpriced=newest is not None and self._underpriced.get(intent.name) == newest.hash,
        )
        if isinstance(step, Wait):
            progress.notes.append(f"{intent.name}: nonce {intent.nonce} is used, waiting for our own receipt to show")
            return intent
        if isinstance(step, Sign):
            return self._sign_afresh(intent, step, now, progress)
        if isinstance(step, Bump):
            return self._bump(intent, step.attempt, now, progress)
        return self._broadcast(intent, step.attempt, now, progress)

    def _doubted(self, intent: Intent, nonce: int, now: float) -> float:
        """Seconds since the chain's nonce was first seen to differ from the intent's."""
        if intent.nonce is None or nonce == intent.nonce:
            self._doubts.pop(intent.name, None)
            return 0.0
        doubted, since = self._doubts.get(intent.name, (intent.nonce, now))
        if doubted != intent.nonce or since > now:
            since = now
        self._doubts[intent.name] = (intent.nonce, since)
        return now - since

    def _sign_afresh(self, intent: Intent, step: Sign, now: float, progress: Progress) -> Intent:
        if self._settled(self._chain, intent):
            # Somebody did it: an attempt that this store has lost, or another sender of the same key.
            return self._mark_settled(intent, progress)
        if step.lost is not None:
            progress.notes.append(f"{intent.name}: nonce {step.lost} is lost, signing at {step.nonce}")
        rivals = [a for a in self._outbox.attempts(intent.name) if a.nonce == step.nonce]
        quote = self._chain.fee_quote()
        ceiling = self._policy.ceiling
        # An earlier attempt at this very nonce may still be in a pool, and must be outbid.
        fees = bumped_fees(rivals[-1].fees, quote, ceiling) if rivals else first_fees(quote, ceiling)
        if fees is None:
            progress.blocked = f"{intent.name}: the chain asks more than the ceiling of {ceiling} wei per gas"
            return intent
        gas = self._gas(intent, progress)
        if gas is None and progress.refused is not None and not rivals and self._may_fail(intent):
            # A crash before this commit: the next tick rehearses again, and gives up again.
            progress.notes.append(f"given up: {progress.blocked}")
            progress.blocked = None
            return self._store(replace(intent, state=State.FINAL, place=None), progress)
        return intent if gas is None else self._sign(intent, step.nonce, fees, gas, now, progress)

    def _bump(self, intent: Intent, newest: Attempt, now: float, progress: Progress) -> Intent:
        quote, ceiling = self._chain.fee_quote(), self._policy.ceiling
        fees = bumped_fees(newest.fees, quote, ceiling)
        if fees is None:
            if newest.fees.max_fee or quote.gas_price:  # else the chain takes no fees, and nothing is to be raised
                progress.waiting = _at_ceiling_sentence(intent, newest, ceiling)
                progress.notes.append(f"{intent.name}: at the fee ceiling, sending the same bytes again")
            return self._broadcast(intent, newest, now, progress)
        gas = newest.gas if newest.data == intent.data else self._gas(intent, progress)
        if gas is None or not self._affordable(intent, fees, gas, progress):
            return self._broadcast(intent, newest, now, progress)
        progress.notes.append(f"{intent.name}: replacing, now {fees.max_fee} wei per gas (tip {fees.tip})")
        return self._sign(intent, newest.nonce, fees, gas, now, progress)

    def _gas(self, intent: Intent, progress: Progress) -> int | None:
        """The gas limit, from a rehearsal at latest: what would revert is not paid for."""
        try:
            estimate = self._chain.estimate_gas(self._signer.address, intent.to, intent.data, intent.value)
        except Reverted as error:
            progress.refused = explained(error)
            progress.blocked = f"{intent.name}: {progress.refused}"
            return None
        wanted = intent.gas.limit or min(estimate * (100 + intent.gas.margin) // 100, intent.gas.maximum)
        if wanted < estimate:
            progress.blocked = f"{intent.name}: needs {estimate} gas, more than the limit of {wanted}"
            return None
        return wanted

    def _affordable(self, intent: Intent, fees: Fees, gas: int, progress: Progress) -> bool:
        progress.balance = self._chain.balance(self._signer.address)
        needed = gas * fees.max_fee + intent.value
        if progress.balance >= needed:
            return True
        address = "0x" + self._signer.address.hex()
        progress.blocked = (
            f"{intent.name}: insufficient funds: {address} has {progress.balance} wei and needs {needed} wei"
        )
        return False

    def _sign(self, intent: Intent, nonce: int, fees: Fees, gas: int, now: float, progress: Progress) -> Intent:
        if not self._affordable(intent, fees, gas, progress):
            return intent
        self._pins.check_code(self._chain)
        if self._before_signing is not None:
            self._before_signing(intent)
        request = TransactionRequest(self._pins.chain_id, nonce, intent.to, intent.data, gas, fees, intent.value)
        signed = self._signer.sign_transaction(request)
        attempt = Attempt(signed.hash, intent.name, nonce, signed.raw, fees, gas, intent.data, now)
        state = State.SENT if intent.state is State.SENT and nonce == intent.nonce else State.SIGNED
        # A crash before this commit: nothing was sent, the next tick signs anew. A crash after it:
        # the next tick broadcasts these same bytes.
        stored = self._outbox.record(replace(intent, state=state, nonce=nonce, place=None), attempt)
        progress.changed.append(stored)
        return self._broadcast(stored, attempt, now, progress)

    def _broadcast(self, intent: Intent, attempt: Attempt, now: float, progress: Progress) -> Intent:
        try:
            answer = self._chain.send_raw(attempt.raw)
        except ChainUnavailable as error:
            # The node may or may not have it: the next tick looks, and sends the same bytes again.
            progress.notes.append(f"{intent.name}: {error}")
            return intent
        except SendRejected as error:
            return self._refused(intent, attempt, error, now, progress)
        if answer != attempt.hash:
            progress.notes.append(f"{intent.name}: the node named another transaction hash, 0x{answer.hex()}")
        return self._accepted(intent, now, progress)

    def _refused(self, intent: Intent, attempt: Attempt, error: SendRejected, now: float, progress: Progress) -> Intent:
        if error.kind is Rejection.ALREADY_KNOWN:
            return self._accepted(intent, now, progress)
        if error.kind in (Rejection.UNDERPRICED, Rejection.FEE_TOO_LOW):
            self._underpriced[intent.name] = attempt.hash
        if error.kind is Rejection.INSUFFICIENT_FUNDS:
            progress.blocked = f"{intent.name}: {error}"
        # "Nonce too low" is our own earlier attempt until proven otherwise: the next tick looks for it.
        progress.notes.append(f"{intent.name}: {error}")
        return intent

    def _accepted(self, intent: Intent, now: float, progress: Progress) -> Intent:
        if intent.state is State.SENT:
            return intent
        return self._store(replace(intent, state=State.SENT, sent_at=now), progress)

    def _mark_settled(self, intent: Intent, progress: Progress) -> Intent:
        head = self._chain.block("latest")
        if head is None:
            raise ChainUnavailable("eth_getBlockByNumber", "there is no latest block")
        progress.notes.append(f"{intent.name}: found done on chain, nothing is sent")
        return self._store(replace(intent, state=State.MINED, place=Place(head.number, head.hash, None)), progress)

    def _store(self, intent: Intent, progress: Progress) -> Intent:
        stored = self._outbox.update(intent)
        progress.changed.append(stored)
        return stored


def _at_ceiling_sentence(intent: Intent, newest: Attempt, ceiling: int) -> str:
    return (
        f"{intent.name}: was sent and is not mined; it offers {newest.fees.max_fee} wei per gas, which cannot be "
        f"raised by an eighth under the ceiling of {ceiling} wei"
    )


def _reverted_note(intent: Intent, attempt: Attempt, receipt: Receipt) -> str:
    return (
        f"{intent.name}: attempt 0x{attempt.hash.hex()} reverted in block {receipt.block_number}; "
        f"nonce {attempt.nonce} is burnt"
    )
