"""Evidence that is right, and every way in which it is wrong, each with its own sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchor.chain import LogEntry
from anchor.evidence import check, encode_header
from anchor.ledger_events import ANCHORED_TOPIC, issuer_topic
from anchor.receipt_proof import decode_rlp, encode_receipt, encode_rlp, proven_receipt
from rootseal.anchoring import Anchor, BlockRef, Evidence
from rootseal.ethereum import keccak256
from tests.support import evidence_cases as cases
from tests.support.evidence_cases import a_receipt, anchored_log, foreign_log, made, usual

USUAL = usual()


def problem(anchor: Anchor, evidence: Evidence) -> str | None:
    return check(anchor, evidence).problem


def test_the_usual_case_is_proven_and_names_the_key() -> None:
    fact = check(*USUAL)
    assert (fact.problem, fact.key, fact.trusted_hash) == (None, cases.KEY, False)
    assert check(*USUAL, trusted_hash=True).trusted_hash


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
def test_every_receipt_type_is_read(kind: int) -> None:
    assert problem(*made([a_receipt([anchored_log()], kind=kind)], (0, 0))) is None


@pytest.mark.parametrize("count", [1, 2, 16, 17, 128, 129, 300])
def test_tries_of_every_shape_are_proven(count: int) -> None:
    receipts = [a_receipt(index=n) for n in range(count)]
    for index in {0, 1, count // 2, count - 1} & set(range(count)):
        changed = [*receipts]
        changed[index] = a_receipt([anchored_log()], index=index)
        assert problem(*made(changed, (index, 0))) is None


FORKS: list[tuple[str, list[str]]] = [
    ("paris and before", ["baseFeePerGas"]),
    ("london", ["withdrawalsRoot"]),
    ("shanghai", ["blobGasUsed"]),
    ("cancun", ["requestsHash"]),
]


@pytest.mark.parametrize(("fork", "absent"), FORKS, ids=[name for name, _ in FORKS])
def test_headers_of_every_fork(fork: str, absent: list[str]) -> None:
    lengths = {"paris and before": 15, "london": 16, "shanghai": 17, "cancun": 20}
    anchor, evidence = made([a_receipt([anchored_log()])], (0, 0), **dict.fromkeys(absent))
    assert problem(anchor, evidence) is None
    assert len(decode_rlp(evidence.header)) == lengths[fork]


@pytest.mark.parametrize("name", ["parentHash", "miner", "logsBloom", "nonce", "receiptsRoot", "number", "mixHash"])
@pytest.mark.parametrize("value", [None, "0x12", "", "zz", 7])
def test_headers_that_are_not_standard_cannot_be_encoded(name: str, value: object) -> None:
    if name == "number" and value == "0x12":
        return
    assert encode_header(cases.header_fields(bytes(32)) | {name: value}) is None


def other_anchor(**changes: Any) -> Callable[[Anchor, Evidence], tuple[Anchor, Evidence]]:
    return lambda anchor, evidence: (replace(anchor, **changes), evidence)


def other_block(**changes: Any) -> Callable[[Anchor, Evidence], tuple[Anchor, Evidence]]:
    return lambda anchor, evidence: (replace(anchor, block=replace(anchor.block, **changes)), evidence)


def other_evidence(**changes: Any) -> Callable[[Anchor, Evidence], tuple[Anchor, Evidence]]:
    return lambda anchor, evidence: (anchor, replace(evidence, **changes))


def rehashed(header: bytes) -> Callable[[Anchor, Evidence], tuple[Anchor, Evidence]]:
    """Another header, whose hash the anchor's block claims."""

    def change(anchor: Anchor, evidence: Evidence) -> tuple[Anchor, Evidence]:
        block = BlockRef(anchor.block.number, keccak256(header), anchor.block.timestamp)
        return replace(anchor, block=block), replace(evidence, header=header)

    return change


def other_proof(change: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]) -> Any:
    return lambda anchor, evidence: (anchor, replace(evidence, receipt_proof=change(evidence.receipt_proof)))


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


