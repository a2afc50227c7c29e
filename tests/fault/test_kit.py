"""The kit itself: its flawed geth does what it says, or what was survived means nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from anchor.chain import ChainUnavailable, Fees, Rejection, SendRejected, TransactionRequest
from anchor.keys import signer_from_secret
from anchor.web3_chain import open_chain
from tests.support.drivers import anvil
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.geth_rules import Client, GethRules

SIGNER = signer_from_secret(bytes([7]) * 32)
GWEI = 10**9


def raw(nonce: int, max_fee: int = 10 * GWEI, tip: int = 2 * GWEI) -> bytes:
    request = TransactionRequest(31337, nonce, SIGNER.address, b"", 60_000, Fees(max_fee, tip))
    return SIGNER.sign_transaction(request).raw


@pytest.mark.parametrize(
    ("max_fee", "tip", "taken"),
    [(109, 109, False), (110, 109, False), (109, 110, False), (110, 110, True), (112, 113, True)],
)
def test_a_replacement_needs_ten_per_cent_more_of_both_fees(max_fee: int, tip: int, taken: bool) -> None:
    rules = GethRules()
    rules.taken(raw(0, 100 * GWEI, 100 * GWEI))
    refusal = rules.refusal(raw(0, max_fee * GWEI, tip * GWEI))
    assert (refusal is None) == taken
    assert rules.refusal(raw(1, GWEI, GWEI)) is None  # another nonce is no replacement


@pytest.mark.parametrize(
    ("client", "said"),
    [
        ("geth", ["already known", "nonce too low: next nonce 5, tx nonce 4"]),
        ("besu", ["Known transaction", "Nonce too low"]),
    ],
)
def test_the_client_speaks_in_its_own_words(client: Client, said: list[str]) -> None:
    rules = GethRules(client)
    rules.taken(raw(0))
    again = rules.refusal(raw(0))
    assert again is not None
    assert again["message"] == said[0]
    assert rules.translated({"code": -32003, "message": "nonce too low"})["message"] == said[1]
    other: dict[str, Any] = {"code": -32000, "message": "out of cheese"}
    assert rules.translated(other) == other


@pytest.fixture
def proxy() -> Iterator[FaultyProxy]:
    with anvil("the fault kit's proxy", "--slots-in-an-epoch", "1") as url, FaultyProxy(url) as made:
        made.direct("evm_setAutomine", False)
        made.direct("anvil_setBalance", "0x" + SIGNER.address.hex(), hex(10**21))
        yield made


def pending(proxy: FaultyProxy) -> int:
    return int(proxy.direct("txpool_status")["pending"], 16)


def mined(proxy: FaultyProxy) -> int:
    return int(proxy.direct("eth_getTransactionCount", "0x" + SIGNER.address.hex(), "latest"), 16)


def test_over_the_wire_a_cheap_replacement_is_refused(proxy: FaultyProxy) -> None:
    chain = open_chain(proxy.url)
    chain.send_raw(raw(0))
    with pytest.raises(SendRejected) as refused:
        chain.send_raw(raw(0, 10 * GWEI + GWEI // 2, 2 * GWEI + GWEI // 10))
    assert refused.value.kind is Rejection.UNDERPRICED
    chain.send_raw(raw(0, 11 * GWEI, 3 * GWEI))
    assert pending(proxy) == 1


@pytest.mark.parametrize(("orphans", "back"), [(True, 1), (False, 0)])
def test_after_a_reorganisation_its_transaction_is_in_the_pool_again(
    proxy: FaultyProxy, orphans: bool, back: int
) -> None:
    open_chain(proxy.url).send_raw(raw(0))
    proxy.mine()
    assert (mined(proxy), pending(proxy)) == (1, 0)
    proxy.reorg(1, orphans=orphans)
    assert (mined(proxy), pending(proxy)) == (0, back)
    proxy.mine()
    assert mined(proxy) == back


@pytest.mark.parametrize(("kind", "arrived"), [("lose_request", 0), ("error", 0), ("lose_response", 1)])
def test_what_is_lost_is_lost_where_it_says(proxy: FaultyProxy, kind: Any, arrived: int) -> None:
    proxy.script("eth_sendRawTransaction", Fault(kind), Fault(kind), Fault(kind))
    with pytest.raises((ChainUnavailable, SendRejected)):
        open_chain(proxy.url).send_raw(raw(0))
    assert pending(proxy) == arrived


def test_a_stale_head_hides_the_newest_blocks_and_what_they_hold(proxy: FaultyProxy) -> None:
    chain = open_chain(proxy.url)
    sent = chain.send_raw(raw(0))
    proxy.mine()
    head = int(proxy.direct("eth_blockNumber"), 16)
    assert chain.receipt(sent) is not None
    proxy.stale = 1
    latest = chain.block("latest")
    assert latest is not None
    assert latest.number == head - 1
    assert chain.receipt(sent) is None
