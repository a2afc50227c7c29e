"""The committed test vectors (tests/vectors/*.json): what the core answers to fixed inputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import rootseal
from rootseal.anchoring import Proofs, home_json
from rootseal.canonical import dumps
from rootseal.claims import encode_document, salt_claims
from rootseal.commitment import Home, Subject, claims_root
from rootseal.errors import InputError
from rootseal.ethereum import address_text, signature_problem
from rootseal.files import CredentialFile, subject_json
from rootseal.merkle import Tree, leaf_hash, root_from_inclusion, verify_consistency
from rootseal.policy import format_policy
from rootseal.presentation import Presentation
from rootseal.typed_data import checkpoint_digest, presentation_digest
from tests.support.world import World, address_of, disclose, key, sign
from tests.unit.core.test_canonical import REFUSED as BYTES_REFUSED
from tests.unit.core.test_ethereum import DIGEST, _refused
from tests.unit.core.test_files import REFUSED as FILES_REFUSED
from tests.unit.core.test_merkle import WRONG_CONSISTENCY, WRONG_INCLUSION
from tests.unit.core.test_presentation import REFUSED as PRESENTATIONS_REFUSED
from tests.vectors.facts_json import facts_to_json
from tests.vectors.verdict_cases import CASES, Case

__all__ = ["VECTORS", "commitments", "signatures", "verdict"]

_LARGE = 4096

EXAMPLE_HOME = Home(31337, bytes(20), 1)
EXAMPLE_SUBJECT = Subject(credits=500, credit_id=(1).to_bytes(16))


def commitments() -> dict[str, Any]:
    """Documents taken apart, step by step, to the commitment."""
    world = World()
    entry = world.entries[4]
    until = World((1,), until=2_000_000_000)
    cases: dict[str, tuple[Home, dict[str, Any], bytes, Subject, int, int]] = {
        "the example of the specification": (EXAMPLE_HOME, {"a": [1, "x"], "b": {}}, bytes(32), EXAMPLE_SUBJECT, 0, 0),
        "a name like a number, and an index": (
            EXAMPLE_HOME, {"0": "x", "a": ["x"]}, b"\1" * 32, Subject(), 0, 0,
        ),
        "member order by UTF-16": (
            EXAMPLE_HOME, {"\U0001f600": 1, "\uff21": 2, "é": None, "z": [], "": False}, b"\2" * 32, Subject(), 0, 0,
        ),
        "strings and numbers": (
            EXAMPLE_HOME,
            {"s": '"\\/\b\f\n\r\t\u0000\u007f\u2028€😀', "n": [0, -1, 0.1, 333333333.3333333, 9007199254740991]},
            b"\3" * 32, Subject(holder=b"\1" * 20), 0, 0,
        ),
        "nine claims, seven decoys": (EXAMPLE_HOME, {"x": list(range(9))}, b"\4" * 32, Subject(), 0, 0),
        "a whole credential": (world.home, entry.document, entry.seed, entry.subject, *world.file(4).dates),
        "a credential that expires": (
            until.home, until.entries[0].document, until.entries[0].seed, until.entries[0].subject,
            *until.file(0).dates,
        ),
    }  # fmt: skip
    return {"cases": [{"name": name, **_commitment(*case)} for name, case in cases.items()]}


def _commitment(home: Home, document: Any, seed: bytes, subject: Subject, start: int, end: int) -> dict[str, Any]:
    encodings = encode_document(document)
    salted = salt_claims(encodings, seed)
    root = claims_root(salted.count, start, end, salted.root)
    file = CredentialFile(home, None, document, seed, subject, Proofs(0, None, ()))
    return {
        "home": home_json(home),
        "document": document,
        "seed": seed.hex(),
        "subject": subject_json(subject),
        "validFrom": start,
        "validUntil": end,
        "claims": [
            {"encoded": encoded.decode(), "salt": salt.hex(), "position": position}
            for encoded, salt, position in zip(encodings, salted.salts, salted.positions, strict=True)
        ],
        "subjectSalt": salted.subject_salt.hex(),
        "leaves": [leaf.hex() for leaf in salted.leaves],
        "count": salted.count,
        "treeRoot": salted.root.hex(),
        "claimsRoot": root.hex(),
        "subjectHash": subject.hash(salted.subject_salt).hex(),
        "logId": home.log_id.hex(),
        "commitment": file.commitment.hex(),
    }


def trees() -> dict[str, Any]:
    """Roots, inclusion and consistency proofs over leaves leaf("0"), leaf("1"), …; wrong ones named by their defect."""
    tree = Tree(leaf_hash(b"%d" % i) for i in range(64))
    sizes = (1, 2, 3, 4, 5, 7, 8, 9, 16, 33, 64)
    inclusion = [
        _inclusion(
            f"right: {index} of {size}",
            index,
            size,
            tree.leaf(index),
            tree.inclusion_path(index, size),
            tree.root(size),
        )
        for size in sizes
        for index in sorted({0, size // 3, size // 2, size - 1})
    ]
    root11 = tree.root(11)
    inclusion += [_inclusion(f"wrong: {name}", *case, root11) for name, case in WRONG_INCLUSION.items()]
    consistency = [
        _consistency(f"right: {first} to {second}", first, second, tree.root(first), tree.root(second),
                     tree.consistency_path(first, second))
        for second in sizes
        for first in sorted({0, 1, second // 2, second - 1, second})
    ]  # fmt: skip
    consistency += [_consistency(f"wrong: {name}", *case) for name, case in WRONG_CONSISTENCY.items()]
    return {
        "roots": [tree.root(size).hex() for size in range(65)],
        "inclusion": inclusion,
        "consistency": consistency,
    }


def _inclusion(name: str, index: int, size: int, leaf: bytes, path: Any, root: bytes) -> dict[str, Any]:
    return {
        "name": name, "index": index, "size": size, "leaf": leaf.hex(), "path": [node.hex() for node in path],
        "root": root.hex(), "valid": root_from_inclusion(index, size, leaf, path) == root,
    }  # fmt: skip


def _consistency(name: str, first: int, second: int, old: bytes, new: bytes, path: Any) -> dict[str, Any]:
    return {
        "name": name, "first": first, "second": second, "firstRoot": old.hex(), "secondRoot": new.hex(),
        "path": [node.hex() for node in path], "valid": verify_consistency(first, second, old, new, path),
    }  # fmt: skip


def signatures() -> dict[str, Any]:
    """EIP-712 digests with their signatures, and byte strings that are no signature."""
    signer = key("world anchor")
    checkpoints = []
    for home, size, root, signed_at, anchor_by in (
        (EXAMPLE_HOME, 1, bytes(32), 0, 0),
        (World().home, 150, sha256(b"root").digest(), 1_790_812_800, 1_790_816_400),
        (Home(2**64 - 1, b"\xff" * 20, 2**53 - 1), 2**48 - 1, b"\xff" * 32, 253_402_300_799, 253_402_300_799),
    ):
        digest = checkpoint_digest(home, size, root, signed_at, anchor_by)
        checkpoints.append({
            "home": home_json(home), "size": size, "root": root.hex(), "signedAt": signed_at, "anchorBy": anchor_by,
            "digest": digest.hex(), "signature": "0x" + sign(signer, digest).hex(),
            "signer": address_text(address_of(signer)),
        })  # fmt: skip
    presentations = []
    for audience, nonce, created, expires in (("", "", 0, 0),
                                               ("employer.example", "n-7c1f", 1_791_072_600, 1_791_073_200),
                                               ("škof ☂ 😀", "a\nb", 5, 6)):  # fmt: skip
        digest = presentation_digest(sha256(b"file").digest(), audience, nonce, created, expires)
        presentations.append({
            "fileDigest": sha256(b"file").hexdigest(), "audience": audience, "nonce": nonce, "created": created,
            "expires": expires, "digest": digest.hex(), "signature": "0x" + sign(signer, digest).hex(),
            "signer": address_text(address_of(signer)),
        })  # fmt: skip
    refused = [
        {"name": name, "digest": DIGEST.hex(), "signature": "0x" + raw.hex(), "problem": signature_problem(raw)}
        for name, raw in _refused().items()
    ]
    return {"checkpoints": checkpoints, "presentations": presentations, "refused": refused}


def files() -> dict[str, Any]:
    """Files that are read, with the commitments that they open to, and files that are refused, by defect."""
    world = World()
    good: dict[str, bytes] = {
        "complete, promised and anchored": world.file(4).to_bytes(),
        "complete, only promised": world.file(4, anchors=()).to_bytes(),
        "complete, every anchor, with evidence": world.file(0, anchors=(1, 2, 3), evidence=True).to_bytes(),
        "complete, without a holder": World((2,), holders=False).file(1).to_bytes(),
        "complete, with an end": World((2,), until=2_000_000_000).file(1).to_bytes(),
        "complete, with a byte order mark and line ends": b"\xef\xbb\xbf" + world.file(4).to_bytes() + b"\r\n\n",
        "presentation, little shown": Presentation((world.presented(4, subject=False),)).to_bytes(),
        "presentation, everything shown": Presentation((world.presented(4, lambda path: True),)).to_bytes(),
        "presentation of two, answered": _answered(world).to_bytes(),
    }
    read = []
    for name, data in good.items():
        opened = rootseal.open_file(data)
        digest = None if opened.signed_digest is None else opened.signed_digest.hex()
        commitments = [credential.commitment.hex() for credential in opened.credentials]
        read.append({"name": name, "file": data.decode(), "commitments": commitments, "signedDigest": digest})
    refused = [_refusal(f"bytes: {name}", data) for name, data in BYTES_REFUSED.items() if len(data) < _LARGE]
    for name, (_, change) in FILES_REFUSED.items():
        refused.append(_refusal(f"credential file: {name}", _changed(world.file(4).to_bytes(), change)))
    answered = world.answer([world.presented(4, disclose("name"))], world.holder(4)).to_bytes()
    for name, change in PRESENTATIONS_REFUSED.items():
        refused.append(_refusal(f"presentation: {name}", _changed(answered, change)))
    return {"read": read, "refused": [case for case in refused if len(case["file"] or case["hex"] or "") < 8 * _LARGE]}


def _answered(world: World) -> Presentation:
    credentials = [world.presented(4, disclose("name")), world.presented(2)]
    return world.answer(credentials, world.holder(4), world.holder(2))


def _changed(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(data)
    change(value)
    return dumps(value)


def _refusal(name: str, data: bytes) -> dict[str, Any]:
    try:
        rootseal.open_file(data)
    except InputError as error:
        return {"name": name, **_bytes(data), "where": error.where}
    raise AssertionError(f"{name} is not refused")


def _bytes(data: bytes) -> dict[str, str | None]:
    """A file as text, or in hex where it is no UTF-8."""
    try:
        return {"file": data.decode(), "hex": None}
    except UnicodeDecodeError:
        return {"file": None, "hex": data.hex()}


def verdicts() -> dict[str, Any]:
    """Calls of verify and their answers; files, policies and facts stand once and are named by their number."""
    tables: dict[str, list[Any]] = {"files": [], "policies": [], "facts": []}

    def number(table: str, value: Any) -> int:
        if value not in tables[table]:
            tables[table].append(value)
        return tables[table].index(value)

    cases = []
    for name, case in CASES.items():
        expected = case.expected
        cases.append({
            "name": name,
            "file": number("files", case.data.decode()),
            "policy": None if case.policy is None else number("policies", format_policy(case.policy)),
            "facts": number("facts", facts_to_json(case.facts)),
            "now": case.now,
            "at": case.on,
            "expected": None if expected is None else {"audience": expected.audience, "nonce": expected.nonce},
            "code": case.code,
            "verdict": verdict(case).to_json(),
        })  # fmt: skip
    return {**tables, "cases": cases}


def verdict(case: Case) -> rootseal.Verdict:
    """What the core says of it."""
    return rootseal.verify(case.data, case.policy, case.facts, now=case.now, at=case.on, expected=case.expected)


VECTORS: dict[str, Callable[[], dict[str, Any]]] = {
    "commitments.json": commitments,
    "trees.json": trees,
    "signatures.json": signatures,
    "files.json": files,
    "verdicts.json": verdicts,
}
