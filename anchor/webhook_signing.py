"""Signatures of what is posted to somebody's program: Standard Webhooks 1.0, symmetric (v1)."""

from __future__ import annotations

import base64
import binascii
import hmac
from pathlib import Path
from typing import Final

from rootseal.errors import InputError

__all__ = ["SECRET_PREFIX", "read_secret", "secret_text", "signature"]

SECRET_PREFIX: Final = "whsec_"
_SIZES: Final = range(24, 65)  # as the specification bounds a secret


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`; `timestamp` in UTC seconds."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode("ascii")


def secret_text(secret: bytes) -> str:
    """`whsec_…`, as receivers are given it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode("ascii")


def read_secret(path: Path, option: str) -> bytes:
    """The secret in the first line of a file: base64 of 24 to 64 bytes, with or without `whsec_` before it.

    Raises `InputError`, which names `option` and never what stands in the file.
    """
    try:
        with path.open(encoding="ascii") as file:
            line = file.readline(1024).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(option, "cannot be read; its first line must be the secret", str(path)) from error
    try:
        secret = base64.b64decode(line.removeprefix(SECRET_PREFIX), validate=True)
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) not in _SIZES:
        problem = "must hold base64 of 24 to 64 random bytes in its first line: `openssl rand -base64 32` makes one"
        raise InputError(option, problem, str(path))
    return secret
