"""The generated parts of docs/spec/*.md: examples, the catalogue of sentences, limits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from rootseal.canonical import Json, dumps
from rootseal.catalogue import CATALOGUE, CHECKS, LIMITS, STATEMENTS
from rootseal.claims import encode_claim, salt_claims, walk
from rootseal.languages import TEXTS
from rootseal.policy import format_policy
from scripts.vector_files import commitments, signatures, verdict
from tests.support.world import World
from tests.vectors.verdict_cases import CASES

__all__ = ["PARTS", "all_texts"]


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
    yield json.dumps(verdict(CASES["revoked"]).to_json(), ensure_ascii=False, indent=1)
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
