"""What a wallet's credits come to: by level and field, from issuers that the policy trusts; all others apart.

Consensus-critical where it says what counts: trust and status are those of the verdict, and claims are read from
the one credits contract that the policy names. Credits are hundredths of an ECTS credit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from anchor.collecting import Sources, collect_facts, ledger_policy
from rootseal.commitment import Home
from rootseal.credential import read_document
from rootseal.errors import RootsealError
from rootseal.ethereum import ZERO_ADDRESS
from rootseal.files import CredentialFile
from rootseal.policy import Policy
from rootseal.verification import verify
from wallet.box import Held
from wallet.chain_check import no_answer
from wallet.phrases import Phrase, Remark

if TYPE_CHECKING:
    from anchor.credits import Credits

__all__ = ["CreditSum", "IssuerCredits", "Overview", "Piece", "State", "overview", "sums"]

State = Literal["earned", "pending", "claimed", "spent", "suspended", "revoked", "superseded", "unknown"]
"""`earned`: valid, and whether it is claimed could not be asked. `spent`: claimed, and recognised by an institution."""

_VALID: tuple[State, ...] = ("earned", "pending", "claimed", "spent")
# Of several copies with one creditId the first in this order is the one that counts.
_ORDER: tuple[State, ...] = ("spent", "claimed", "earned", "pending", "suspended", "unknown", "revoked")


@dataclass(frozen=True, slots=True)
class Piece:
    """One credential's credits: what they are, from whom, and what they are worth now. `reason` is a sentence."""

    commitment: bytes
    title: str | None
    home: Home
    credit_id: bytes
    holder: bytes
    credits: int
    level: str | None
    field: str | None
    trusted: bool
    state: State
    reason: str | None


@dataclass(frozen=True, slots=True)
class CreditSum:
    """Hundredths of an ECTS credit. `earned` is all that is valid: claimed, pending, and what could not be asked.

    `spent` is the part of `claimed` that an institution recognised.
    """

    earned: int = 0
    claimed: int = 0
    pending: int = 0
    spent: int = 0
    suspended: int = 0
    revoked: int = 0
    unknown: int = 0

    def plus(self, piece: Piece) -> CreditSum:
        """With one more piece; what was superseded counts nowhere."""
        n, state = piece.credits, piece.state
        return CreditSum(
            self.earned + n * (state in _VALID),
            self.claimed + n * (state in ("claimed", "spent")),
            self.pending + n * (state == "pending"),
            self.spent + n * (state == "spent"),
            self.suspended + n * (state == "suspended"),
            self.revoked + n * (state == "revoked"),
            self.unknown + n * (state == "unknown"),
        )


@dataclass(frozen=True, slots=True)
class IssuerCredits:
    """One issuer: the name that the user gave it, whether it is trusted, and what was asked of its contract.

    `problem` says why claims could not be checked. `counted` and `redeemed` are the contract's own totals for the
    wallet's addresses; None where it was not asked.
    """

    home: Home
    name: str | None
    trusted: bool
    contract: bytes | None
    problem: str | None
    counted: int | None
    redeemed: int | None
    block_time: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    """All that carries credits, and every issuer of it."""

    pieces: tuple[Piece, ...]
    issuers: tuple[IssuerCredits, ...]

    def unchecked(self) -> bool:
        """True iff something could not be asked."""
        return any(issuer.problem for issuer in self.issuers) or any(p.state == "unknown" for p in self.pieces)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A home's contract at one block, or the sentence why there is none to ask."""

    credits: Credits | None
    block: int
    time: int | None
    problem: str | None
    urls: tuple[str, ...] = ()


def overview(held: Sequence[Held], policy: Policy | None, rpc: str | None, now: int) -> Overview:
    """Ask the chains of the policy (or the one behind `rpc`). Never raises for what a chain or a file does."""
    counting = [one for one in held if one.file.subject.credits and one.file.subject.holder != ZERO_ADDRESS]
    asked: dict[tuple[int, bytes], _Asked] = {}
    for one in counting:
        home = one.file.home
        if (home.chain_id, home.ledger) not in asked:
            asked[home.chain_id, home.ledger] = _ask(home, policy, rpc)
    pieces = _once(
        [_piece(one, policy, rpc, now, asked[one.file.home.chain_id, one.file.home.ledger]) for one in counting]
    )
    homes = dict.fromkeys(piece.home for piece in pieces)
    issuers = [
        _issuer(home, [p for p in pieces if p.home == home], policy, asked[home.chain_id, home.ledger])
        for home in homes
    ]
    return Overview(pieces, tuple(issuers))


def sums(pieces: Iterable[Piece]) -> dict[tuple[str | None, str | None], CreditSum]:
    """(level, field) → sum, in the order of first sight."""
    found: dict[tuple[str | None, str | None], CreditSum] = {}
    for piece in pieces:
        key = (piece.level, piece.field)
        found[key] = found.get(key, CreditSum()).plus(piece)
    return found


