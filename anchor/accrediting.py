"""Accrediting an issuer: bound to the hash of the document in force, which the accreditor has read.

Anyone may accredit; whom to believe is the verifier's policy. Nothing is sent before the document's own
bytes were held against the ledger, so that nobody accredits what he has not seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from anchor.calling import LedgerCall
from anchor.ledger import Ledger
from rootseal.canonical import MAX_BYTES
from rootseal.errors import InputError, UndeterminedError, VerificationError
from rootseal.ethereum import checksum_address
from rootseal.facts import AccreditationFact
from rootseal.instants import format_instant

__all__ = ["SeenDocument", "accredit_call", "read_document", "running", "seen_document", "withdraw_calls"]


@dataclass(frozen=True, slots=True)
class SeenDocument:
    """An issuer document whose hash is the one in force: content, hash, the issuer's name on the ledger, since when."""

    content: dict[str, Any]
    digest: bytes
    name: str
    since: int


def read_document(file: Path | None, url: str | None) -> bytes:
    """The bytes of a document from a file, or of `/v1/issuer` below an address that the user named.

    Raises `InputError`, or `UndeterminedError` where nobody answers.
    """
    if (file is None) == (url is None):
        raise InputError("--document", "give the issuer document: --document FILE, or --from URL of its node")
    if file is not None:
        try:
            with file.open("rb") as opened:
                return opened.read(MAX_BYTES + 1)
        except OSError as error:
            raise InputError("--document", f"cannot be read: {error.strerror}", str(file)) from error
    from anchor.audit.sources import open_source  # brings an HTTP client

    if url is None or "://" not in url:
        raise InputError("--from", "must be an address such as https://node.example", url)
    found = open_source(url).get("v1/issuer", MAX_BYTES)
    if found is None:
        raise UndeterminedError(f"{url} has no issuer document", "document.absent")
    return found


def seen_document(ledger: Ledger, issuer: int, data: bytes) -> SeenDocument:
    """Raises `InputError` for an unknown issuer, `VerificationError` where this is not the document in force."""
    record, history = ledger.issuer(issuer), ledger.documents(issuer)
    if record is None:
        raise InputError("ISSUER", "is not registered on this ledger", issuer)
    digest = sha256(data).digest()
    if not history or history[-1].document_hash != digest:
        has = history[-1].document_hash.hex() if history and any(history[-1].document_hash) else "none"
        raise VerificationError(
            "document.mismatch",
            f"not the document that issuer {issuer} has in force: its hash is {digest.hex()}, the ledger's {has}",
        )
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError("--document", "is registered, but is not JSON") from error
    if not isinstance(content, dict):
        raise InputError("--document", "is registered, but is no JSON object")
    return SeenDocument(content, digest, record.name, history[-1].time)


def accredit_call(issuer: int, seen: SeenDocument, scope: str, until: int) -> LedgerCall:
    """The call; `until` in UTC seconds, the first at which it no longer holds, 0 for an open end."""
    if len(scope.encode()) > 256:
        raise InputError("--scope", "must be at most 256 bytes long")
    return LedgerCall(f"accredit issuer {issuer}", "accredit", (issuer, seen.digest, scope, until))


def running(ledger: Ledger, issuer: int, accreditor: bytes, now: int) -> list[AccreditationFact]:
    """The accreditor's accreditations of this issuer that hold at `now`, by document."""
    return [given for given in ledger.accreditations(issuer, accreditor) if given.valid_at(now)]


def withdraw_calls(ledger: Ledger, issuer: int, accreditor: bytes, now: int) -> list[LedgerCall]:
    """One call for each document that is still accredited. Raises `InputError` where there is none."""
    given = running(ledger, issuer, accreditor, now)
    if not given:
        raise InputError(
            "ISSUER", f"has no accreditation by {checksum_address(accreditor)} that could be withdrawn", issuer
        )
    return [
        LedgerCall(
            f"withdraw the accreditation that issuer {issuer} has had since {format_instant(entry.since)}",
            "withdraw",
            (issuer, entry.document_hash),
        )
        for entry in given
    ]
