"""The head of a published log: where its resources lie, its checkpoint, the key that must have signed it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from anchor.audit.sources import Source
from rootseal.canonical import MAX_BYTES, Json, loads
from rootseal.errors import InputError, UndeterminedError, VerificationError
from rootseal.strict import hex_bytes
from rootseal.tlog import LogCheckpoint, NoteKey, open_note

__all__ = ["LogAbsent", "LogHead", "SignatureOutcome", "check_signature", "read_head"]

_MAX_NOTE: Final = 1 << 16
# A node's public address, then a log's own directory or address. The issuer document's places, best first.
_LAYOUTS: Final = (("log/", ("v1/issuer", "log/issuer.json")), ("", ("issuer.json", "v1/issuer")))


class LogAbsent(UndeterminedError):  # noqa: N818 - reads as what happened
    """The place answered, and no log is there."""


@dataclass(frozen=True, slots=True)
class LogHead:
    """A checkpoint as it was found, its signature not checked yet; `prefix` stands before every tile's path."""

    source: Source
    prefix: str
    note: bytes
    checkpoint: LogCheckpoint
    document: bytes | None


@dataclass(frozen=True, slots=True)
class SignatureOutcome:
    """`code` is a finding's code or None; `unchecked` says why the signature could not be checked, or is None."""

    code: str | None = None
    unchecked: str | None = None


def read_head(source: Source) -> LogHead:
    """Find and read the checkpoint. Raises `LogAbsent` where there is none, `UndeterminedError` for a bad one."""
    for prefix, documents in _LAYOUTS:
        note = source.get(f"{prefix}checkpoint", _MAX_NOTE)
        if note is not None:
            found = (source.get(path, MAX_BYTES) for path in documents)
            document = next((data for data in found if data is not None), None)
            return LogHead(source, prefix, note, _checkpoint(note), document)
    raise LogAbsent("there is no checkpoint", "log.unreachable")


def check_signature(head: LogHead, registered: frozenset[bytes]) -> SignatureOutcome:
    """Is the note signed by the key that the registered document names?

    `registered` holds the SHA-256 of the document in force, and of any newer one that is not final yet.
    """
    if head.document is None:
        return SignatureOutcome(unchecked="no issuer document is published beside the log, so its key is not known")
    if not registered:
        return SignatureOutcome(unchecked="the issuer has registered no document, so nothing vouches for the log's key")
    if sha256(head.document.rstrip(b"\r\n")).digest() not in registered:
        return SignatureOutcome(code="log.document")
    verify = _ed25519()
    if verify is None:
        return SignatureOutcome(unchecked="the package 'cryptography' is not installed")
    try:
        open_note(head.note, _log_key(head.document, head.checkpoint.origin), verify)
    except InputError as error:
        return SignatureOutcome(unchecked=f"the issuer document or the note cannot be used: {error.diagnostics()}")
    except VerificationError:
        return SignatureOutcome(code="log.signature")
    return SignatureOutcome()


def _checkpoint(note: bytes) -> LogCheckpoint:
    try:
        text, blank, _ = note.decode().rpartition("\n\n")
        return LogCheckpoint.from_text(text + "\n" if blank else "")
    except (InputError, UnicodeDecodeError) as error:
        raise UndeterminedError(f"what stands at its checkpoint is none: {error}", "log.unreadable") from error


def _log_key(document: bytes, origin: str) -> NoteKey:
    """The key of `rootseal/issuer/1`. The note's name must be the origin, whatever the document calls its key."""
    value = loads(document, "issuer document")
    key: Json = value.get("logKey") if isinstance(value, dict) else None
    if not isinstance(key, dict):
        raise InputError("issuer document.logKey", "is missing")
    return NoteKey(origin, hex_bytes(key.get("ed25519"), "issuer document.logKey.ed25519", 32))


def _ed25519() -> Callable[[bytes, bytes, bytes], bool] | None:
    """Signature check (RFC 8032), or None: only who runs a node must have `cryptography`."""
    try:
        keys: Any = importlib.import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
        refused: Any = importlib.import_module("cryptography.exceptions").InvalidSignature
    except ImportError:
        return None

    def verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
        try:
            keys.Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except (refused, ValueError):
            return False
        return True

    return verify
