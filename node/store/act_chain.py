"""The audit log's hash chain: each line holds H(hash of the line before ‖ JCS(act)), the first begins from zeros.

Who can write the file can write a chain anew, but not one that fits the heads kept with checkpoints, nor a
copy that somebody else keeps. What stands after the newest checkpoint is not covered yet.
"""

from __future__ import annotations

import json
import sqlite3
from hashlib import sha256
from typing import Final

from rootseal.canonical import dumps
from rootseal.claims import encode_string

__all__ = ["FIRST", "act_hash", "canonical_act_hash", "chain_acts"]

FIRST: Final = bytes(32)
"""What stands before the first line."""


def act_hash(previous: bytes, at: int, act: str, subject: str, detail: str) -> bytes:
    """SHA-256 over `previous` (32 bytes) and the RFC 8785 bytes of the act; `detail` is JSON. 32 bytes."""
    return sha256(previous + dumps({"at": at, "act": act, "subject": subject, "detail": json.loads(detail)})).digest()


def canonical_act_hash(previous: bytes, at: int, act: str, subject: str, detail: bytes) -> bytes:
    """The same, where `detail` are the RFC 8785 bytes of the detail already: nothing is read and written again."""
    line = b'{"act":%b,"at":%d,"detail":%b,"subject":%b}' % (encode_string(act), at, detail, encode_string(subject))
    return sha256(previous + line).digest()


def chain_acts(connection: sqlite3.Connection) -> None:
    """Step 3 of the schema: copies the lines of `acts_unchained` to `acts`, each with its hash."""
    head = FIRST
    rows = connection.execute("SELECT position, at, act, subject, detail FROM acts_unchained ORDER BY position")
    for position, *act in rows.fetchall():
        head = act_hash(head, *act)
        connection.execute("INSERT INTO acts VALUES (?, ?, ?, ?, ?, ?)", (position, *act, head))
