"""Writes tests/vectors/*.json and the generated parts of docs/spec/*.md; `--check` compares instead.

Everything is deterministic: fixed keys and seeds, signatures with nonces by RFC 6979.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import rootseal
from rootseal.anchoring import Proofs, home_json
from rootseal.canonical import Json, dumps
from rootseal.catalogue import CATALOGUE, CHECKS, LIMITS, STATEMENTS
from rootseal.claims import encode_claim, encode_document, salt_claims, walk
from rootseal.commitment import Home, Subject, claims_root
from rootseal.errors import InputError
from rootseal.ethereum import address_text, signature_problem
from rootseal.files import CredentialFile, subject_json
from rootseal.languages import TEXTS
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

ROOT = Path(__file__).parent.parent
FOLDER, SPEC = ROOT / "tests" / "vectors", ROOT / "docs" / "spec"
_MARK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
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
            "verdict": _verdict(case).to_json(),
        })  # fmt: skip
    return {**tables, "cases": cases}


def _verdict(case: Case) -> rootseal.Verdict:
    return rootseal.verify(case.data, case.policy, case.facts, now=case.now, at=case.on, expected=case.expected)


# --------------------------------------------------------------------------------------- generated parts of docs/spec


def example_commitment() -> Iterator[str]:
    """The example of log.md."""
    case = commitments()["cases"][0]
    yield "```"
    yield f"document     {dumps(case['document']).decode()}"
    yield f"seed         {case['seed']}"
    yield f"home         {case['home']['chain']} / {case['home']['ledger']} / {case['home']['issuer']}"
    yield f"subject      no holder, {case['subject']['credits']} credits, creditId {case['subject']['creditId']}"
    yield ""
    for claim in case["claims"]:
        yield f"claim        {claim['encoded']:<14} salt {claim['salt']}  at position {claim['position']}"
    claims = len(case["claims"])
    yield f"leaves       {case['count']}: {claims} claims and {case['count'] - claims} decoys, ascending"
    yield f"             {case['leaves'][0]} … {case['leaves'][-1]}"
    for member in ("treeRoot", "claimsRoot", "subjectSalt", "subjectHash", "logId", "commitment"):
        yield f"{member:<12} {case[member]}"
    yield "```"


def example_checkpoint() -> Iterator[str]:
    """The signed checkpoint of log.md."""
    case = signatures()["checkpoints"][1]
    yield "```"
    yield f"home         {case['home']['chain']} / {case['home']['ledger']} / {case['home']['issuer']}"
    for member in ("size", "root", "signedAt", "anchorBy", "digest", "signature", "signer"):
        yield f"{member:<12} {case[member]}"
    yield "```"


def example_credential_file() -> Iterator[str]:
    """The file of credential-file.md, laid out for people (a real one is one line)."""
    yield from _laid_out(json.loads(World().file(4).to_bytes()))


def example_presentation() -> Iterator[str]:
    """The file of presentation.md, laid out for people."""
    world = World()
    yield from _laid_out(json.loads(world.answer([world.presented(4)], world.holder(4)).to_bytes()))


def example_issuer_document() -> Iterator[str]:
    """The document of issuer-document.md and its hash."""
    world = World()
    yield "```json"
    yield dumps(world.issuer_document).decode()
    yield "```"
    yield ""
    yield f"SHA-256: `{world.document_hash.hex()}`"


def example_policy() -> Iterator[str]:
    """The file of policy.md."""
    policy = World(chain_id=100).accreditor_policy
    pinned = replace(policy.ledgers[0], issuers=((1, "Example University, Ljubljana"),), rpcs=("https://rpc.example",))
    yield "```toml"
    yield format_policy(replace(policy, ledgers=(replace(pinned, name="Main"),))).rstrip()
    yield "```"


def example_verdict() -> Iterator[str]:
    """The verdict of verdict.md."""
    yield "```json"
    yield json.dumps(_verdict(CASES["revoked"]).to_json(), ensure_ascii=False, indent=1)
    yield "```"


def catalogue() -> Iterator[str]:
    """Every check with its codes, outcomes and sentences."""
    for number, name in enumerate(CHECKS, 1):
        yield f"### {number} · {name}"
        yield ""
        yield "| code | outcome | sentence |"
        yield "|---|---|---|"
        for code, (outcome, sentence) in CATALOGUE.items():
            if code.startswith(name + "."):
                yield f"| `{code}` | {outcome} | {sentence} |"
                variants = [key for key in TEXTS["en"] if key.startswith(f"{code}:")]
                yield from (
                    f"| `{code}` with `{key.partition(':')[2]}` | {outcome} | {TEXTS['en'][key]} |" for key in variants
                )
        yield ""


def statements() -> Iterator[str]:
    """What may be said beside the checks."""
    yield "| code | sentence |"
    yield "|---|---|"
    yield from (f"| `{code}` | {TEXTS['en'][code]} |" for code in STATEMENTS)


def all_texts() -> str:
    """docs/spec/catalogue.json: every sentence in every language."""
    outcomes = {code: outcome for code, (outcome, _) in CATALOGUE.items()}
    content = {"format": "rootseal/catalogue/1", "checks": CHECKS, "outcomes": outcomes, "languages": TEXTS}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def limits() -> Iterator[str]:
    """What no verdict proves."""
    yield f"> {LIMITS}"


def example_disclosure() -> Iterator[str]:
    """A small tree with one leaf shown."""
    document: Json = {"a": [1, "x"], "b": {}}
    salted = salt_claims([encode_claim(claim) for claim in walk(document)], bytes(32))
    position = salted.positions[1]
    yield "```"
    yield f"count 8, shown position {position}; hidden, left to right:"
    for low, high in _hidden_ranges(8, position):
        yield f"  root of the leaves {low} to {high - 1}"
    yield "```"


def _hidden_ranges(count: int, position: int) -> Iterator[tuple[int, int]]:
    def visit(low: int, size: int) -> Iterator[tuple[int, int]]:
        if not low <= position < low + size:
            yield low, low + size
        elif size > 1:
            yield from visit(low, size // 2)
            yield from visit(low + size // 2, size // 2)

    yield from visit(0, count)


def _laid_out(value: Any) -> Iterator[str]:
    yield "```json"
    text = json.dumps(_shortened(value), ensure_ascii=False, indent=1)
    yield re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda m: "[" + re.sub(r"\n\s+", " ", m[1]) + "]", text)
    yield "```"


def _shortened(value: Any) -> Any:
    """Long arrays of claims and of a document's content cut to what explains the shape."""
    if isinstance(value, dict):
        return {k: {"…": "the document"} if k == "credential" else _shortened(v) for k, v in value.items()}
    if isinstance(value, list) and len(value) > 3 and isinstance(value[0], dict | str):
        return [*map(_shortened, value[:2]), "…"]
    return list(map(_shortened, value)) if isinstance(value, list) else value


