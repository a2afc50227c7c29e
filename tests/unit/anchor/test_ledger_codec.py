"""The binding without a chain: names, sentences, strictness; and the vocabulary of refusals."""

from __future__ import annotations

import subprocess
import sys

import pytest

from anchor.chain import (
    Block,
    ChainUnavailable,
    LogEntry,
    Rejection,
    Reverted,
    RpcError,
    WrongChain,
    classify_rejection,
)
from anchor.finality import final_block, parse_finality
from anchor.ledger import Ledger, call_data, ledger_abi
from anchor.ledger_abi import encode_values
from anchor.ledger_errors import decode_revert, explained
from anchor.ledger_events import ANCHORED_TOPIC, decode_event
from rootseal.errors import ConfigError, InputError
from tests.support.evidence_cases import anchored_log
from tests.support.fake_chain import FakeChain

ERRORS = sorted(ledger_abi().errors.values(), key=lambda entry: entry.name)
ZEROS = {"address": bytes(20), "bytes32": bytes(32)}


@pytest.mark.parametrize("name", [entry.name for entry in ERRORS])
def test_every_custom_error_has_a_sentence_with_its_values(name: str) -> None:
    entry = next(error for error in ERRORS if error.name == name)
    values = [ZEROS.get(kind, number) for number, kind in enumerate(entry.inputs, 3)]
    found = decode_revert(entry.selector + encode_values(name, entry.inputs, values))
    assert (found.name, found.arguments) == (name, dict(zip(entry.names, values, strict=True)))
    assert "{" not in str(found)
    assert "refused the call" not in str(found)


def test_the_built_in_errors_are_read() -> None:
    text = bytes.fromhex("08c379a0") + encode_values("Error", ["string"], ["too bad"])
    assert "too bad" in str(decode_revert(text))
    panic = decode_revert(bytes.fromhex("4e487b71") + (0x11).to_bytes(32))
    assert (panic.name, panic.arguments) == ("Panic", {"code": 17})


