"""The committed vectors are fresh, run, and fit their schemas; the specification is complete."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import rootseal
from rootseal.catalogue import CATALOGUE
from rootseal.commitment import Home, Subject, claims_root, commit
from rootseal.errors import InputError
from rootseal.ethereum import address_text, parse_address, recover
from rootseal.merkle import leaf_hash, node_hash, root_from_inclusion, root_of, verify_consistency
from rootseal.typed_data import checkpoint_digest, presentation_digest
from tests.support.world import World
from tests.vectors.facts_json import facts_from_json, facts_to_json
from tests.vectors.verdict_cases import CASES

ROOT = Path(__file__).parents[3]
VECTORS, SPEC = ROOT / "tests" / "vectors", ROOT / "docs" / "spec"


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def schema(name: str) -> Draft202012Validator:
    value = json.loads((SPEC / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(value)
    return Draft202012Validator(value)


def unhex(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def test_vectors_and_specification_are_fresh() -> None:
    from scripts.make_vectors import stale_files

    assert stale_files() == [], "run scripts/make_vectors.py"


def test_commitments() -> None:
    for case in load("commitments.json")["cases"]:
        home = Home.of(case["home"]["chain"], case["home"]["ledger"], case["home"]["issuer"])
        subject = Subject(
            bytes.fromhex((case["subject"]["holder"] or "0x" + "00" * 20)[2:]),
            case["subject"]["credits"],
            bytes.fromhex(case["subject"]["creditId"] or "00" * 16),
        )
        leaves = unhex(case["leaves"])
        for claim in case["claims"]:
            leaf = leaf_hash(bytes.fromhex(claim["salt"]) + claim["encoded"].encode())
            assert leaves[claim["position"]] == leaf
        root = claims_root(case["count"], case["validFrom"], case["validUntil"], root_of(leaves))
        subject_hash = subject.hash(bytes.fromhex(case["subjectSalt"]))
        assert (root.hex(), subject_hash.hex(), home.log_id.hex()) == (
            case["claimsRoot"],
            case["subjectHash"],
            case["logId"],
        )
        assert commit(home, root, subject_hash).hex() == case["commitment"]


def test_trees() -> None:
    trees = load("trees.json")
    assert [root_of([leaf_hash(b"%d" % i) for i in range(n)]).hex() for n in range(65)] == trees["roots"]
    for case in trees["inclusion"]:
        found = root_from_inclusion(case["index"], case["size"], bytes.fromhex(case["leaf"]), unhex(case["path"]))
        assert (found == bytes.fromhex(case["root"])) is case["valid"] is case["name"].startswith("right"), case["name"]
    for case in trees["consistency"]:
        roots = bytes.fromhex(case["firstRoot"]), bytes.fromhex(case["secondRoot"])
        found = verify_consistency(case["first"], case["second"], *roots, unhex(case["path"]))
        assert found is case["valid"] is case["name"].startswith("right"), case["name"]


def test_signatures() -> None:
    vectors = load("signatures.json")
    for case in vectors["checkpoints"]:
        home = Home.of(case["home"]["chain"], case["home"]["ledger"], case["home"]["issuer"])
        digest = checkpoint_digest(home, case["size"], bytes.fromhex(case["root"]), case["signedAt"], case["anchorBy"])
        assert digest.hex() == case["digest"]
        assert recover(digest, bytes.fromhex(case["signature"][2:])) == parse_address(case["signer"])
    for case in vectors["presentations"]:
        digest = presentation_digest(
            bytes.fromhex(case["fileDigest"]), case["audience"], case["nonce"], case["created"], case["expires"]
        )
        assert digest.hex() == case["digest"]
        signer = recover(digest, bytes.fromhex(case["signature"][2:]))
        assert signer is not None and address_text(signer) == case["signer"]
    for case in vectors["refused"]:
        assert recover(bytes.fromhex(case["digest"]), bytes.fromhex(case["signature"][2:])) is None, case["name"]


def test_files() -> None:
    vectors = load("files.json")
    for case in vectors["read"]:
        opened = rootseal.open_file(case["file"].encode())
        assert [c.commitment.hex() for c in opened.credentials] == case["commitments"], case["name"]
        assert (None if opened.signed_digest is None else opened.signed_digest.hex()) == case["signedDigest"]
    assert len(vectors["refused"]) > 150
    for case in vectors["refused"]:
        with pytest.raises(InputError) as caught:
            rootseal.open_file(bytes.fromhex(case["hex"]) if case["file"] is None else case["file"].encode())
        assert caught.value.where == case["where"], case["name"]


def test_verdicts() -> None:
    vectors = load("verdicts.json")
    assert {case["name"] for case in vectors["cases"]} == set(CASES)
    for case in vectors["cases"]:
        policy = None if case["policy"] is None else rootseal.parse_policy(vectors["policies"][case["policy"]])
        facts = facts_from_json(vectors["facts"][case["facts"]])
        expected = None if case["expected"] is None else rootseal.Expected(**case["expected"])
        data = vectors["files"][case["file"]].encode()
        verdict = rootseal.verify(data, policy, facts, now=case["now"], at=case["at"], expected=expected)
        assert verdict.to_json() == case["verdict"], case["name"]


def test_facts_are_read_back() -> None:
    for case in CASES.values():
        assert facts_from_json(json.loads(json.dumps(facts_to_json(case.facts)))) == case.facts


def test_schemas_accept_what_is_read() -> None:
    for case in load("files.json")["read"]:
        value = json.loads(case["file"].removeprefix("\ufeff"))
        schema(value["format"].split("/")[1]).validate(value)
    verdicts = schema("verdict")
    for case in load("verdicts.json")["cases"]:
        verdicts.validate(case["verdict"])
    schema("issuer").validate(World().issuer_document)


def test_schemas_refuse_most_of_what_is_refused() -> None:
    """What they let through is what the texts, not the schemas, say: relations between members, dates, bytes."""
    passed: list[str] = []
    for case in load("files.json")["refused"]:
        kind, _, defect = case["name"].partition(": ")
        if kind in ("credential file", "presentation"):
            name = kind.split()[0]
            if not list(schema(name).iter_errors(json.loads(case["file"]))):
                passed.append(defect)
    assert len(passed) < 45, passed


def test_verdict_text_has_every_code_and_sentence() -> None:
    text = (SPEC / "verdict.md").read_text(encoding="utf-8")
    for code, (outcome, sentence) in CATALOGUE.items():
        assert f"| `{code}` | {outcome} | {sentence} |" in text


def test_links_of_the_specification_lead_somewhere() -> None:
    for path in (*SPEC.glob("*.md"), VECTORS / "README.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert link.startswith("https://") or (path.parent / link).exists(), (path.name, link)


def test_specification_names_every_member_of_the_formats() -> None:
    for name, text in (
        ("credential", "credential-file"),
        ("presentation", "presentation"),
        ("issuer", "issuer-document"),
    ):
        value = json.loads((SPEC / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
        page = (SPEC / f"{text}.md").read_text(encoding="utf-8")
        for member in value["properties"]:
            assert f"`{member}`" in page, (name, member)


def test_inner_node_hash_is_prefixed() -> None:
    assert node_hash(bytes(32), bytes(32)) != leaf_hash(bytes(64))
