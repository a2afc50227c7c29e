"""What to offer per gas: the first time, and when an attempt has waited too long (EIP-1559, EIP-155).

A replacement must raise *both* fees: geth's pool wants 10 % on each and strictly more, reth refuses
exactly 10 %; hence 12.5 % rounded up. The ceiling stops signing and bumping, never resending.
All amounts are wei per gas.
"""

from __future__ import annotations

from typing import Final

from anchor.chain import FeeQuote, Fees

__all__ = ["DEFAULT_CEILING", "bumped_fees", "first_fees"]

DEFAULT_CEILING: Final = 500 * 10**9


def first_fees(quote: FeeQuote, ceiling: int) -> Fees | None:
    """Twice the base fee and the tip, cut to the ceiling; None where the ceiling would not be mined now."""
    if quote.base_fee is None:
        return Fees(quote.gas_price, quote.gas_price, legacy=True) if quote.gas_price <= ceiling else None
    if quote.base_fee + quote.tip > ceiling:
        return None
    return Fees(min(2 * quote.base_fee + quote.tip, ceiling), quote.tip)


def bumped_fees(previous: Fees, quote: FeeQuote, ceiling: int) -> Fees | None:
    """Both fees of `previous` raised by an eighth, and at least what the chain asks now.

    None where the ceiling forbids it, and where the chain takes no fees at all: there a higher
    price buys nothing, and an account without a balance could not pay it.
    """
    if quote.gas_price == 0 and previous.max_fee == 0:
        return None
    least = _eighth_more(previous.max_fee)
    if least > ceiling:
        return None
    if previous.legacy:
        price = min(max(least, quote.gas_price), ceiling)
        return Fees(price, price, legacy=True)
    max_fee = min(max(least, 2 * (quote.base_fee or 0) + quote.tip), ceiling)
    tip = max(_eighth_more(previous.tip), quote.tip)
    return Fees(max(max_fee, min(tip, ceiling)), min(tip, ceiling))


def _eighth_more(amount: int) -> int:
    return max(-(-amount * 9 // 8), amount + 1)
