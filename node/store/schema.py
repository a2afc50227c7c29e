"""The schema, one numbered step after another. A step that was released is never edited."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from node.store.act_chain import chain_acts
from node.store.schema_copies import COPIES
from node.store.schema_people import PEOPLE_AND_DELIVERY

__all__ = ["MIGRATIONS", "SCHEMA_VERSION", "Statement"]

Statement = str | Callable[[sqlite3.Connection], None]
"""SQL, or what SQL cannot say."""

_FIRST: Final = (
    """CREATE TABLE facts (
        name TEXT PRIMARY KEY, value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE templates (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL, version INTEGER NOT NULL, content TEXT NOT NULL,
        added_at INTEGER NOT NULL, UNIQUE (key, version)
    ) STRICT""",
    # `live` is 0 for what was withdrawn or revoked: then the same award may be issued anew.
    """CREATE TABLE entries (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, template INTEGER NOT NULL REFERENCES templates (id),
        document BLOB NOT NULL, seed BLOB NOT NULL UNIQUE CHECK (length(seed) = 32),
        holder BLOB NOT NULL CHECK (length(holder) = 20), credits INTEGER NOT NULL,
        credit_id BLOB NOT NULL CHECK (length(credit_id) = 16),
        commitment BLOB NOT NULL UNIQUE CHECK (length(commitment) = 32),
        state TEXT NOT NULL CHECK (state IN ('accepted', 'sealed', 'withdrawn')),
        log_index INTEGER UNIQUE CHECK ((log_index IS NULL) = (state <> 'sealed')),
        learner TEXT NOT NULL, micro_credential TEXT NOT NULL, awarded_on TEXT NOT NULL,
        live INTEGER NOT NULL DEFAULT 1 CHECK (live IN (0, 1)),
        row_digest BLOB NOT NULL, email TEXT NOT NULL, line INTEGER NOT NULL, accepted_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE UNIQUE INDEX live_awards ON entries (learner, micro_credential, awarded_on) WHERE live = 1",
    "CREATE INDEX revoked_rows ON entries (row_digest) WHERE live = 0 AND state = 'sealed'",
    "CREATE INDEX waiting_entries ON entries (accepted_at) WHERE state = 'accepted'",
    """CREATE TABLE checkpoints (
        size INTEGER PRIMARY KEY, root BLOB NOT NULL UNIQUE CHECK (length(root) = 32), signed_at INTEGER NOT NULL,
        anchor_by INTEGER NOT NULL, key BLOB NOT NULL, signature BLOB NOT NULL CHECK (length(signature) = 65)
    ) STRICT""",
    """CREATE TABLE anchors (
        sequence INTEGER PRIMARY KEY, size INTEGER NOT NULL UNIQUE REFERENCES checkpoints (size),
        previous_size INTEGER NOT NULL, root BLOB NOT NULL UNIQUE, key BLOB NOT NULL, transaction_hash BLOB NOT NULL,
        block_number INTEGER NOT NULL, block_hash BLOB NOT NULL, block_time INTEGER NOT NULL,
        evidence TEXT, document_hash BLOB, stored_at INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE intents (
        position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
        key BLOB NOT NULL, target BLOB NOT NULL, data BLOB NOT NULL, value TEXT NOT NULL,
        gas_limit INTEGER, gas_margin INTEGER NOT NULL, gas_maximum INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('planned', 'signed', 'sent', 'mined', 'final')),
        nonce INTEGER, place_number INTEGER, place_hash BLOB, place_transaction BLOB, sent_at REAL
    ) STRICT""",
    "CREATE INDEX unfinished_intents ON intents (key, position) WHERE state <> 'final'",
    """CREATE TABLE attempts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE,
        intent TEXT NOT NULL REFERENCES intents (name), nonce INTEGER NOT NULL, raw BLOB NOT NULL,
        max_fee TEXT NOT NULL, tip TEXT NOT NULL, legacy INTEGER NOT NULL, gas INTEGER NOT NULL,
        data BLOB NOT NULL, signed_at REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX attempts_of ON attempts (intent, position)",
    """CREATE TABLE status_acts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL REFERENCES entries (id),
        act TEXT NOT NULL CHECK (act IN ('revoke', 'suspend', 'reinstate')), reason INTEGER NOT NULL,
        intent TEXT NOT NULL REFERENCES intents (name), requested_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX status_acts_of ON status_acts (entry, position)",
    """CREATE TABLE issuer_documents (
        hash BLOB PRIMARY KEY, content BLOB NOT NULL, kept_at INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE acts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, act TEXT NOT NULL,
        subject TEXT NOT NULL, detail TEXT NOT NULL
    ) STRICT""",
    "CREATE TRIGGER acts_stay BEFORE UPDATE ON acts BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END",
    "CREATE TRIGGER acts_last BEFORE DELETE ON acts BEGIN SELECT RAISE(ABORT, 'acts are never deleted'); END",
)

# A correction names what it supersedes; of one credential there is one correction that is not withdrawn.
_SUPERSEDING: Final = (
    "ALTER TABLE entries ADD COLUMN supersedes TEXT REFERENCES entries (id)",
    "CREATE UNIQUE INDEX superseding ON entries (supersedes) WHERE supersedes IS NOT NULL AND state <> 'withdrawn'",
)

# The audit log becomes a hash chain, and a checkpoint keeps the head it was sealed under.
_CHAINED: Final = (
    "DROP TRIGGER acts_stay",
    "DROP TRIGGER acts_last",
    "ALTER TABLE acts RENAME TO acts_unchained",
    """CREATE TABLE acts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, act TEXT NOT NULL,
        subject TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
    ) STRICT""",
    chain_acts,
    "DROP TABLE acts_unchained",
    "CREATE TRIGGER acts_stay BEFORE UPDATE ON acts BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END",
    "CREATE TRIGGER acts_last BEFORE DELETE ON acts BEGIN SELECT RAISE(ABORT, 'acts are never deleted'); END",
    "ALTER TABLE checkpoints ADD COLUMN acts_head BLOB CHECK (length(acts_head) = 32)",
)

# An erased entry keeps number, id, commitment, state and index: the log stays whole. The rest is overwritten.
_ERASURES: Final = (
    "CREATE TABLE erasures (entry TEXT PRIMARY KEY REFERENCES entries (id), erased_at INTEGER NOT NULL) STRICT",
)

# A webhook that names no kinds hears of all, of new ones too. Until here "all" was written out as what there was then.
_ALL_KINDS: Final = (
    """UPDATE webhooks SET kinds = '[]' WHERE kinds IN ('["sealed", "final", "revoked", "overdue"]',
        '["sealed", "final", "revoked", "near", "overdue", "low_balance"]')""",
)

# Awards that were taken in and whose entries are still to be made: durable, acknowledged, and each for a moment only;
# and those of them whose making was refused, until it succeeds or they are withdrawn.
_INTAKE: Final = (
    """CREATE TABLE intake (
        number INTEGER PRIMARY KEY, at INTEGER NOT NULL, person TEXT NOT NULL, token TEXT NOT NULL,
        name BLOB NOT NULL, fingerprint BLOB NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL,
        entry TEXT NOT NULL, template INTEGER NOT NULL, learner TEXT NOT NULL,
        micro_credential TEXT NOT NULL, awarded_on TEXT NOT NULL, row_digest BLOB NOT NULL, email TEXT NOT NULL,
        award TEXT NOT NULL, UNIQUE (learner, micro_credential, awarded_on)
    ) STRICT""",
    # `newest` is the number of the newest entry when it was set aside.
    """CREATE TABLE set_aside (
        number INTEGER PRIMARY KEY, since INTEGER NOT NULL, reason TEXT NOT NULL, newest INTEGER NOT NULL,
        at INTEGER NOT NULL, person TEXT NOT NULL, token TEXT NOT NULL, name BLOB NOT NULL, fingerprint BLOB NOT NULL,
        status INTEGER NOT NULL, body BLOB NOT NULL, entry TEXT NOT NULL UNIQUE, template INTEGER NOT NULL,
        learner TEXT NOT NULL, micro_credential TEXT NOT NULL, awarded_on TEXT NOT NULL, row_digest BLOB NOT NULL,
        email TEXT NOT NULL, award TEXT NOT NULL
    ) STRICT""",
)

MIGRATIONS: Final[tuple[tuple[Statement, ...], ...]] = (
    _FIRST,
    _SUPERSEDING,
    _CHAINED,
    _ERASURES,
    PEOPLE_AND_DELIVERY,
    COPIES,
    _ALL_KINDS,
    _INTAKE,
)
"""Statements of step N at place N−1; `PRAGMA user_version` counts the steps that a file has had."""

SCHEMA_VERSION: Final = len(MIGRATIONS)
