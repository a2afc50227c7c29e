"""A link to a file that only who has the link can read: locked here, left with a node that cannot open it.

    NODE/shared#<id>.<key>      id 16 bytes from the node, key 32 bytes from here, both base64url

What the node gets is nonce (12 bytes) ‖ AES-256-GCM ciphertext and tag, with "rootseal/link/1" as associated data.
Specified in docs/spec/shared-links.md.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from anchor.failing import why
from rootseal.errors import InputError, UndeterminedError, VerificationError
from rootseal.microcredential import display_text
from wallet.issuer_http import open_url

__all__ = ["MAX_DAYS", "MAX_SHARED_BYTES", "SharedLink", "share"]

MAX_SHARED_BYTES: Final = (256 << 10) - 28
MAX_DAYS: Final = 90

_DATA: Final = b"rootseal/link/1"
_TIMEOUT: Final = 30.0
_ID: Final = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class SharedLink:
    """The link, which holds the key, and when the node deletes what is behind it (UTC seconds)."""

    url: str
    expires_at: int


def share(data: bytes, node: str, days: int) -> SharedLink:
    """Lock `data` under a new key and leave it with `node` for `days` days.

    Raises `InputError` for an address or a size that will not do, `VerificationError` where the node refuses,
    `UndeterminedError` where it cannot be asked now. The key is never sent.
    """
    base = _base(node)
    if len(data) > MAX_SHARED_BYTES:
        raise InputError("FILE", f"is larger than the {MAX_SHARED_BYTES:,} bytes that fit behind a link", len(data))
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    found = _leave(base, nonce + AESGCM(key).encrypt(nonce, data, _DATA), days)
    name, end = found.get("id"), found.get("expiresAt")
    if found.get("format") != "rootseal/link/1" or not isinstance(name, str) or _ID.fullmatch(name) is None:
        raise UndeterminedError(f"{base} answered something else than a link", "link.answer")
    if isinstance(end, bool) or not isinstance(end, int) or not 0 < end < 1 << 40:
        raise UndeterminedError(f"{base} did not say when the link ends", "link.answer")
    return SharedLink(f"{base}/shared#{name}.{base64.urlsafe_b64encode(key).decode().rstrip('=')}", end)


def _base(node: str) -> str:
    try:
        parts = urlsplit(node)
        host = parts.hostname
    except ValueError:
        raise InputError("--node", "is no web address", node) from None
    if parts.scheme not in ("http", "https") or not host or parts.path.rstrip("/") or parts.query or parts.fragment:
        raise InputError("--node", "must be an address such as https://registrar.example", node)
    if parts.scheme != "https" and host not in _LOOPBACK:
        raise InputError("--node", "must begin with https://: what the page does must not be altered on the way", node)
    return f"{parts.scheme}://{parts.netloc}"


def _leave(base: str, sealed: bytes, days: int) -> dict[str, object]:
    headers = {"Content-Type": "application/octet-stream", "User-Agent": "rootseal"}
    request = urllib.request.Request(f"{base}/v1/links?days={days}", sealed, headers, method="POST")
    try:
        with open_url(base, request, _TIMEOUT) as answer:
            found = json.loads(answer.read(65_536))
    except urllib.error.HTTPError as error:
        raise _refusal(error, base) from None
    except (OSError, http.client.HTTPException) as error:
        raise UndeterminedError(f"{base} could not be reached: {why(error)}", "link.unreachable") from error
    except (ValueError, RecursionError):
        raise UndeterminedError(f"{base} answered something else than a link", "link.answer") from None
    return found if isinstance(found, dict) else {}


def _refusal(error: urllib.error.HTTPError, base: str) -> VerificationError | UndeterminedError:
    with error:
        try:
            said = display_text(json.loads(error.read(65_536)).get("detail"))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            said = None
    sentence = f"{base}: {said or f'answered with status {error.code}'}"
    if error.code in (400, 404, 413, 415, 422):
        return VerificationError("link.refused", sentence)
    return UndeterminedError(sentence, "link.busy")
