"""The committed snapshot: it verifies with no chain, and fits its schema, for as long as there is a format 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from anchor.collecting import Sources, collect_facts, parse_block_hash
from anchor.snapshot_file import read_snapshot
from rootseal.errors import InputError
from rootseal.policy import parse_policy
from rootseal.verification import verify

ROOT = Path(__file__).parents[3]
VECTOR: dict[str, Any] = json.loads((ROOT / "tests" / "vectors" / "snapshot.json").read_text(encoding="utf-8"))
DATA = VECTOR["snapshot"].encode()


@pytest.mark.parametrize("case", VECTOR["cases"], ids=lambda case: case["name"])
def test_case(case: dict[str, Any]) -> None:
    policy, data = parse_policy(VECTOR["policy"]), case["file"].encode()
    sources = Sources(None, frozenset({parse_block_hash(VECTOR["blockHash"])}), True, (DATA,))
    verdict = verify(data, policy, collect_facts(data, policy, sources), now=VECTOR["now"])
    found = [check.code for check in verdict.credentials[0].checks]
    assert (verdict.overall, found) == (case["overall"], case["codes"])


def test_it_fits_its_schema_and_round_trips() -> None:
    schema = json.loads((ROOT / "docs" / "spec" / "schemas" / "snapshot.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(json.loads(DATA))
    assert read_snapshot(DATA).to_bytes() == DATA


REFUSED = {
    "not JSON": b"{",
    "spaces": DATA.replace(b",", b", ", 1),
    "an unknown member": DATA.replace(b'{"accreditations"', b'{"a":1,"accreditations"', 1),
    "a member twice": DATA.replace(b'{"accreditations"', b'{"format":"rootseal/snapshot/1","accreditations"', 1),
    "another format": DATA.replace(b"snapshot/1", b"snapshot/2"),
    "an issuer 0": DATA.replace(b'"issuer":2', b'"issuer":0'),
    "a ledger in capitals": DATA.replace(b"0x5fbdb", b"0x5FBDB"),
    "a root too short": DATA.replace(b'"root":"', b'"root":"00', 1),
    "a node of half a byte": DATA.replace(b'"nodes":["0x', b'"nodes":["0x0', 1),
    "a validity that is a number": DATA.replace(b'"validUntil":"0"', b'"validUntil":0', 1),
    "a validity with a zero in front": DATA.replace(b'"validUntil":"0"', b'"validUntil":"00"', 1),
    "a size beyond JSON": DATA.replace(b'"size":4', b'"size":99999999999999999999', 1),
    "nested for ever": b"[" * 100_000,
    "no object": b"[]",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    assert REFUSED[name] != DATA
    with pytest.raises(InputError):
        read_snapshot(REFUSED[name])
