"""Does the domain that an issuer names speak for it? Looked at only when the user asks, and remembered with its date.

Evidence, never trust: whoever owns the domain today may not have owned it when a credential was issued,
and the address is the issuer's own word on the ledger. It changes no verdict.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rootseal.errors import ConfigError, InputError, RootsealError, UndeterminedError
from rootseal.ethereum import address_text
from rootseal.instants import format_instant
from wallet.disk import read_file, write_atomically
from wallet.issuer_http import IssuerNode
from wallet.settings import default_policy_path

__all__ = ["DomainEvidence", "look", "recall", "remember", "sentences"]

_FORMAT = "rootseal/domains-seen/1"
_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class DomainEvidence:
    """What was seen at `url` at `seen_at`: the issuer document in force (by hash), and its did:web, if it names one.

    `did` is True where the domain's did.json names the document's id, False where it does not, None where the
    document has no did:web at that host.
    """

    url: str
    digest: bytes
    did: bool | None
    seen_at: int


def look(url: str, in_force: bytes, now: int) -> DomainEvidence:
    """Ask the address. Raises `UndeterminedError` where it does not answer or serves another document."""
    node = IssuerNode(url)
    answer = node.issuer_document()
    digest = sha256(answer.body).digest()
    if answer.status != 200 or digest != in_force:
        said = f"HTTP {answer.status}" if answer.status != 200 else f"a document with the hash {digest.hex()}"
        raise UndeterminedError(f"{url} does not show the document in force, but {said}", "domain.mismatch")
    return DomainEvidence(url, digest, _did(node, answer.body), now)


def sentences(evidence: DomainEvidence) -> list[str]:
    """In words, with the date."""
    when = format_instant(evidence.seen_at)
    lines = [f"Last seen on {when}: {evidence.url} shows the issuer document {evidence.digest.hex()}."]
    if evidence.did is True:
        lines.append(f"Its did:web was there too: on {when} the owner of that domain spoke for this issuer.")
    elif evidence.did is False:
        lines.append("Its did:web was not there.")
    return [*lines, "This is evidence and no proof: a domain may have changed hands since, or before."]


def recall(chain: str, ledger: bytes, issuer: int) -> DomainEvidence | None:
    """What was seen last, if anything. Raises `ConfigError` where the record is damaged."""
    found = _read().get(_key(chain, ledger, issuer))
    if found is None:
        return None
    try:
        return DomainEvidence(found["url"], bytes.fromhex(found["hash"]), found["did"], int(found["seenAt"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(str(_path()), "is damaged; remove it") from error


def remember(chain: str, ledger: bytes, issuer: int, evidence: DomainEvidence) -> None:
    """Keep it beside the user's policy, in the place of what was seen before."""
    seen = {"url": evidence.url, "hash": evidence.digest.hex(), "did": evidence.did, "seenAt": evidence.seen_at}
    issuers = _read() | {_key(chain, ledger, issuer): seen}
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(path.parent), f"cannot be made: {error.strerror}") from error
    write_atomically(path, json.dumps({"format": _FORMAT, "issuers": issuers}, indent=1).encode())


def _did(node: IssuerNode, document: bytes) -> bool | None:
    """Whether did.json at the host names the document's id; None where the id is no did:web of this host."""
    name = json.loads(document).get("id")
    host = urlsplit(node.url).netloc.replace(":", "%3A")
    if name != f"did:web:{host}":
        return None
    try:
        answer = node.did_document()
        found = json.loads(answer.body) if answer.status == 200 else None
    except (RootsealError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("id") == name


def _key(chain: str, ledger: bytes, issuer: int) -> str:
    return f"{chain}:{address_text(ledger)}/{issuer}"


def _path() -> Path:
    return default_policy_path().with_name("domains-seen.json")


def _read() -> dict[str, Any]:
    path = _path()
    if not path.exists():
        return {}
    try:
        value = json.loads(read_file(path, _LIMIT))
    except (ValueError, RecursionError) as error:
        raise ConfigError(str(path), "is damaged; remove it") from error
    if not isinstance(value, dict) or value.get("format") != _FORMAT or not isinstance(value.get("issuers"), dict):
        raise ConfigError(str(path), f"is not of format {_FORMAT}; remove it")
    return dict(value["issuers"])
