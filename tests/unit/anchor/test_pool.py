"""Several endpoints as one chain: who is asked, who is left out, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from anchor.chain import ChainUnavailable, Fees, Rejection, RpcError, SendRejected, TransactionRequest, WrongChain
from anchor.finality import final_block
from anchor.keys import signer_from_secret
from anchor.pins import Pins, read_pins
from anchor.pool import EndpointsDisagree, PooledChain, open_pool
from rootseal.ethereum import keccak256
from tests.support.fake_chain import ETHER, FakeChain

DOWN = ChainUnavailable("eth_call", "nobody answers")
SIGNER = signer_from_secret(keccak256(b"pool"))


@dataclass
class Pool:
    """Two endpoints over fakes with the same genesis, and a clock that the test moves."""

    one: FakeChain = field(default_factory=lambda: FakeChain(finality_lag=2))
    two: FakeChain = field(default_factory=lambda: FakeChain(finality_lag=2))
    now: float = 100.0

    def __post_init__(self) -> None:
        self.pins: Pins = read_pins(self.one)
        self.chain = PooledChain({"one": self.one, "two": self.two}, self.pins, clock=lambda: self.now)

    def funded(self) -> bytes:
        """A raw transaction of a key that has money on both."""
        for fake in (self.one, self.two):
            fake.set_balance(SIGNER.address, ETHER)
        fees = Fees(3 * 10**9, 10**9)
        return SIGNER.sign_transaction(TransactionRequest(31337, 0, SIGNER.address, b"", 60_000, fees)).raw


@pytest.fixture
def pool() -> Pool:
    return Pool()


def test_the_first_that_answers_is_asked(pool: Pool) -> None:
    pool.two.tip = 7
    assert pool.chain.fee_quote().tip == 10**9
    pool.one.fail("fee_quote", DOWN)
    assert pool.chain.fee_quote().tip == 7
    assert "nobody answers" in pool.chain.problems()["one"]


def test_an_endpoint_that_failed_rests_and_comes_back(pool: Pool) -> None:
    pool.two.tip = 7
    pool.one.fail("fee_quote", DOWN)
    pool.chain.fee_quote()
    assert pool.chain.fee_quote().tip == 7
    pool.now += 1.1
    assert pool.chain.fee_quote().tip == 10**9
    assert pool.chain.problems() == {}


def test_the_rest_doubles_with_every_failure(pool: Pool) -> None:
    pool.two.tip = 7
    for _ in range(3):
        pool.one.fail("fee_quote", DOWN)
        pool.chain.fee_quote()
        pool.now += 2.1
    assert pool.chain.fee_quote().tip == 7  # three failures: four seconds
    pool.now += 2
    assert pool.chain.fee_quote().tip == 10**9


def test_where_all_rest_somebody_is_asked_all_the_same(pool: Pool) -> None:
    for fake in (pool.one, pool.two):
        fake.fail("nonce", DOWN)
    with pytest.raises(ChainUnavailable, match=r"no endpoint answered \(one: .*; two: "):
        pool.chain.nonce(SIGNER.address)
    assert pool.chain.nonce(SIGNER.address) == 0


def test_an_endpoint_on_another_chain_is_left_out_and_named(pool: Pool) -> None:
    pool.one.id = 5
    pool.two.tip = 7
    assert pool.chain.fee_quote().tip == 7
    assert "the chain id should be 31337 but is 5" in pool.chain.problems()["one"]
    pool.now += 30
    assert pool.chain.fee_quote().tip == 7


def test_where_all_are_another_chain_that_is_what_is_said(pool: Pool) -> None:
    pool.one.id = pool.two.id = 5
    with pytest.raises(WrongChain, match="the chain id"):
        pool.chain.nonce(SIGNER.address)


def test_a_chain_that_was_exchanged_during_an_outage_is_noticed(pool: Pool) -> None:
    pool.chain.fee_quote()
    pool.one.fail("fee_quote", DOWN)
    pool.chain.fee_quote()
    pool.one.id, pool.two.tip = 5, 7
    pool.now += 5
    assert pool.chain.fee_quote().tip == 7


def test_a_reading_stays_with_its_endpoint_and_fails_with_it(pool: Pool) -> None:
    pool.two.tip = 7
    with pool.chain.reading(), pool.chain.reading():
        assert pool.chain.fee_quote().tip == 10**9
        pool.one.fail("fee_quote", DOWN)
        with pytest.raises(ChainUnavailable):
            pool.chain.fee_quote()
    with pool.chain.reading():
        assert pool.chain.fee_quote().tip == 7


def test_an_endpoint_that_stands_still_is_passed_over(pool: Pool) -> None:
    pool.two.mine(4)
    with pool.chain.reading():
        head = pool.chain.block("latest")
    assert head is not None
    assert head.number == 4


def test_endpoints_that_differ_about_a_final_block_are_an_alarm_that_names_both(pool: Pool) -> None:
    for fake in (pool.one, pool.two):
        fake.mine(6)
    assert final_block(pool.chain, "tag") is not None
    pool.two.reorg(4)
    pool.two.mine()
    for ask in (lambda: pool.chain.block("finalized"), lambda: pool.chain.reading().__enter__()):
        with pytest.raises(EndpointsDisagree) as found:
            ask()
        assert (found.value.number, set(found.value.endpoints)) == (4, {"one", "two"})
        assert found.value.code == "chain.disagree"


def test_a_fork_above_the_final_block_is_no_alarm(pool: Pool) -> None:
    for fake in (pool.one, pool.two):
        fake.mine(6)
    pool.two.reorg(1)
    assert pool.chain.block("finalized") is not None


def test_finality_by_depth_is_compared_too() -> None:
    one, two = FakeChain(), FakeChain()
    one.mine(6)
    two.mine(2)
    two.reorg(1)
    two.mine(4)
    pool = PooledChain({"one": one, "two": two}, read_pins(one), "depth:3")
    with pytest.raises(EndpointsDisagree), pool.reading():
        pass


def test_a_transaction_goes_to_every_endpoint(pool: Pool) -> None:
    raw = pool.funded()
    assert pool.chain.send_raw(raw) == keccak256(raw)
    assert (pool.one.sent, pool.two.sent) == ([raw], [raw])


def test_one_endpoint_that_takes_it_is_enough(pool: Pool) -> None:
    raw = pool.funded()
    pool.one.fail("send_raw", DOWN)
    assert pool.chain.send_raw(raw) == keccak256(raw)
    pool.now += 2
    # The endpoint that was down takes it now; "already known" from the other is no failure.
    assert pool.chain.send_raw(raw) == keccak256(raw)
    with pytest.raises(SendRejected) as found:
        pool.chain.send_raw(raw)
    assert found.value.kind is Rejection.ALREADY_KNOWN


def test_a_transaction_that_nobody_took_is_refused_or_unknown(pool: Pool) -> None:
    raw = pool.funded()
    pool.one.set_balance(SIGNER.address, 0)
    pool.two.fail("send_raw", DOWN)
    with pytest.raises(SendRejected) as found:
        pool.chain.send_raw(raw)
    assert found.value.kind is Rejection.INSUFFICIENT_FUNDS
    for fake in (pool.one, pool.two):
        fake.fail("send_raw", DOWN)
    with pytest.raises(ChainUnavailable):
        pool.chain.send_raw(raw)


def test_an_error_answer_is_asked_elsewhere_and_is_no_outage(pool: Pool) -> None:
    pool.two.tip = 7
    pool.one.fail("fee_quote", RpcError("eth_feeHistory", -32000, "state is gone"))
    assert pool.chain.fee_quote().tip == 7
    assert pool.chain.problems() == {}
    for fake in (pool.one, pool.two):
        fake.fail("fee_quote", RpcError("eth_feeHistory", -32000, "state is gone"))
    with pytest.raises(RpcError, match="state is gone"):
        pool.chain.fee_quote()


def test_one_url_is_no_pool_and_hosts_are_named_without_their_paths() -> None:
    pins = Pins(1)
    assert not isinstance(open_pool(["http://127.0.0.1:1"], pins), PooledChain)
    pool = open_pool(["http://u:secret@127.0.0.1:1/key", "http://127.0.0.1:1/other"], pins)
    with pytest.raises(ChainUnavailable) as found:
        pool.chain_id()
    assert "secret" not in str(found.value)
    assert "127.0.0.1:1 (2): " in str(found.value)
