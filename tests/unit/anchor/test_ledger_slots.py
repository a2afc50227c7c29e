"""The slot numbers and the packing that storage proofs are read by are those of the compiler's storage layout."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from anchor import ledger_slots as slots

LAYOUT = json.loads(resources.files("anchor.artifacts").joinpath("CredentialLedger.json").read_text())["storageLayout"]


def members(struct: str) -> dict[str, tuple[int, int, str]]:
    """Label → word, bit offset, type."""
    (found,) = (kind for kind in LAYOUT["types"].values() if kind["label"].endswith(f".{struct}"))
    return {m["label"]: (int(m["slot"]), 8 * m["offset"], m["type"]) for m in found["members"]}


def width(struct: str) -> int:
    (found,) = (kind for kind in LAYOUT["types"].values() if kind["label"].endswith(f".{struct}"))
    return int(found["numberOfBytes"]) // 32


def test_slots_of_the_variables() -> None:
    found: dict[str, Any] = {entry["label"]: int(entry["slot"]) for entry in LAYOUT["storage"]}
    assert (found["_heads"], found["_anchors"], found["_status"]) == (slots.HEADS, slots.ANCHORS, slots.STATUS)
    assert (found["_keys"], found["_keyList"], found["_documents"]) == (slots.KEYS, slots.KEY_LIST, slots.DOCUMENTS)
    assert found["_accreditations"] == slots.ACCREDITATIONS
    assert all(entry["offset"] == 0 for entry in LAYOUT["storage"])


def test_packing_of_the_structs() -> None:
    assert members("Key") == {
        "keyIndex": (0, 0, "t_uint16"), "roles": (0, 16, "t_uint8"), "addedAt": (0, 24, "t_uint48"),
        "retiredAt": (0, 72, "t_uint48"), "compromisedSince": (0, 120, "t_uint48"),
    }  # fmt: skip
    assert members("Document") == {
        "documentHash": (0, 0, "t_bytes32"), "time": (1, 0, "t_uint48"), "blockNumber": (1, 48, "t_uint48"),
    }  # fmt: skip
    assert members("Accreditation") == {
        "documentHash": (0, 0, "t_bytes32"), "since": (1, 0, "t_uint48"), "validUntil": (1, 48, "t_uint64"),
        "endedAt": (1, 112, "t_uint48"), "renewed": (1, 160, "t_bool"), "sinceBlock": (1, 168, "t_uint48"),
        "scope": (2, 0, "t_string_storage"),
    }  # fmt: skip
    assert (width("Document"), width("Accreditation")) == (slots.DOCUMENT_WORDS, slots.ACCREDITATION_WORDS)
    assert width("Key") == width("Bits") == 1


def test_a_mapping_and_an_array_are_where_solidity_puts_them() -> None:
    # cast index uint64 7 2, and keccak of 32 zero bytes.
    assert slots.head(7) == int.from_bytes(slots.keccak256(bytes(31) + b"\7" + bytes(31) + b"\2"))
    assert hex(slots.array_start(0)) == "0x290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563"
    assert slots.bits(0xABCD, 4, 8) == 0xBC