def _once(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Copies and re-issues share a creditId, and credits count once: the best stays, the others are superseded."""
    best: dict[tuple[Home, bytes], Piece] = {}
    for piece in pieces:
        key = (piece.home, piece.credit_id)
        known = best.get(key)
        if known is None or _ORDER.index(piece.state) < _ORDER.index(known.state):
            best[key] = piece
    return tuple(
        piece
        if best[piece.home, piece.credit_id] is piece
        else replace(piece, state="superseded", reason=Phrase("another credential in this wallet has the same credits"))
        for piece in pieces
    )


def _piece(held: Held, policy: Policy | None, rpc: str | None, now: int, asked: _Asked) -> Piece:
    file = held.file
    data = file.to_bytes()
    verdict = verify(data, policy, collect_facts(data, policy, Sources(rpc)), now=now).credentials[0]
    _, integrity, inclusion, anchor, issuer, status, *_ = verdict.checks
    facts = read_document(file.credential)
    state: State
    reason: str | None
    worst = next((check for check in (integrity, inclusion, anchor, status) if check.outcome != "pass"), None)
    if issuer.outcome == "fail":
        state, reason = "revoked", Phrase("{reason}", reason=issuer)
    elif worst is None:
        state, reason = _claimed(file, held.commitment, asked)
    else:
        known: dict[str, State] = {"status.revoked": "revoked", "status.suspended": "suspended"}
        state, reason = known.get(worst.code, "unknown"), Phrase("{reason}", reason=worst)
    return Piece(
        held.commitment,
        facts.title,
        file.home,
        file.subject.credit_id,
        file.subject.holder,
        file.subject.credits,
        facts.level,
        facts.field_of_study,
        issuer.outcome == "pass",
        state,
        reason,
    )


def _claimed(file: CredentialFile, commitment: bytes, asked: _Asked) -> tuple[State, str | None]:
    """What the contract says of a credential that is valid."""
    from anchor.credits import TokenState

    if asked.credits is None:
        return "earned", asked.problem
    try:
        state = asked.credits.state(commitment, asked.block)
        token = asked.credits.token(commitment, asked.block)
        last = asked.credits.token_of_credit(file.home.issuer, file.subject.credit_id, asked.block)
    except RootsealError as error:
        said = "the credits contract could not be asked: {why}"
        return "earned", Phrase(said, why=Remark(error.diagnostics(), no_answer(asked.urls)))
    if state is TokenState.NONE:
        earlier = None if last is None else asked.credits.token(last, asked.block)
        if earlier is not None and earlier.redeemed_at:
            said = "institution {number} recognised these credits under an earlier credential"
            return "spent", Phrase(said, number=earlier.receiver)
        return "pending", None
    if state is TokenState.COUNTED and token is not None:
        if token.redeemed_at:
            return "spent", Phrase("institution {number} recognised them", number=token.receiver)
        return "claimed", None
    return "revoked", Phrase("the credits contract says: {state}", state=state.name.lower())


def _ask(home: Home, policy: Policy | None, rpc: str | None) -> _Asked:
    ledger = None if policy is None else policy.ledger(home)
    if ledger is None:
        said = "your policy does not list its ledger, so no credits contract is known"
        return _Asked(None, 0, None, Phrase(said))
    if ledger.credits is None:
        said = "your policy names no credits contract for this ledger; add it with `rootseal trust add … --credits`"
        return _Asked(None, 0, None, Phrase(said))
    from anchor.credits import Credits, check_contract
    from anchor.pins import Pins
    from anchor.web3_chain import open_chain

    listed = ledger_policy(home, policy, Sources(rpc))
    urls = (rpc,) if rpc is not None else () if listed is None else listed.rpcs
    problem: str = Phrase("no connection to the chain was given; use --rpc")
    for url in urls:
        try:
            chain = open_chain(url)
            Pins(ledger.chain_id, ledger.genesis, ledger.address, ledger.code).check(chain)
            check_contract(chain, ledger.credits.address, ledger.address, ledger.credits.code)
            head = chain.block("latest")
        except RootsealError as error:
            problem = Remark(f"{url}: {error.diagnostics()}", no_answer((url,)))
            continue
        if head is not None:
            return _Asked(Credits(chain, ledger.credits.address), head.number, head.timestamp, None, (url,))
    return _Asked(None, 0, None, problem)


def _issuer(home: Home, pieces: list[Piece], policy: Policy | None, asked: _Asked) -> IssuerCredits:
    ledger = None if policy is None else policy.ledger(home)
    name = None if ledger is None else ledger.issuer_name(home.issuer)
    trusted = any(piece.trusted for piece in pieces)
    if asked.credits is None:
        return IssuerCredits(home, name, trusted, None, asked.problem, None, None, None)
    counted = redeemed = 0
    try:
        for holder in dict.fromkeys(piece.holder for piece in pieces):
            part = asked.credits.totals(holder, home.issuer, asked.block)
            counted, redeemed = counted + part.counted, redeemed + part.redeemed
    except RootsealError as error:
        problem = Remark(error.diagnostics(), no_answer(asked.urls))
        return IssuerCredits(home, name, trusted, asked.credits.address, problem, None, None, None)
    return IssuerCredits(home, name, trusted, asked.credits.address, None, counted, redeemed, asked.time)