VECTORS: dict[str, Callable[[], dict[str, Any]]] = {
    "commitments.json": commitments,
    "trees.json": trees,
    "signatures.json": signatures,
    "files.json": files,
    "verdicts.json": verdicts,
}
PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "example-commitment": example_commitment,
    "example-checkpoint": example_checkpoint,
    "example-credential-file": example_credential_file,
    "example-presentation": example_presentation,
    "example-disclosure": example_disclosure,
    "example-issuer-document": example_issuer_document,
    "example-policy": example_policy,
    "example-verdict": example_verdict,
    "catalogue": catalogue,
    "statements": statements,
    "limits": limits,
}


def wanted() -> dict[Path, str]:
    """Path → content of every generated file."""
    made = {FOLDER / name: json.dumps(make(), ensure_ascii=False, indent=1) + "\n" for name, make in VECTORS.items()}
    made[SPEC / "catalogue.json"] = all_texts()
    for path in sorted(SPEC.glob("*.md")):
        made[path] = _MARK.sub(_part, path.read_text(encoding="utf-8"))
    return made


def _part(match: re.Match[str]) -> str:
    return match[1] + "\n".join(PARTS[match[2]]()).rstrip() + "\n" + match[3]


def stale_files() -> list[Path]:
    """Files that differ from what the code makes now, or are missing."""
    return [p for p, text in wanted().items() if not p.exists() or p.read_text(encoding="utf-8") != text]


def main() -> int:
    """Exit code 0; with `--check` 1 where a file is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is stale")
    if parser.parse_args().check:
        stale = stale_files()
        for path in stale:
            print(f"stale: {path.relative_to(ROOT)} (run scripts/make_vectors.py)")
        return 1 if stale else 0
    for path, text in wanted().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
