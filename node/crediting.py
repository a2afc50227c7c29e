"""Credits in the institution's hands: learners' claims are rehearsed, paid for and sent; credits are recognised.

Everything goes through the node's outbox, so that a crash or a lost answer sends nothing twice. What the contract
would refuse is never queued; what it refuses later is given up, and holds up nothing behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from anchor.calling import LedgerCall, rehearse
from anchor.chain import Reverted
from anchor.credits import CONTRACT, Credits, TokenState, check_contract, claim_arguments, redeem_arguments
from anchor.outbox import Intent, State
from node.connection import CREDITS_PREFIX, Connection
from node.store import Store
from node.store.credits import CreditAct
from rootseal.commitment import Home
from rootseal.consents import Claim, Redemption
from rootseal.errors import ConfigError, InputError, RootsealError
from rootseal.ethereum import checksum_address

__all__ = ["CreditAnswer", "CreditLine", "Crediting", "Submission"]

_LEAST_TIME: Final = 3600
"""A consent that ends sooner might not live to see its block: seconds."""

Outcome = Literal["queued", "already", "refused"]


@dataclass(frozen=True, slots=True)
class CreditAnswer:
    """What became of one file. `gas` and `wei` are what it would cost, 0 where nothing is sent."""

    name: str
    commitment: bytes | None
    credits: int
    outcome: Outcome
    reason: str | None
    gas: int = 0
    wei: int = 0


@dataclass(frozen=True, slots=True)
class Submission:
    """Every file exactly once."""

    answers: tuple[CreditAnswer, ...]
    dry_run: bool

    def count(self, outcome: Outcome) -> int:
        """How many had this outcome."""
        return sum(answer.outcome == outcome for answer in self.answers)


@dataclass(frozen=True, slots=True)
class CreditLine:
    """A queued act, how far its transaction is, and what the token is worth by the chain; None: not there.

    `problem` is what the contract says against it, where it was given up.
    """

    act: CreditAct
    state: State
    token: TokenState | None
    problem: str | None


class Crediting:
    """Claims and redemptions of one node. Asks the chain."""

    def __init__(self, store: Store, connection: Connection) -> None:
        self._store = store
        self._connection = connection

    @property
    def contract(self) -> Credits:
        """The credits contract of the settings, its code and ledger checked. Raises `ConfigError`, `WrongChain`."""
        config = self._connection.config
        if config.credits_contract is None or config.credits_code_hash is None:
            raise ConfigError("credits_contract", "is not set; run `rootseal node credits deploy DIR`")
        chain = self._connection.chain
        check_contract(chain, config.credits_contract, config.home.ledger, config.credits_code_hash)
        return Credits(chain, config.credits_contract)

    def submit(self, files: Sequence[tuple[str, bytes]], now: int, *, dry_run: bool = False) -> Submission:
        """Queue the claims in these files, (name, bytes) each; good ones also where others are refused.

        Running it again queues nothing twice. Raises `UndeterminedError` where the chain cannot be asked.
        """
        contract, seen = self.contract, set[tuple[Home, bytes]]()
        return Submission(
            tuple(self._submit(contract, name, data, now, dry_run, seen) for name, data in files), dry_run
        )

    def _submit(
        self, contract: Credits, name: str, data: bytes, now: int, dry_run: bool, seen: set[tuple[Home, bytes]]
    ) -> CreditAnswer:
        try:
            claim = Claim.from_bytes(data)
            _check_place(claim.home, claim.contract, claim.deadline, contract, self._connection.config.home, now)
        except InputError as error:
            return CreditAnswer(name, None, 0, "refused", str(error))
        commitment, credits = bytes(claim.commitment), claim.subject.credits
        if contract.token(commitment) is not None or self._pending("claim", commitment):
            return CreditAnswer(name, commitment, credits, "already", "claimed before, or on its way")
        same = (claim.home, claim.subject.credit_id)
        if same in seen:
            return CreditAnswer(name, commitment, credits, "refused", "another of these files claims the same credits")
        call = LedgerCall(f"claim {commitment.hex()}", "claim", claim_arguments(claim), CONTRACT)
        act = CreditAct("claim", commitment, self._name("claim", commitment), now)
        found = self._queue(contract, name, credits, call, act, dry_run)
        if found.outcome == "queued":
            seen.add(same)
        return found

    def redeem(self, name: str, data: bytes, now: int, *, dry_run: bool = False) -> CreditAnswer:
        """Queue the recognition of the credits in one redemption file, by this institution.

        Raises `InputError` for a file that is none, or names another receiver; `UndeterminedError`.
        """
        redemption, contract, home = Redemption.from_bytes(data), self.contract, self._connection.config.home
        _check_place(redemption.home, redemption.contract, redemption.deadline, contract, home, now)
        if redemption.receiver != home.issuer:
            raise InputError("redemption.receiver", f"is not this institution, {home.issuer}", redemption.receiver)
        token = contract.token(redemption.commitment)
        credits = 0 if token is None else token.credits
        commitment = redemption.commitment
        ours = token is not None and token.redeemed_at and token.receiver == home.issuer
        if ours or self._pending("redeem", commitment):
            return CreditAnswer(name, commitment, credits, "already", "recognised before, or on its way")
        call = LedgerCall(f"recognise {commitment.hex()}", "redeem", redeem_arguments(redemption), CONTRACT)
        act = CreditAct("redeem", commitment, self._name("redeem", commitment), now, redemption.award, redemption.salt)
        return self._queue(contract, name, credits, call, act, dry_run)

    def lines(self) -> tuple[CreditLine, ...]:
        """Every act that was queued, with what the chain says now."""
        contract = self.contract
        return tuple(self._line(contract, act) for act in self._store.credits.all())

    def _queue(
        self, contract: Credits, name: str, credits: int, call: LedgerCall, act: CreditAct, dry_run: bool
    ) -> CreditAnswer:
        config, key = self._connection.config, self._connection.signer.address
        try:
            cost = rehearse(contract.chain, contract.address, key, call, config.max_fee_per_gas)
        except Reverted as error:
            return CreditAnswer(name, act.commitment, credits, "refused", str(error))
        if not dry_run:
            # One commit for the intent and what it is for: a crash leaves both or neither.
            with self._store.writing():
                self._store.outbox.add(Intent(act.intent, key, contract.address, call.data))
                self._store.credits.add(act)
                self._store.acts.add(act.at, f"credits {act.kind}", act.commitment.hex(), {"intent": act.intent})
        return CreditAnswer(name, act.commitment, credits, "queued", None, cost.gas, cost.wei)

    def _line(self, contract: Credits, act: CreditAct) -> CreditLine:
        intent = self._store.outbox.get(act.intent)
        state = State.FINAL if intent is None else intent.state
        token = contract.state(act.commitment)
        done = token is not TokenState.NONE if act.kind == "claim" else self._recognised(contract, act.commitment)
        problem = None
        if intent is not None and state is State.FINAL and not done:
            try:
                contract.chain.estimate_gas(intent.key, intent.to, intent.data)
                problem = "it was given up, and would be accepted now: hand it in again"
            except RootsealError as error:
                problem = _plain(error)
        return CreditLine(act, state, None if token is TokenState.NONE else token, problem)

    def _recognised(self, contract: Credits, commitment: bytes) -> bool:
        token = contract.token(commitment)
        return token is not None and token.redeemed_at > 0 and token.receiver == self._connection.config.home.issuer

    def _pending(self, kind: str, commitment: bytes) -> bool:
        """Whether it is queued and not final: then it is sent, and followed, without being queued again."""
        intents = (self._store.outbox.get(name) for name in self._names(kind, commitment))
        return any(intent is not None and intent.state is not State.FINAL for intent in intents)

    def _name(self, kind: str, commitment: bytes) -> str:
        """A name that was never used: a claim that was given up may be made again, with a newer consent."""
        return f"{CREDITS_PREFIX}{kind}/{commitment.hex()}/{len(self._names(kind, commitment)) + 1}"

    def _names(self, kind: str, commitment: bytes) -> list[str]:
        return [act.intent for act in self._store.credits.of(kind, commitment)]


def _check_place(home: Home, contract: bytes, deadline: int, ours: Credits, own: Home, now: int) -> None:
    if (home.chain_id, home.ledger) != (own.chain_id, own.ledger):
        raise InputError("home", f"is another ledger than this node's, {own}", str(home))
    if contract != ours.address:
        problem = (
            f"is not the credits contract of this ledger, {checksum_address(ours.address)}; the learner signs anew"
        )
        raise InputError("contract", problem, checksum_address(contract))
    if deadline < now + _LEAST_TIME:
        raise InputError("deadline", "is over, or ends within the hour; the learner signs anew", deadline)


def _plain(error: RootsealError) -> str:
    from anchor.ledger_errors import explained

    return str(explained(error)) if isinstance(error, Reverted) else str(error)
