"""Rules of credits: one token per valid entry, never moved, recognised once (docs/spec/credits-contract.md). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from anchor.audit.events import LedgerEvent
from anchor.audit.findings import Finding, finding
from anchor.audit.rules_keys import entitlement_problem
from anchor.audit.state import REVOKED, ROLE_STATUS, LedgerState, Token, Worth
from rootseal.ethereum import ZERO_ADDRESS

__all__ = ["applied", "token_text", "unclaimed"]

Rule = Callable[[LedgerState, LedgerEvent], Iterator[Finding]]

_WORTHLESS: Final = {
    Worth.NONE: "the issuer was never registered",
    Worth.COMPROMISED: "the key that published the entry had been declared stolen for that time",
    Worth.REVOKED: "the entry was revoked",
    Worth.SUSPENDED: "the entry was suspended",
    Worth.BURNED: "the holder had given them up",
    Worth.VOIDED: "they had been claimed again from a later entry",
}


def token_text(number: int) -> str:
    """A token's number, which is its entry's commitment, in hex."""
    return number.to_bytes(32).hex()


def applied(state: LedgerState, event: LedgerEvent) -> Iterator[Finding]:
    """Check one event of the credits contract against the state before it, and apply it. KeyError: unknown."""
    yield from _RULES[event.name](state, event)


def unclaimed(state: LedgerState) -> Iterator[Finding]:
    """Tokens that appeared in somebody's hands and were never claimed."""
    for number in state.credits.minted:
        yield finding("credits.token", None, token=token_text(number), problem="it appeared without a claim")


def _transferred(state: LedgerState, event: LedgerEvent) -> Iterator[Finding]:
    """From nobody when it is claimed; to nobody when its holder gives it up; never else."""
    given, credits = event.arguments, state.credits
    number = given["tokenId"]
    if given["from"] == ZERO_ADDRESS:
        credits.minted[number] = given["to"]
        return
    token = credits.tokens.get(number)
    if token is None or given["to"] != ZERO_ADDRESS or given["from"] != token.holder or token.burned:
        yield _token(event, number, "it passed from one holder to another, or had no holder to give it up")
    if token is not None and given["to"] == ZERO_ADDRESS:
        token.burned = True


def _claimed(state: LedgerState, event: LedgerEvent) -> Iterator[Finding]:
    given, credits = event.arguments, state.credits
    number, number_of_issuer, holder = given["tokenId"], given["issuer"], given["holder"]
    token = _new_token(state, event)
    problem = _claim_problem(state, token, credits.minted.pop(number, None))
    if problem is not None:
        yield finding(
            "credits.claim", number_of_issuer, event, index=token.index, token=token_text(number), problem=problem
        )
    credits.tokens[number] = token
    credits.last[number_of_issuer, token.credit_id] = number
    credits.received.setdefault((holder, number_of_issuer), []).append(number)


def _new_token(state: LedgerState, event: LedgerEvent) -> Token:
    given = event.arguments
    issuer = state.issuers.get(given["issuer"])
    anchor = None if issuer is None else issuer.introducing(given["index"])
    return Token(
        given["tokenId"],
        given["issuer"],
        given["holder"],
        given["index"],
        given["credits"],
        given["creditId"],
        0 if anchor is None else anchor.time,
        -1 if anchor is None else anchor.key_index,
        event.block,
        event.transaction,
    )


def _claim_problem(state: LedgerState, token: Token, minted: bytes | None) -> str | None:
    issuer, credits = state.issuers.get(token.issuer), state.credits
    if issuer is None:
        return "the issuer was never registered"
    if issuer.introducing(token.index) is None:
        return "there was no such entry"
    if token.number in credits.tokens:
        return "they had been claimed before"
    if minted != token.holder or not token.credits or not any(token.credit_id):
        return "nobody received them, or there were none"
    worth = state.worth(token)
    if worth is not Worth.COUNTED:
        return _WORTHLESS[worth]
    earlier = credits.tokens.get(credits.last.get((token.issuer, token.credit_id), -1))
    if earlier is None:
        return None
    if earlier.redeemed_at:
        return "the same credits had been recognised already"
    if not issuer.is_set(REVOKED, earlier.index) or not earlier.voided:
        return "the same credits count for an earlier entry"
    return None


def _voided(state: LedgerState, event: LedgerEvent) -> Iterator[Finding]:
    number = event.arguments["tokenId"]
    token = state.credits.tokens.get(number)
    if token is None or token.voided:
        yield _token(event, number, "it was replaced although there was none, or a second time")
    if token is not None:
        token.voided = True


def _redeemed(state: LedgerState, event: LedgerEvent) -> Iterator[Finding]:
    given = event.arguments
    token = state.credits.tokens.get(given["tokenId"])
    problem = _redemption_problem(state, token, given["receiver"], given["key"])
    if problem is not None:
        yield finding(
            "credits.redeem",
            given["receiver"] if given["receiver"] in state.issuers else None,
            event,
            receiver=given["receiver"],
            token=token_text(given["tokenId"]),
            problem=problem,
        )
    if token is not None:
        token.receiver, token.redeemed_at = given["receiver"], event.time


def _redemption_problem(state: LedgerState, token: Token | None, receiver: int, key: bytes) -> str | None:
    if token is None:
        return "they were never claimed"
    if token.redeemed_at:
        return "they had been recognised before"
    worth = state.worth(token)
    if worth is not Worth.COUNTED:
        return _WORTHLESS[worth]
    issuer = state.issuers.get(receiver)
    if issuer is None or entitlement_problem(issuer, key, ROLE_STATUS) is not None:
        return "whoever recorded it holds no status key of the institution"
    return None


def _nothing(_state: LedgerState, _event: LedgerEvent) -> Iterator[Finding]:
    """`Locked` and `Issued` repeat what `Claimed` says."""
    yield from ()


def _forbidden(_state: LedgerState, event: LedgerEvent) -> Iterator[Finding]:
    """Nobody may be allowed to move tokens, and none is ever unlocked."""
    yield finding("credits.token", None, event, token="", problem=f"{event.name} was recorded, which cannot happen")


def _token(event: LedgerEvent, number: int, problem: str) -> Finding:
    return finding("credits.token", None, event, token=token_text(number), problem=problem)


_RULES: Final[dict[str, Rule]] = {
    "Transfer": _transferred,
    "Claimed": _claimed,
    "Voided": _voided,
    "Redeemed": _redeemed,
    "Locked": _nothing,
    "Issued": _nothing,
    "Approval": _forbidden,
    "ApprovalForAll": _forbidden,
    "Unlocked": _forbidden,
}
