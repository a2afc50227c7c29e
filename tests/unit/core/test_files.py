"""Credential files and what ties them to a chain: round trips, and every refusal named by its defect."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

import rootseal
from rootseal.anchoring import Proofs
from rootseal.canonical import dumps
from rootseal.errors import InputError
from rootseal.files import CREDENTIAL_NOTE, CredentialFile
from rootseal.opened import credits_of
from tests.support.world import World


def test_file_is_read_back_and_written_to_the_byte(world: World) -> None:
    for file in (
        world.file(0, anchors=(1, 2, 3), evidence=True),
        world.file(4, promise=False),
        world.file(12, anchors=()),
        World((2,), holders=False).file(1),
    ):
        data = file.to_bytes()
        assert CredentialFile.from_bytes(data) == file
        assert CredentialFile.from_bytes(data).to_bytes() == data
        assert CredentialFile.from_bytes(b"\xef\xbb\xbf" + data + b"\r\n") == file
        assert file.note == CREDENTIAL_NOTE


def test_opened_file_shows_everything(world: World) -> None:
    opened = world.file(4).open()
    assert opened.complete and opened.document == world.entries[4].document
    assert opened.commitment == world.file(4).commitment
    assert opened.issuer_id == "did:web:registrar.example.edu"
    assert opened.count % 8 == 0 and opened.claim(("name",)) is not None and opened.claim(("nothing",)) is None


def test_new_proofs_leave_the_commitment(world: World) -> None:
    bare = world.file(4, anchors=(), promise=False)
    full = bare.with_proofs(world.file(4).proofs, world.issuer_document)
    assert full == world.file(4) and full.commitment == bare.commitment


Change = Callable[[dict[str, Any]], object]


def _set(*path: str | int, value: object) -> Change:
    def change(file: dict[str, Any]) -> None:
        place: Any = file
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def _drop(*path: str | int) -> Change:
    def change(file: dict[str, Any]) -> None:
        place: Any = file
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]

    return change


A, H = ("anchors", 0), "00" * 32
REFUSED: dict[str, tuple[str, Change]] = {
    "format of another version": ("file.format", _set("format", value="rootseal/credential/2")),
    "format a number": ("file.format", _set("format", value=1)),
    "unknown member": ("file.extra", _set("extra", value=1)),
    "proof added": ("file.proof", _set("proof", value={})),
    "no note": ("file.note", _drop("note")),
    "note a number": ("file.note", _set("note", value=1)),
    "note too long": ("file.note", _set("note", value="x" * 65537)),
    "home null": ("file.home", _set("home", value=None)),
    "home with another member": ("file.home.name", _set("home", "name", value="x")),
    "chain of another family": ("file.home.chain", _set("home", "chain", value="solana:1")),
    "chain 0": ("file.home.chain", _set("home", "chain", value="eip155:0")),
    "ledger in capitals": ("file.home.ledger", _set("home", "ledger", value="0x" + "AB" * 20)),
    "ledger without 0x": ("file.home.ledger", _set("home", "ledger", value="ab" * 20)),
    "ledger too short": ("file.home.ledger", _set("home", "ledger", value="0x" + "ab" * 19)),
    "issuer 0": ("file.home.issuer", _set("home", "issuer", value=0)),
    "issuer a text": ("file.home.issuer", _set("home", "issuer", value="1")),
    "issuer true": ("file.home.issuer", _set("home", "issuer", value=True)),
    "issuer document an array": ("file.issuerDocument", _set("issuerDocument", value=[])),
    "credential an array": ("file.credential", _set("credential", value=[1])),
    "credential empty": ("file.credential", _set("credential", value={})),
    "seed too short": ("file.seed", _set("seed", value="00" * 31)),
    "seed in capitals": ("file.seed", _set("seed", value="AB" * 32)),
    "seed null": ("file.seed", _set("seed", value=None)),
    "subject null": ("file.subject", _set("subject", value=None)),
    "subject with a salt": ("file.subject.salt", _set("subject", "salt", value="00" * 16)),
    "holder zero": ("file.subject.holder", _set("subject", "holder", value="0x" + "00" * 20)),
    "holder in capitals": ("file.subject.holder", _set("subject", "holder", value="0x" + "AB" * 20)),
    "credits below zero": ("file.subject.credits", _set("subject", "credits", value=-1)),
    "credits with a fraction": ("file.subject.credits", _set("subject", "credits", value=0.5)),
    "credits without an id": ("subject.creditId", _set("subject", "creditId", value=None)),
    "an id without credits": ("subject.creditId", _set("subject", "credits", value=0)),
    "credit id zero": ("file.subject.creditId", _set("subject", "creditId", value="00" * 16)),
    "index below zero": ("file.index", _set("index", value=-1)),
    "index 2^48": ("file.index", _set("index", value=2**48)),
    "index null": ("file.index", _set("index", value=None)),
    "promise without a member": ("file.promise.path", _drop("promise", "path")),
    "promise of size 0": ("file.promise.size", _set("promise", "size", value=0)),
    "promise of size 2^48": ("file.promise.size", _set("promise", "size", value=2**48)),
    "promise after the year 9999": ("file.promise.anchorBy", _set("promise", "anchorBy", value=253_402_300_800)),
    "promise signed after the year 9999": ("file.promise.signedAt", _set("promise", "signedAt", value=2**53 - 1)),
    "promise signed with v 0": ("file.promise.signature", _set("promise", "signature", value="0x" + "01" * 64 + "00")),
    "promise signed with a high s": (
        "file.promise.signature", _set("promise", "signature", value="0x" + "01" * 32 + "ff" * 32 + "1b")
    ),
    "promise signed with 64 bytes": ("file.promise.signature", _set("promise", "signature", value="0x" + "01" * 64)),
    "path of 49 nodes": ("file.promise.path", _set("promise", "path", value=[H] * 49)),
    "path with a short node": ("file.promise.path[0]", _set("promise", "path", value=["00"])),
    "anchors null": ("file.anchors", _set("anchors", value=None)),
    "65 anchors": ("file.anchors", lambda f: f.update(anchors=f["anchors"] * 65)),
    "one anchor twice": ("file.anchors", lambda f: f.update(anchors=f["anchors"] * 2)),
    "one root in two accounts": (
        "file.anchors", lambda f: f["anchors"].append({**f["anchors"][0], "sequence": 9, "transaction": "0x" + H})
    ),
    "anchor without a block": ("file.anchors[0].block", _drop(*A, "block")),
    "anchor with an unknown member": ("file.anchors[0].key", _set(*A, "key", value="x")),
    "sequence 0": ("file.anchors[0].sequence", _set(*A, "sequence", value=0)),
    "anchor of size 0": ("file.anchors[0].size", _set(*A, "size", value=0)),
    "previous size not smaller": ("file.anchors[0].previousSize", _set(*A, "previousSize", value=7)),
    "anchor's chain 01": ("file.anchors[0].chain", _set(*A, "chain", value="eip155:01")),
    "transaction null": ("file.anchors[0].transaction", _set(*A, "transaction", value=None)),
    "block hash too long": ("file.anchors[0].block.hash", _set(*A, "block", "hash", value="0x" + "00" * 33)),
    "block after the year 9999": ("file.anchors[0].block.timestamp", _set(*A, "block", "timestamp", value=2**50)),
    "evidence empty": ("file.anchors[0].evidence.header", _set(*A, "evidence", value={})),
    "evidence without a proof": (
        "file.anchors[0].evidence.receiptProof",
        _set(*A, "evidence", value={"header": "0x", "receiptIndex": 0, "receiptProof": [], "logIndex": 0}),
    ),
    "document's date with a fraction": (
        "file.credential.validFrom", _set("credential", "validFrom", value="2026-10-01T00:00:00.5Z")
    ),
    "document's date an object": ("file.credential.validFrom", _set("credential", "validFrom", value={"x": 1})),
    "document's date null": ("file.credential.validUntil", _set("credential", "validUntil", value=None)),
    "document ends when it began to be told": (
        "file.credential.validUntil", _set("credential", "validUntil", value="1970-01-01T00:00:00Z")
    ),
    "4,097 claims": ("credential", _set("credential", "x", value=list(range(4097)))),
}  # fmt: skip


@pytest.mark.parametrize("defect", REFUSED)
def test_refuses(defect: str, world: World) -> None:
    where, change = REFUSED[defect]
    value = copy.deepcopy(json.loads(world.file(4).to_bytes()))
    change(value)
    data = dumps(value)
    with pytest.raises(InputError) as caught:
        rootseal.open_file(data)
    assert caught.value.where == where
    verdict = rootseal.verify(data, world.policy, world.facts(), now=world.now)
    assert verdict.overall == "rejected"
    assert verdict.credentials[0].checks[0].code == "format.malformed"
    assert rootseal.questions(data) == ()


@pytest.mark.parametrize(
    ("earned", "credits"),
    [(5, 500), (0.07, 7), (1.1, 110), (2.675, None), (0, None), (-1, None), (True, None), ("5", None), (None, None),
     (0.005, None), (655.35, 65535), (1e-7, None)],
)  # fmt: skip
def test_credits_are_exactly_a_hundred_times_those_earned(earned: Any, credits: int | None) -> None:
    assert credits_of(earned) == credits


@pytest.mark.parametrize("value", [5, None, [], {}, True])
@pytest.mark.parametrize("member", ["id", "name"])
def test_issuer_id_and_achievement_name_must_be_texts(member: str, value: Any, world: World) -> None:
    document = copy.deepcopy(world.entries[4].document)
    place = document["issuer"] if member == "id" else document["credentialSubject"]["achievement"]
    place[member] = value
    entry = world.entries[4]
    data = CredentialFile(world.home, {}, document, entry.seed, entry.subject, Proofs(0, None, ())).to_bytes()
    check = rootseal.verify(data, now=world.now).credentials[0].checks[1]
    assert check.code == "integrity.document"
