"""What ties an entry to its log and its log to a chain, as it stands in files (DESIGN §4).

Consensus-critical. Reading is strict; `to_json` gives back what was read.
"""

from __future__ import annotations

from dataclasses import dataclass

from rootseal.canonical import Json
from rootseal.commitment import Home, parse_chain
from rootseal.errors import InputError
from rootseal.ethereum import address_text, signature_problem
from rootseal.strict import array, ethereum_hex, hex_bytes, integer, members, nullable, seconds

__all__ = [
    "MAX_ANCHORS",
    "MAX_INDEX",
    "Anchor",
    "BlockRef",
    "Evidence",
    "Promise",
    "Proofs",
    "home_json",
    "parse_home",
    "signature",
]

MAX_INDEX = (1 << 48) - 1
MAX_ANCHORS = 64
_MAX_PATH = 48


@dataclass(frozen=True, slots=True)
class BlockRef:
    """The block that a file names for an anchor; `timestamp` in UTC seconds."""

    number: int
    hash: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """An RLP block header and the trie proof of the anchoring receipt; `log_index` counts within that receipt."""

    header: bytes
    receipt_index: int
    receipt_proof: tuple[bytes, ...]
    log_index: int


@dataclass(frozen=True, slots=True)
class Promise:
    """A signed checkpoint and the entry's path in it; times in UTC seconds, signature 65 bytes."""

    size: int
    root: bytes
    path: tuple[bytes, ...]
    signed_at: int
    anchor_by: int
    signature: bytes

    def to_json(self) -> Json:
        """The member `promise`."""
        return {
            "size": self.size,
            "root": self.root.hex(),
            "path": [node.hex() for node in self.path],
            "signedAt": self.signed_at,
            "anchorBy": self.anchor_by,
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def from_json(cls, value: Json, where: str) -> Promise:
        """Strictly read; raises `InputError` naming the member."""
        m = members(value, where, ("size", "root", "path", "signedAt", "anchorBy", "signature"))
        return cls(
            _size(m["size"], f"{where}.size"),
            hex_bytes(m["root"], f"{where}.root", 32),
            _path(m["path"], f"{where}.path"),
            seconds(m["signedAt"], f"{where}.signedAt"),
            seconds(m["anchorBy"], f"{where}.anchorBy"),
            signature(m["signature"], f"{where}.signature"),
        )


@dataclass(frozen=True, slots=True)
class Anchor:
    """One final anchor whose log holds the entry: at home, or on another ledger as a witness of existence.

    `transaction` is only a locator: bound by nothing.
    """

    home: Home
    sequence: int
    size: int
    previous_size: int
    root: bytes
    path: tuple[bytes, ...]
    transaction: bytes
    block: BlockRef
    evidence: Evidence | None

    def introduces(self, index: int) -> bool:
        """True iff the entry at `index` first appeared in this anchor."""
        return self.previous_size <= index < self.size

    def to_json(self) -> Json:
        """One element of `anchors`."""
        return {
            **home_json(self.home),
            "sequence": self.sequence,
            "size": self.size,
            "previousSize": self.previous_size,
            "root": self.root.hex(),
            "path": [node.hex() for node in self.path],
            "transaction": "0x" + self.transaction.hex(),
            "block": {
                "number": self.block.number,
                "hash": "0x" + self.block.hash.hex(),
                "timestamp": self.block.timestamp,
            },
            "evidence": None if self.evidence is None else _evidence_json(self.evidence),
        }

    @classmethod
    def from_json(cls, value: Json, where: str) -> Anchor:
        """Strictly read; raises `InputError` naming the member."""
        own = ("sequence", "size", "previousSize", "root", "path", "transaction", "block", "evidence")
        m = members(value, where, ("chain", "ledger", "issuer", *own))
        block = members(m["block"], f"{where}.block", ("number", "hash", "timestamp"))
        size = _size(m["size"], f"{where}.size")
        return cls(
            parse_home({name: m[name] for name in ("chain", "ledger", "issuer")}, where),
            integer(m["sequence"], f"{where}.sequence", 1),
            size,
            integer(m["previousSize"], f"{where}.previousSize", 0, size - 1),
            hex_bytes(m["root"], f"{where}.root", 32),
            _path(m["path"], f"{where}.path"),
            ethereum_hex(m["transaction"], f"{where}.transaction", 32),
            BlockRef(
                integer(block["number"], f"{where}.block.number"),
                ethereum_hex(block["hash"], f"{where}.block.hash", 32),
                seconds(block["timestamp"], f"{where}.block.timestamp"),
            ),
            nullable(m["evidence"], f"{where}.evidence", _evidence),
        )


@dataclass(frozen=True, slots=True)
class Proofs:
    """Where an entry stands in its home log, and what shows it: the members `index`, `promise`, `anchors`."""

    index: int
    promise: Promise | None
    anchors: tuple[Anchor, ...]

    def to_json(self) -> dict[str, Json]:
        """The three members."""
        return {
            "index": self.index,
            "promise": None if self.promise is None else self.promise.to_json(),
            "anchors": [anchor.to_json() for anchor in self.anchors],
        }

    @classmethod
    def from_json(cls, value: dict[str, Json], where: str) -> Proofs:
        """From an object that holds the three members (and others); raises `InputError` naming the member."""
        anchors = array(value["anchors"], f"{where}.anchors", Anchor.from_json, 0, MAX_ANCHORS)
        if len({(*anchor.home.key, anchor.root) for anchor in anchors}) != len(anchors):
            # A ledger takes a root once; told twice, one account could borrow the evidence of the other.
            raise InputError(f"{where}.anchors", "must not name one publication twice")
        return cls(
            integer(value["index"], f"{where}.index", 0, MAX_INDEX),
            nullable(value["promise"], f"{where}.promise", Promise.from_json),
            anchors,
        )

    def at(self, home: Home) -> tuple[Anchor, ...]:
        """The anchors on the home ledger: the only ones that checks 4 to 6 look at."""
        return tuple(anchor for anchor in self.anchors if anchor.home == home)

    def introducing(self, home: Home) -> Anchor | None:
        """The home anchor with previousSize ≤ index < size, if the file holds it."""
        return next((anchor for anchor in self.at(home) if anchor.introduces(self.index)), None)


def parse_home(value: Json, where: str) -> Home:
    """The members `chain`, `ledger`, `issuer`, strictly: the ledger in lower case."""
    m = members(value, where, ("chain", "ledger", "issuer"))
    return Home(
        parse_chain(m["chain"], f"{where}.chain"),
        ethereum_hex(m["ledger"], f"{where}.ledger", 20),
        integer(m["issuer"], f"{where}.issuer", 1),
    )


def home_json(home: Home) -> dict[str, Json]:
    """`{"chain","ledger","issuer"}`."""
    return {"chain": home.chain, "ledger": address_text(home.ledger), "issuer": home.issuer}


def signature(value: Json, where: str) -> bytes:
    """65 bytes r‖s‖v with v 27 or 28 and low s, else refused."""
    raw = ethereum_hex(value, where, 65)
    problem = signature_problem(raw)
    if problem is not None:
        raise InputError(where, problem, value)
    return raw


def _size(value: Json, where: str) -> int:
    return integer(value, where, 1, MAX_INDEX)


def _hash(value: Json, where: str) -> bytes:
    return hex_bytes(value, where, 32)


def _path(value: Json, where: str) -> tuple[bytes, ...]:
    return array(value, where, _hash, 0, _MAX_PATH)


def _evidence(value: Json, where: str) -> Evidence:
    m = members(value, where, ("header", "receiptIndex", "receiptProof", "logIndex"))
    return Evidence(
        ethereum_hex(m["header"], f"{where}.header"),
        integer(m["receiptIndex"], f"{where}.receiptIndex"),
        array(m["receiptProof"], f"{where}.receiptProof", ethereum_hex, 1, 64),
        integer(m["logIndex"], f"{where}.logIndex"),
    )


def _evidence_json(evidence: Evidence) -> Json:
    return {
        "header": "0x" + evidence.header.hex(),
        "receiptIndex": evidence.receipt_index,
        "receiptProof": ["0x" + node.hex() for node in evidence.receipt_proof],
        "logIndex": evidence.log_index,
    }
