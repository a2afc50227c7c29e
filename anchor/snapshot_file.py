"""The format `rootseal/snapshot/1`: what the ledger says of one issuer after one block, and the nodes that show it.

Consensus-critical. Reading is strict; what was read says nothing yet: `anchor.snapshot` proves it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, cast

from anchor.ledger import AnchorRecord, Head
from anchor.ledger_state import MAX_WORDS, LedgerState
from rootseal.anchoring import home_json, parse_home
from rootseal.canonical import Json, dumps
from rootseal.commitment import Home
from rootseal.errors import InputError
from rootseal.ethereum import address_text
from rootseal.facts import AccreditationFact, DocumentFact, KeyFact
from rootseal.strict import array, ethereum_hex, hex_bytes, integer, members, seconds, string

__all__ = ["MAX_SNAPSHOT", "SNAPSHOT_FORMAT", "Snapshot", "read_snapshot"]

SNAPSHOT_FORMAT: Final = "rootseal/snapshot/1"
MAX_SNAPSHOT: Final = 64 << 20
MAX_NODES: Final = 1 << 18
_MAX_LIST: Final = 1 << 16
_MEMBERS = ("format", "home", "header", "head", "anchors", "keys", "documents", "accreditations", "status", "nodes")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`header` is the block's RLP, whose keccak256 the verifier must know; `nodes` are ascending, each needed."""

    home: Home
    header: bytes
    state: LedgerState
    nodes: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """The file: RFC 8785, one line."""
        return dumps(self.to_json())

    def to_json(self) -> Json:
        """The members of the format."""
        state = self.state
        return {
            "format": SNAPSHOT_FORMAT,
            "home": home_json(self.home),
            "header": "0x" + self.header.hex(),
            "head": {"sequence": state.head.sequence, "size": state.head.size},
            "anchors": [_anchor_json(root, record) for root, record in state.anchors],
            "keys": [_key_json(key) for key in state.keys],
            "documents": [
                {"hash": d.document_hash.hex(), "time": d.time, "blockNumber": d.block_number} for d in state.documents
            ],
            "accreditations": [
                {"accreditor": address_text(accreditor), "given": [_given_json(one) for one in given]}
                for accreditor, given in state.accreditations
            ],
            "status": {
                "revoked": [f"{word:064x}" for word in state.revoked],
                "suspended": [f"{word:064x}" for word in state.suspended],
            },
            "nodes": ["0x" + node.hex() for node in self.nodes],
        }


def read_snapshot(data: bytes, where: str = "snapshot") -> Snapshot:
    """Read strictly. Raises `InputError` naming the member."""
    if len(data) > MAX_SNAPSHOT:
        raise InputError(where, f"is larger than {MAX_SNAPSHOT} bytes", f"{len(data)} bytes")
    try:
        value = cast(Json, json.loads(data))
        canonical = dumps(value)
    except (ValueError, RecursionError) as error:
        raise InputError(where, "is not JSON in canonical form (RFC 8785)") from error
    if canonical != data.rstrip(b"\r\n"):
        raise InputError(where, "is not in canonical form (RFC 8785)")
    m = members(value, where, _MEMBERS)
    if m["format"] != SNAPSHOT_FORMAT:
        raise InputError(f"{where}.format", f"must be {SNAPSHOT_FORMAT}", m["format"])
    return Snapshot(
        parse_home(m["home"], f"{where}.home"),
        ethereum_hex(m["header"], f"{where}.header"),
        _state(m, where),
        array(m["nodes"], f"{where}.nodes", ethereum_hex, 0, MAX_NODES),
    )


