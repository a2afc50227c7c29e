"""The rebuilt credits against the credits contract's own answers at the same block, and against the published logs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from anchor.audit.credits_view import CreditsView, TokenRecord
from anchor.audit.findings import Finding, finding
from anchor.audit.rules_credits import token_text
from anchor.audit.state import LedgerState, Token, Worth

__all__ = ["compare_credits", "missing_claims", "unpublished_claims"]


def missing_claims(view: CreditsView, state: LedgerState) -> Iterator[Finding]:
    """Where fewer claims were shown than are counted. A holder of whom nothing was shown cannot be asked for."""
    short = 0
    for (holder, issuer), tokens in sorted(state.credits.received.items()):
        short += max(0, view.token_count(holder, issuer) - len(tokens))
    if short:
        shown = len(state.credits.tokens)
        yield finding("provider.incomplete", None, missing=f"{shown} of at least {shown + short} claims of credits")


def compare_credits(view: CreditsView, state: LedgerState, issuers: Collection[int]) -> Iterator[Finding]:
    """Totals first, as they are what people rely on; then every token. One finding for each holder and issuer."""
    for (holder, issuer), numbers in sorted(state.credits.received.items()):
        if issuer not in issuers:
            continue
        tokens = [state.credits.tokens[number] for number in numbers]
        yield from _compare_holder(view, state, holder, issuer, tokens)


def _compare_holder(
    view: CreditsView, state: LedgerState, holder: bytes, issuer: int, tokens: list[Token]
) -> Iterator[Finding]:
    expected = _totals(state, tokens)
    told = view.credits(holder, issuer, view.token_count(holder, issuer))
    wrong = next((token for token in tokens if not _same(view, state, token)), None)
    # The holder's address is left out: it is nobody's business in a report.
    token = "" if wrong is None else token_text(wrong.number)
    if told != expected:
        yield finding("credits.total", issuer, token=token, told=_shown(told), expected=_shown(expected))
    elif wrong is not None:
        yield finding("credits.state", issuer, block=wrong.block, transaction=wrong.transaction, token=token)


def _shown(totals: tuple[int, int]) -> str:
    """Hundredths as people write credits."""
    counted, redeemed = totals
    return f"{counted / 100:g}, of these {redeemed / 100:g} recognised"


def _totals(state: LedgerState, tokens: list[Token]) -> tuple[int, int]:
    counted = [token for token in tokens if state.worth(token) is Worth.COUNTED]
    return sum(t.credits for t in counted), sum(t.credits for t in counted if t.redeemed_at)


def _same(view: CreditsView, state: LedgerState, token: Token) -> bool:
    record = TokenRecord(
        token.holder,
        token.index,
        token.anchored_at,
        token.issuer,
        token.credits,
        token.key_index,
        token.receiver,
        token.redeemed_at,
        token.burned,
        token.voided,
    )
    return view.token(token.number) == record and view.worth(token.number) == state.worth(token)


def unpublished_claims(state: LedgerState, issuer: int, entries: Mapping[int, bytes]) -> Iterator[Finding]:
    """Tokens whose entry is not what the published log has at that place; `entries` are those that anchors bear out."""
    wrong = [
        token
        for token in state.credits.tokens.values()
        if token.issuer == issuer and token.index in entries and entries[token.index] != token.number.to_bytes(32)
    ]
    for token in wrong[:1]:
        yield finding(
            "credits.entry",
            issuer,
            block=token.block,
            transaction=token.transaction,
            index=token.index,
            token=token_text(token.number),
            count=len(wrong),
        )
