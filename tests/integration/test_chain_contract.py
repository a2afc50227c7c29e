"""What every `Chain` must do: the fake, the embedded chain, Anvil and a pool pass the same tests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from anchor.chain import (
    Chain,
    Fees,
    LogEntry,
    Rejection,
    Reverted,
    SendRejected,
    TransactionRequest,
)
from anchor.deploying import deploy, deploy_unlocked, fund, is_development_chain, wait_for_receipt
from anchor.keys import Signer, signer_from_secret
from anchor.ledger import call_data, ledger_abi
from anchor.ledger_errors import explained
from anchor.ledger_events import ANCHORED_TOPIC, issuer_topic
from rootseal.ethereum import keccak256
from tests.support.drivers import ENGINES, open_engine
from tests.support.signed_calls import registered, request_for, send

LEFT_OUT = "the chain contract on Anvil"
ETHER = 10**18
_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=[*ENGINES, "pool"])
def chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    with open_engine(request.param, folder, LEFT_OUT) as opened:
        yield opened


@pytest.fixture(scope="module")
def ledger(chain: Chain) -> bytes:
    return deploy_unlocked(chain).address


@pytest.fixture
def signer(chain: Chain) -> Signer:
    """A funded key that nobody used before."""
    made = signer_from_secret(keccak256(b"key" + bytes([next(_numbers)])))
    fund(chain, made.address, ETHER)
    return made


def test_it_is_a_development_chain_and_has_an_id(chain: Chain) -> None:
    assert is_development_chain(chain)
    assert chain.chain_id() > 0


def test_blocks_are_linked_and_tags_are_ordered(chain: Chain, ledger: bytes) -> None:
    head, final, first = chain.block("latest"), chain.block("finalized"), chain.block(0)
    assert head is not None
    assert final is not None
    assert first is not None
    assert first.number <= final.number <= head.number
    parent = chain.block(head.number - 1)
    assert parent is not None
    assert (head.parent_hash, parent.timestamp <= head.timestamp) == (parent.hash, True)
    assert first == chain.block("earliest")


def test_a_block_beyond_the_head_is_none(chain: Chain) -> None:
    head = chain.block("latest")
    assert head is not None
    assert chain.block(head.number + 1000) is None


def test_the_deployed_code_is_the_artifacts(chain: Chain, ledger: bytes) -> None:
    assert keccak256(chain.code(ledger)) == ledger_abi().code_hash
    assert chain.code(b"\x42" * 20) == b""


def test_a_key_can_deploy(chain: Chain, signer: Signer) -> None:
    announced: list[bytes] = []
    deployment = deploy(chain, signer, announce=lambda hash_, raw: announced.append(hash_))
    assert keccak256(chain.code(deployment.address)) == ledger_abi().code_hash
    assert announced == [deployment.transaction]


def test_money_and_nonces_are_counted(chain: Chain, signer: Signer) -> None:
    assert (chain.balance(signer.address), chain.nonce(signer.address)) == (ETHER, 0)
    send(chain, signer, signer.address, b"")
    assert chain.nonce(signer.address) == 1
    assert 0 < chain.balance(signer.address) < ETHER


def test_a_call_answers_and_an_account_without_code_answers_nothing(chain: Chain, ledger: bytes) -> None:
    assert chain.call(ledger, call_data("head", 1)) == bytes(64)
    assert chain.call(b"\x42" * 20, call_data("head", 1)) == b""


def test_state_is_served_at_a_past_block(chain: Chain, ledger: bytes, signer: Signer) -> None:
    issuer = registered(chain, signer, ledger)
    receipt = send(chain, signer, ledger, call_data("anchor", issuer, 1, 10, b"\x01" * 32))
    query = call_data("head", issuer)
    assert chain.call(ledger, query, receipt.block_number - 1) == bytes(64)
    assert chain.call(ledger, query, receipt.block_number) == issuer_topic(1) + issuer_topic(10)
    assert chain.call(ledger, query, "latest") == issuer_topic(1) + issuer_topic(10)


def test_a_revert_names_the_contracts_error(chain: Chain, ledger: bytes, signer: Signer) -> None:
    issuer = registered(chain, signer, ledger)
    data = call_data("anchor", issuer, 2, 10, b"\x01" * 32)
    for refused in (
        lambda: chain.call(ledger, data, "latest", signer.address),
        lambda: chain.estimate_gas(signer.address, ledger, data),
    ):
        with pytest.raises(Reverted) as found:
            refused()
        error = explained(found.value)
        assert (error.name, error.arguments) == ("WrongSequence", {"sequence": 2, "expected": 1})
        assert "not the next one" in str(error)


def test_gas_is_estimated(chain: Chain, ledger: bytes, signer: Signer) -> None:
    data = call_data("register", "University", "", bytes(32))
    assert 21_000 < chain.estimate_gas(signer.address, ledger, data) < 500_000


def test_a_receipt_tells_block_status_and_logs(chain: Chain, ledger: bytes, signer: Signer) -> None:
    issuer = registered(chain, signer, ledger)
    receipt = send(chain, signer, ledger, call_data("anchor", issuer, 1, 10, b"\x01" * 32))
    block = chain.block(receipt.block_number)
    assert block is not None
    assert (receipt.status, receipt.kind, receipt.block_hash) == (1, 2, block.hash)
    assert receipt.transaction in block.transactions
    (log,) = receipt.logs
    assert log.address == ledger
    assert log.topics == (ANCHORED_TOPIC, issuer_topic(issuer), issuer_topic(1), b"\x01" * 32)
    assert len(log.data) == 96
    assert (log.block_hash, log.transaction) == (block.hash, receipt.transaction)
    assert receipt in chain.block_receipts(block)


def test_a_transaction_that_reverts_is_mined_with_status_zero(chain: Chain, ledger: bytes, signer: Signer) -> None:
    issuer = registered(chain, signer, ledger)
    receipt = send(chain, signer, ledger, call_data("anchor", issuer, 7, 10, b"\x01" * 32))
    assert (receipt.status, receipt.logs) == (0, ())


def test_an_unknown_transaction_has_no_receipt(chain: Chain) -> None:
    assert chain.receipt(b"\x42" * 32) is None


def test_logs_are_filtered_by_topic_and_block(chain: Chain, ledger: bytes, signer: Signer) -> None:
    issuer = registered(chain, signer, ledger)
    receipts = [send(chain, signer, ledger, call_data("anchor", issuer, n, 10 * n, bytes([n]) * 32)) for n in (1, 2, 3)]
    first, last = receipts[0].block_number, receipts[-1].block_number

    def sequences(low: int, high: int, *topics: bytes | list[bytes] | None) -> list[int]:
        found: tuple[LogEntry, ...] = chain.logs(ledger, topics, low, high)
        return [int.from_bytes(log.topics[2]) for log in found if log.topics[0] == ANCHORED_TOPIC]

    assert sequences(first, last, ANCHORED_TOPIC, issuer_topic(issuer)) == [1, 2, 3]
    assert sequences(first, first, ANCHORED_TOPIC, issuer_topic(issuer)) == [1]
    assert sequences(first, last, None, issuer_topic(issuer), [issuer_topic(3), issuer_topic(2)]) == [2, 3]
    assert chain.logs(b"\x42" * 20, [ANCHORED_TOPIC], first, last) == ()


def test_the_same_bytes_again_are_refused_as_known_or_spent(chain: Chain, signer: Signer) -> None:
    signed = signer.sign_transaction(request_for(chain, signer, signer.address, b""))
    chain.send_raw(signed.raw)
    wait_for_receipt(chain, signed.hash, timeout=20)
    with pytest.raises(SendRejected) as found:
        chain.send_raw(signed.raw)
    assert found.value.kind in (Rejection.ALREADY_KNOWN, Rejection.NONCE_TOO_LOW)


def test_a_spent_nonce_is_too_low(chain: Chain, signer: Signer) -> None:
    request = request_for(chain, signer, signer.address, b"")
    wait_for_receipt(chain, chain.send_raw(signer.sign_transaction(request).raw), timeout=20)
    other = TransactionRequest(request.chain_id, 0, signer.address, b"\x01", 60_000, request.fees)
    with pytest.raises(SendRejected) as found:
        chain.send_raw(signer.sign_transaction(other).raw)
    assert found.value.kind is Rejection.NONCE_TOO_LOW


def test_a_key_without_money_is_refused(chain: Chain) -> None:
    poor = signer_from_secret(keccak256(b"poor"))
    with pytest.raises(SendRejected) as found:
        chain.send_raw(poor.sign_transaction(request_for(chain, poor, poor.address, b"")).raw)
    assert found.value.kind is Rejection.INSUFFICIENT_FUNDS


def test_a_legacy_transaction_is_taken(chain: Chain, signer: Signer) -> None:
    price = chain.fee_quote().gas_price * 2
    fees = Fees(price, price, legacy=True)
    request = TransactionRequest(chain.chain_id(), 0, signer.address, b"", 60_000, fees)
    signed = signer.sign_transaction(request)
    chain.send_raw(signed.raw)
    assert wait_for_receipt(chain, signed.hash, timeout=20).kind == 0


def test_the_quote_gets_a_transaction_mined(chain: Chain) -> None:
    quote = chain.fee_quote()
    assert quote.base_fee is not None
    assert quote.gas_price == quote.base_fee + quote.tip