@pytest.mark.parametrize("data", [b"", b"\x01", b"\xde\xad\xbe\xef", ledger_abi().errors and ERRORS[0].selector])
def test_a_revert_that_nobody_knows_keeps_its_bytes(data: bytes) -> None:
    found = decode_revert(data)
    assert (found.name, found.data) == ("", data)
    named = Reverted("Known", {}, b"")
    assert explained(named) is named


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("anchor", (1, 2, 3, b"\x01" * 33)), ("anchor", (-1, 2, 3, bytes(32))), ("anchor", (1 << 64, 2, 3, bytes(32))),
     ("addKey", (1, "0x12", 1)), ("addKey", (1, bytes(20), 256)), ("anchor", (1, 2, 3)), ("register", (7, "", b""))],
)  # fmt: skip
def test_an_argument_that_does_not_fit_is_named(function: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(InputError, match=f"CredentialLedger.{function}"):
        call_data(function, *arguments)


def test_call_data_comes_back() -> None:
    data = call_data("addKey", 1, b"\x07" * 20, 3)
    assert ledger_abi().decode_call(data) == ("addKey", (1, b"\x07" * 20, 3))
    assert ledger_abi().decode_call(b"\x01\x02\x03\x04") is None
    assert ledger_abi().decode_call(b"") is None


def test_the_topic_that_offline_verification_knows_is_the_abis() -> None:
    assert ledger_abi().events[ANCHORED_TOPIC].name == "Anchored"
    decoded = decode_event(anchored_log())
    assert decoded.arguments["previousSize"] == 120


@pytest.mark.parametrize(
    "log",
    [anchored_log(topics=()), anchored_log(topics=(b"\x01" * 32,)), anchored_log(topics=anchored_log().topics[:3]),
     anchored_log(data=bytes(64)), anchored_log(data=bytes(128)), anchored_log(data=b"\xff" * 96)],
)  # fmt: skip
def test_an_event_that_does_not_fit_is_refused(log: LogEntry) -> None:
    with pytest.raises(ChainUnavailable):
        decode_event(log)


class Lying(FakeChain):
    """Answers every call with the same bytes."""

    answer = b""

    def call(self, *arguments: object, **more: object) -> bytes:
        return self.answer


@pytest.mark.parametrize("answer", [b"\x01", bytes(31), b"\xff" * 32, b"\xff" * 64, bytes(63)])
def test_an_answer_that_does_not_fit_is_refused(answer: bytes) -> None:
    chain = Lying()
    chain.answer = answer
    ledger = Ledger(chain, b"\x01" * 20)
    for ask in (lambda: ledger.head(1), lambda: ledger.issuer(1), lambda: ledger.status_words(1, 0, 500)):
        with pytest.raises((ChainUnavailable, WrongChain)):
            ask()


def test_an_address_that_does_not_answer_is_no_ledger() -> None:
    with pytest.raises(WrongChain, match="does not answer"):
        Ledger(Lying(), b"\x01" * 20).head(1)


def test_a_name_that_is_no_utf8_does_not_hide_the_issuer() -> None:
    good = encode_values("issuerOf", ledger_abi().functions["issuerOf"].outputs, [
        ("naive", "", bytes(20), bytes(20), 0, 0, 5, 0)
    ])  # fmt: skip
    chain = Lying()
    chain.answer = good.replace(b"naive", b"na\xffve")
    issuer = Ledger(chain, b"\x01" * 20).issuer(1)
    assert issuer is not None
    assert (issuer.name, issuer.registered_at) == ("na�ve", 5)


WORDINGS = {
    "already known": Rejection.ALREADY_KNOWN,
    "ALREADY_EXISTS: already known": Rejection.ALREADY_KNOWN,
    "transaction already imported": Rejection.ALREADY_KNOWN,
    "known transaction: 1234": Rejection.ALREADY_KNOWN,
    "Known transaction": Rejection.ALREADY_KNOWN,
    "AlreadyKnown": Rejection.ALREADY_KNOWN,
    "nonce too low: next nonce 5, tx nonce 4": Rejection.NONCE_TOO_LOW,
    "Nonce too low": Rejection.NONCE_TOO_LOW,
    "Transaction nonce 1 below sender account nonce 2": Rejection.NONCE_TOO_LOW,
    "OldNonce": Rejection.NONCE_TOO_LOW,
    "the tx doesn't have the correct nonce. account has nonce of: 3 tx has nonce of: 2": Rejection.NONCE_TOO_LOW,
    "Invalid transaction nonce: Expected 3, but got 2": Rejection.NONCE_TOO_LOW,
    "replacement transaction underpriced": Rejection.UNDERPRICED,
    "replacement transaction underpriced: new tx gas fee cap 1 <= 2 queued": Rejection.UNDERPRICED,
    "Transaction underpriced replacement": Rejection.UNDERPRICED,
    "ReplacementNotAllowed": Rejection.UNDERPRICED,
    "transaction underpriced: gas tip cap 1, minimum needed 25000000000": Rejection.FEE_TOO_LOW,
    "transaction underpriced": Rejection.FEE_TOO_LOW,
    "max fee per gas less than block base fee: address 0x, maxFeePerGas: 1": Rejection.FEE_TOO_LOW,
    "Gas price below configured minimum gas price": Rejection.FEE_TOO_LOW,
    "FeeTooLow, MaxFeePerGas too low": Rejection.FEE_TOO_LOW,
    "insufficient funds for gas * price + value: balance 0": Rejection.INSUFFICIENT_FUNDS,
    "Insufficient funds for gas * price + value": Rejection.INSUFFICIENT_FUNDS,
    "Upfront cost exceeds account balance": Rejection.INSUFFICIENT_FUNDS,
    "sender doesn't have enough funds to send tx": Rejection.INSUFFICIENT_FUNDS,
    "intrinsic gas too low": Rejection.OTHER,
    "txpool is full": Rejection.OTHER,
    "": Rejection.OTHER,
}


@pytest.mark.parametrize("message", WORDINGS)
def test_the_nodes_wordings_are_one_vocabulary(message: str) -> None:
    assert classify_rejection(message) is WORDINGS[message]


@pytest.mark.parametrize(
    "text", ["", "tags", "depth", "depth:", "depth:0", "depth:01", "depth:-1", "depth:1e3", "depth:１"]
)
def test_a_finality_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="finality: must be tag or depth:N"):
        parse_finality(text)


def test_the_final_block_by_tag_and_by_depth() -> None:
    chain = FakeChain(finality_lag=4)

    def number(finality: str) -> int | None:
        found: Block | None = final_block(chain, finality)
        return None if found is None else found.number

    assert (number("tag"), number("depth:1")) == (0, None)
    chain.mine(9)
    assert (number("tag"), number("depth:3"), number("depth:9"), number("depth:10")) == (5, 6, 0, None)


def test_a_node_without_the_tag_says_the_way_out() -> None:
    chain = FakeChain()
    chain.fail("block", RpcError("eth_getBlockByNumber", -32602, "unknown tag finalized"))
    with pytest.raises(ChainUnavailable, match="set finality to depth:N"):
        final_block(chain, "tag")


def test_offline_verification_loads_neither_web3_nor_the_abi() -> None:
    heavy = "{'web3', 'eth_abi', 'rlp', 'trie', 'eth_account'}"
    code = f"import anchor.evidence, sys; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_chain_is_only_opened_by_those_who_import_web3() -> None:
    code = "import anchor.sender, anchor.reader, anchor.deploying, sys; print('web3' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
