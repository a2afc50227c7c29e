"""`rootseal doctor --file`: what is wrong with one file, fit to be pasted where everybody reads it.

Nothing of the content comes out: no claim, no salt, no seed, no commitment, no index, no holder, no name. What does
is put together from fixed words, codes of the catalogue, and numbers below a thousand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from node.redaction import MEMBERS, capped, safe_place, safe_sentence
from rootseal.canonical import MAX_BYTES
from rootseal.errors import InputError
from rootseal.facts import Facts
from rootseal.files import CREDENTIAL_FORMAT
from rootseal.opened import OpenedCredential
from rootseal.opening import open_file
from rootseal.policy import TEST_CHAINS
from rootseal.presentation import PRESENTATION_FORMAT
from rootseal.verdict import CredentialVerdict
from rootseal.verification import verify

__all__ = ["FileDiagnosis", "diagnose_file", "tool_version"]

_KNOWN: Final = {CREDENTIAL_FORMAT: "credential, version 1", PRESENTATION_FORMAT: "presentation, version 1"}
_PUBLIC: Final = frozenset((1, 10, 100, 137, 8453, 42161, 43114, 56))
_PUBLIC_TEST: Final = frozenset((11155111, 17000, 560048, 80002, 84532, 10200, 421614))
_BEGINNINGS: Final = (
    (b"{", "a JSON object"),
    (b"[", "a JSON array"),
    (b"%PDF", "a PDF document"),
    (b"PK", "a ZIP archive or an office document"),
    (b"<", "a web page or XML"),
)


@dataclass(frozen=True, slots=True)
class FileDiagnosis:
    """`failed` is (where, what) for a file that cannot be read; `failing` the codes of checks that say no."""

    value: dict[str, Any]
    failed: tuple[str, str] | None
    failing: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """1 where something is wrong with the file; the chain is not asked."""
        return 1 if self.failed or self.failing else 0


def diagnose_file(data: bytes, now: int) -> FileDiagnosis:
    """The diagnosis of the bytes of a file; `now` in UTC seconds. Offline, and never raises on a hostile file."""
    value: dict[str, Any] = {"tool": f"rootseal {tool_version()}", **_outside(data)}
    try:
        opened = open_file(data)
    except InputError as error:
        failed = safe_place(error.where), safe_sentence(error.problem)
        return FileDiagnosis({**value, "failed": {"where": failed[0], "problem": failed[1]}, "credentials": []}, failed)
    verdicts = verify(data, None, Facts(), now=now).credentials
    pairs = list(zip(opened.credentials, verdicts, strict=True))
    value |= {"failed": None, "credentials": [_credential(*pair) for pair in pairs]}
    failing = tuple(c.code for verdict in verdicts for c in verdict.checks if c.outcome == "fail")
    return FileDiagnosis(value, None, failing)


def tool_version() -> str:
    """The version of this program."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("rootseal")
    except PackageNotFoundError:
        return "(not installed)"


def _outside(data: bytes) -> dict[str, Any]:
    """What can be said of any bytes."""
    body = data.removeprefix(b"\xef\xbb\xbf")
    begins = next((name for start, name in _BEGINNINGS if body.lstrip().startswith(start)), "something else")
    return {
        "kibibytes": capped(-(-len(data) // 1024)),
        "beginsLike": begins if body.strip() else "nothing: the file is empty",
        "byteOrderMark": body is not data and len(body) != len(data),
        **_inside(body),
    }


def _inside(body: bytes) -> dict[str, Any]:
    """Format and members as far as a lenient reader sees them."""
    try:
        found = json.loads(body) if len(body) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return {"formatVersion": "none", "members": [], "unknownMembers": 0}
    known = [name for name in found if name in MEMBERS]
    form = found.get("format")
    named = _KNOWN.get(form, "another") if isinstance(form, str) else "none"
    return {"formatVersion": named, "members": sorted(known), "unknownMembers": capped(len(found) - len(known))}


def _credential(opened: OpenedCredential, verdict: CredentialVerdict) -> dict[str, Any]:
    anchors = opened.proofs.anchors
    home = opened.proofs.at(opened.home)
    return {
        "homeChain": _chain_kind(opened.home.chain_id),
        "complete": opened.complete,
        "claimsShown": capped(len(opened.claims)),
        "leaves": capped(opened.count),
        "subject": "shown" if opened.subject is not None else "hidden",
        "issuerDocument": opened.issuer_document is not None,
        "promise": opened.proofs.promise is not None,
        "homeAnchors": capped(len(home)),
        "witnessAnchors": capped(len(anchors) - len(home)),
        "anchorsWithEvidence": capped(sum(anchor.evidence is not None for anchor in anchors)),
        "introducingAnchor": opened.proofs.introducing(opened.home) is not None,
        "checks": [{"name": c.name, "outcome": c.outcome, "code": c.code} for c in verdict.checks],
    }


def _chain_kind(chain_id: int) -> str:
    if chain_id in TEST_CHAINS:
        return "development chain (TEST)"
    if chain_id in _PUBLIC_TEST:
        return "public test network"
    return "public network" if chain_id in _PUBLIC else "another chain"