def _state(m: dict[str, Json], where: str) -> LedgerState:
    head = members(m["head"], f"{where}.head", ("sequence", "size"))
    status = members(m["status"], f"{where}.status", ("revoked", "suspended"))
    return LedgerState(
        Head(integer(head["sequence"], f"{where}.head.sequence"), integer(head["size"], f"{where}.head.size")),
        array(m["anchors"], f"{where}.anchors", _anchor, 0, _MAX_LIST),
        array(m["keys"], f"{where}.keys", _key, 0, _MAX_LIST),
        array(m["documents"], f"{where}.documents", _document, 0, _MAX_LIST),
        array(m["accreditations"], f"{where}.accreditations", _accreditations, 0, _MAX_LIST),
        array(status["revoked"], f"{where}.status.revoked", _word, 0, MAX_WORDS),
        array(status["suspended"], f"{where}.status.suspended", _word, 0, MAX_WORDS),
    )


def _anchor_json(root: bytes, record: AnchorRecord) -> Json:
    return {
        "root": root.hex(),
        "sequence": record.sequence,
        "size": record.size,
        "previousSize": record.previous_size,
        "time": record.time,
        "blockNumber": record.block_number,
        "keyIndex": record.key_index,
    }


def _anchor(value: Json, where: str) -> tuple[bytes, AnchorRecord]:
    names = ("sequence", "size", "previousSize", "time", "blockNumber", "keyIndex")
    m = members(value, where, ("root", *names))
    numbers = [integer(m[name], f"{where}.{name}") for name in names]
    return hex_bytes(m["root"], f"{where}.root", 32), AnchorRecord(*numbers)


def _key_json(key: KeyFact) -> Json:
    return {
        "address": address_text(key.address),
        "roles": key.roles,
        "addedAt": key.added_at,
        "retiredAt": key.retired_at,
        "compromisedSince": key.compromised_since,
    }


def _key(value: Json, where: str) -> KeyFact:
    names = ("roles", "addedAt", "retiredAt", "compromisedSince")
    m = members(value, where, ("address", *names))
    return KeyFact(_address(m["address"], f"{where}.address"), *[integer(m[n], f"{where}.{n}") for n in names])


def _document(value: Json, where: str) -> DocumentFact:
    m = members(value, where, ("hash", "time", "blockNumber"))
    return DocumentFact(
        hex_bytes(m["hash"], f"{where}.hash", 32),
        seconds(m["time"], f"{where}.time"),
        integer(m["blockNumber"], f"{where}.blockNumber"),
    )


def _given_json(given: AccreditationFact) -> Json:
    return {
        "documentHash": given.document_hash.hex(),
        "since": given.since,
        "validUntil": str(given.valid_until),
        "endedAt": given.ended_at,
        "renewed": given.renewed,
        "scope": given.scope,
    }


def _accreditations(value: Json, where: str) -> tuple[bytes, tuple[AccreditationFact, ...]]:
    m = members(value, where, ("accreditor", "given"))
    accreditor = _address(m["accreditor"], f"{where}.accreditor")

    def given(item: Json, place: str) -> AccreditationFact:
        g = members(item, place, ("documentHash", "since", "validUntil", "endedAt", "renewed", "scope"))
        if not isinstance(g["renewed"], bool):
            raise InputError(f"{place}.renewed", "must be true or false", g["renewed"])
        return AccreditationFact(
            accreditor,
            hex_bytes(g["documentHash"], f"{place}.documentHash", 32),
            seconds(g["since"], f"{place}.since"),
            _decimal(g["validUntil"], f"{place}.validUntil"),
            integer(g["endedAt"], f"{place}.endedAt"),
            g["renewed"],
            string(g["scope"], f"{place}.scope", 1024),
        )

    return accreditor, array(m["given"], f"{where}.given", given, 0, _MAX_LIST)


def _decimal(value: Json, where: str) -> int:
    """A number of 64 bits, which JSON does not carry exactly, as decimal text."""
    text = string(value, where, 20)
    if not (text.isascii() and text.isdigit() and str(int(text)) == text and int(text) < 1 << 64):
        raise InputError(where, "must be a whole number of at most 64 bits, as text", value)
    return int(text)


def _address(value: Json, where: str) -> bytes:
    return ethereum_hex(value, where, 20)


def _word(value: Json, where: str) -> int:
    return int.from_bytes(hex_bytes(value, where, 32))