HEADER = USUAL[1].header
FIELDS = decode_rlp(HEADER)
NODES = "the receipt proof is not made of RLP nodes"
CASES: dict[str, tuple[Any, str]] = {
    "header altered": (other_evidence(header=flipped(HEADER)), "the header does not hash to the block hash"),
    "block hash of another block": (other_block(hash=b"\x01" * 32), "the header does not hash to the block hash"),
    "header empty": (other_evidence(header=b""), "the header does not hash to the block hash"),
    "header too long": (rehashed(b"\x00" * 4097), "the header is too long"),
    "header not RLP": (rehashed(b"\xf9\xff"), "the header is not RLP"),
    "header with bytes behind": (rehashed(HEADER + b"\x00"), "the header is not RLP"),
    "header a string": (rehashed(encode_rlp(b"abc")), "the header is not a list of at least 15 fields"),
    "header short": (rehashed(encode_rlp(FIELDS[:14])), "the header is not a list of at least 15 fields"),
    "header nested": (rehashed(encode_rlp([[], *FIELDS[1:]])), "the header is not a list of at least 15 fields"),
    "receiptsRoot short": (
        rehashed(encode_rlp([*FIELDS[:5], b"\x01", *FIELDS[6:]])),
        "the header's receiptsRoot is not 32 bytes",
    ),
    "number differs": (other_block(number=18), "the header has another block number"),
    "timestamp differs": (other_block(timestamp=cases.TIME + 1), "the header has another timestamp"),
    "receipt index negative": (other_evidence(receipt_index=-1), "the receipt index is out of range"),
    "receipt index huge": (other_evidence(receipt_index=1 << 40), "the receipt index is out of range"),
    "receipt index of another": (
        other_evidence(receipt_index=16),
        "a node of the receipt proof does not hash to what refers to it",
    ),
    "proof empty": (other_evidence(receipt_proof=()), "the receipt proof is too long or empty"),
    "proof of too many nodes": (other_proof(lambda p: p * 9), "the receipt proof is too long or empty"),
    "proof node huge": (other_proof(lambda p: (p[0], bytes(1 << 21))), "the receipt proof is too long or empty"),
    "root node missing": (
        other_proof(lambda p: p[1:]),
        "a node of the receipt proof does not hash to what refers to it",
    ),
    "leaf missing": (other_proof(lambda p: p[:-1]), "the receipt proof does not lead to the receipt"),
    "nodes out of order": (
        other_proof(lambda p: p[::-1]),
        "a node of the receipt proof does not hash to what refers to it",
    ),
    "node altered": (
        other_proof(lambda p: (*p[:-1], flipped(p[-1]))),
        "a node of the receipt proof does not hash to what refers to it",
    ),
    "node to spare": (other_proof(lambda p: (*p, p[-1])), "the receipt proof has nodes to spare"),
    "log index beyond": (other_evidence(log_index=4), "the receipt has no event at the log index"),
    "log index negative": (other_evidence(log_index=-1), "the receipt has no event at the log index"),
    "log index of a foreign event": (other_evidence(log_index=0), "the event is another contract's"),
    "ledger differs": (
        lambda a, e: (replace(a, home=replace(a.home, ledger=b"\x77" * 20)), e),
        "the event is another contract's",
    ),
    "issuer differs": (lambda a, e: (replace(a, home=replace(a.home, issuer=2)), e), "the event has another issuer"),
    "sequence differs": (other_anchor(sequence=4), "the event has another sequence"),
    "size differs": (other_anchor(size=151), "the event has another size"),
    "previousSize differs": (other_anchor(previous_size=0), "the event has another previousSize"),
    "root differs": (other_anchor(root=b"\x0d" * 32), "the event has another root"),
}


@pytest.mark.parametrize("name", CASES)
def test_wrong_evidence_says_what_is_wrong(name: str) -> None:
    change, sentence = CASES[name]
    assert problem(*change(*USUAL)) == sentence


def test_the_only_receipt_is_not_at_another_index() -> None:
    anchor, evidence = made([a_receipt([anchored_log()])], (0, 0))
    sentence = "the receipt proof leads to another receipt index"
    assert problem(anchor, replace(evidence, receipt_index=1)) == sentence


def test_a_failed_transaction_proves_nothing() -> None:
    sentence = "the receipt says that the transaction failed"
    assert problem(*made([a_receipt([anchored_log()], status=0)], (0, 0))) == sentence


def test_a_block_wide_log_index_is_not_accepted() -> None:
    """JSON-RPC's logIndex counts over the block; evidence counts within the receipt."""
    receipts = [a_receipt([foreign_log()] * 2), a_receipt([anchored_log()], index=1)]
    anchor, evidence = made(receipts, (1, 0))
    assert problem(anchor, evidence) is None
    assert problem(anchor, replace(evidence, log_index=2)) == "the receipt has no event at the log index"


EVENTS: dict[str, tuple[LogEntry, str]] = {
    "another event": (
        anchored_log(topics=(b"\x01" * 32, issuer_topic(1), issuer_topic(3), cases.ROOT)),
        "the event is not Anchored",
    ),
    "topic missing": (anchored_log(topics=anchored_log().topics[:3]), "the event is not Anchored"),
    "no topics": (anchored_log(topics=()), "the event is not Anchored"),
    "data short": (anchored_log(data=bytes(95)), "the Anchored event has the wrong length"),
    "data long": (anchored_log(data=bytes(128)), "the Anchored event has the wrong length"),
    "padding of the key dirty": (
        anchored_log(data=anchored_log().data[:64] + b"\x01" * 32),
        "the Anchored event has values that do not fit their types",
    ),
    "size beyond 64 bits": (
        anchored_log(data=b"\xff" * 32 + anchored_log().data[32:]),
        "the Anchored event has values that do not fit their types",
    ),
    "issuer beyond 64 bits": (
        anchored_log(topics=(ANCHORED_TOPIC, b"\xff" * 32, issuer_topic(3), cases.ROOT)),
        "the Anchored event has values that do not fit their types",
    ),
}


