"""What is offered per gas."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anchor.chain import FeeQuote, Fees
from anchor.fees import bumped_fees, first_fees

WEI = st.integers(0, 10**13)
GWEI = 10**9


def quoted(base_fee: int | None, tip: int) -> FeeQuote:
    return FeeQuote(base_fee, tip, tip + (base_fee or 0))


def test_the_first_offer_survives_a_doubled_base_fee() -> None:
    assert first_fees(quoted(10 * GWEI, GWEI), 500 * GWEI) == Fees(21 * GWEI, GWEI)


def test_the_first_offer_is_cut_to_the_ceiling_but_must_be_mined_now() -> None:
    assert first_fees(quoted(10 * GWEI, GWEI), 15 * GWEI) == Fees(15 * GWEI, GWEI)
    assert first_fees(quoted(10 * GWEI, GWEI), 11 * GWEI) == Fees(11 * GWEI, GWEI)
    assert first_fees(quoted(10 * GWEI, GWEI), 11 * GWEI - 1) is None


def test_without_a_base_fee_the_offer_is_legacy() -> None:
    assert first_fees(quoted(None, 3), 5) == Fees(3, 3, legacy=True)
    assert first_fees(quoted(None, 6), 5) is None
    assert bumped_fees(Fees(8, 8, legacy=True), quoted(None, 3), 100) == Fees(9, 9, legacy=True)


def test_a_chain_without_fees_is_never_bumped() -> None:
    assert first_fees(quoted(0, 0), 5) == Fees(0, 0)
    assert bumped_fees(Fees(0, 0), quoted(0, 0), 5) is None


def test_a_bump_rounds_up() -> None:
    assert bumped_fees(Fees(1001, 1), quoted(1, 0), 10**6) == Fees(1127, 2)


def test_a_bump_follows_the_market() -> None:
    assert bumped_fees(Fees(100, 10), quoted(1000, 50), 10**6) == Fees(2050, 50)


def test_a_bump_at_the_ceiling_is_refused() -> None:
    assert bumped_fees(Fees(100, 10), quoted(10, 1), 113) == Fees(113, 12)
    assert bumped_fees(Fees(100, 10), quoted(10, 1), 112) is None


@given(WEI, WEI, st.none() | WEI, WEI, WEI)
def test_every_bump_is_accepted_by_geths_and_reths_rule(
    max_fee: int, tip: int, base_fee: int | None, asked: int, ceiling: int
) -> None:
    before = Fees(max(max_fee, tip), tip)
    after = bumped_fees(before, quoted(base_fee, asked), ceiling)
    if after is None:
        return
    assert after.tip <= after.max_fee <= ceiling
    for new, old in ((after.max_fee, before.max_fee), (after.tip, before.tip)):
        assert new > old
        assert new * 8 >= old * 9


@given(st.none() | WEI, WEI, WEI)
def test_every_first_offer_can_be_mined_now(base_fee: int | None, tip: int, ceiling: int) -> None:
    fees = first_fees(quoted(base_fee, tip), ceiling)
    if fees is None:
        assert (base_fee or 0) + tip > ceiling
    else:
        assert (base_fee or 0) + fees.tip <= fees.max_fee <= ceiling