@pytest.mark.parametrize("name", EVENTS)
def test_events_that_are_not_the_anchor(name: str) -> None:
    log, sentence = EVENTS[name]
    assert problem(*made([a_receipt([log])], (0, 0))) == sentence


def one_leaf(receipt: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """A trie of one leaf at index 0 (key 0x80) with any bytes as its value."""
    node = encode_rlp([b"\x20\x80", receipt])
    return keccak256(node), (node,)


@pytest.mark.parametrize(
    ("receipt", "sentence"),
    [
        (b"", "the block has no receipt at the receipt index"),
        (b"\x02", NODES),
        (b"\x02\xff", NODES),
        (encode_rlp([b"\x01"]), "the receipt is not one that this version knows"),
        (encode_rlp([bytes(32), b"", bytes(256), []]), "the receipt is not one that this version knows"),
        (b"\x7e" + encode_rlp([b"\x01", b"", b"", [], b"", b""]), "the receipt is not one that this version knows"),
        (encode_rlp([b"\x01", b"", b"", [[b"", []]]]), NODES),
        (encode_rlp([b"\x01", b"", b"", [[b"", b"ab", b""]]]), NODES),
        (encode_rlp([b"\x01", b"", b"", b"abc"]), NODES),
    ],
)
def test_receipts_that_are_no_receipts(receipt: bytes, sentence: str) -> None:
    root, proof = one_leaf(receipt)
    assert proven_receipt(root, 0, proof) == sentence


@pytest.mark.parametrize(
    "node",
    [b"", b"\x80", encode_rlp([b"\x20\x80"]), encode_rlp([b"\x40\x80", b"x"]), encode_rlp([b"", b"x"]),
     encode_rlp([b"\x21\x80", b"x"]), encode_rlp([b"\x2f\x80", b"x"]), encode_rlp([[], b"x"]),
     encode_rlp([b"\x20\x80", [b"x"]]), encode_rlp([b""] * 17), encode_rlp([b"\x00\x80", b"x"])],
)  # fmt: skip
def test_nodes_that_are_no_nodes_never_raise(node: bytes) -> None:
    assert isinstance(proven_receipt(keccak256(node), 0, (node,)), str)


def test_deeply_nested_rlp_never_raises() -> None:
    node = b"\xc0"
    for _ in range(5000):
        length = len(node)
        size = length.to_bytes((length.bit_length() + 7) // 8)
        node = (bytes([0xC0 + length]) if length < 56 else bytes([0xF7 + len(size)]) + size) + node
    assert isinstance(proven_receipt(keccak256(node), 0, (node,)), str)


@settings(max_examples=300)
@given(st.data())
def test_no_changed_byte_is_accepted(data: st.DataObject) -> None:
    anchor, evidence = USUAL
    parts = [evidence.header, *evidence.receipt_proof]
    part = data.draw(st.integers(0, len(parts) - 1))
    position = data.draw(st.integers(0, len(parts[part]) - 1))
    changed = bytearray(parts[part])
    changed[position] ^= data.draw(st.integers(1, 255))
    parts[part] = bytes(changed)
    assert problem(anchor, replace(evidence, header=parts[0], receipt_proof=tuple(parts[1:]))) is not None


@settings(max_examples=300)
@given(
    st.binary(max_size=600),
    st.integers(-(2**70), 2**70),
    st.lists(st.binary(max_size=200), max_size=20),
    st.integers(-(2**70), 2**70),
)
def test_hostile_bytes_never_raise(header: bytes, index: int, proof: list[bytes], log_index: int) -> None:
    anchor, _ = USUAL
    evidence = Evidence(header, index, tuple(proof), log_index)
    assert problem(anchor, evidence) is not None
    claimed = replace(anchor, block=replace(anchor.block, hash=keccak256(header)))
    assert problem(claimed, evidence) is not None
    if proof:
        assert isinstance(proven_receipt(keccak256(proof[0]), index, proof), str)


def test_encoding_a_receipt_is_what_the_yellow_paper_says() -> None:
    receipt = a_receipt([foreign_log()], kind=0)
    fields = decode_rlp(encode_receipt(receipt))
    assert fields == [b"\x01", (21_000).to_bytes(2), bytes(256), [[b"\x77" * 20, [b"\x01" * 32], b""]]]
    assert encode_receipt(a_receipt([foreign_log()], kind=2)) == b"\x02" + encode_receipt(receipt)
