"""Step 5 of the schema: people, delivery, the HTTP interface, witnesses and credits.

One step because it is released at once; a part for each of those that use it.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PEOPLE_AND_DELIVERY"]

# Who may do what: tokens, and the approval that sealing may wait for.
_ACCESS: Final[tuple[str, ...]] = (
    """CREATE TABLE tokens (
        id TEXT PRIMARY KEY, person TEXT NOT NULL, roles TEXT NOT NULL, departments TEXT NOT NULL,
        secret_hash BLOB NOT NULL UNIQUE CHECK (length(secret_hash) = 32), added_at INTEGER NOT NULL,
        expires_at INTEGER, revoked_at INTEGER, used_on TEXT
    ) STRICT""",
    "CREATE TABLE template_departments (key TEXT PRIMARY KEY, department TEXT NOT NULL) STRICT",
    # One act of issuing is one submission: what a second person approves as a whole.
    """CREATE TABLE submissions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, submitted_at INTEGER NOT NULL, person TEXT, token TEXT,
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'rejected')),
        decided_at INTEGER, decided_person TEXT, decided_token TEXT, reason TEXT,
        CHECK ((state = 'waiting') = (decided_at IS NULL))
    ) STRICT""",
    # NULL for entries from before: they count as approved.
    "ALTER TABLE entries ADD COLUMN submission INTEGER REFERENCES submissions (id)",
    "CREATE INDEX submitted ON entries (submission) WHERE submission IS NOT NULL",
)

# What was handed to whom: mail, claim links.
_DELIVERY: Final[tuple[str, ...]] = (
    # A list that was handed in: its entries are those numbered `first` to `first` + `issued` - 1.
    """CREATE TABLE lists (
        number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, first INTEGER NOT NULL, rows INTEGER NOT NULL,
        issued INTEGER NOT NULL, refused INTEGER NOT NULL, repeated INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE mails (
        number INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL REFERENCES entries (id),
        token TEXT NOT NULL UNIQUE, message_id TEXT NOT NULL UNIQUE,
        carries TEXT NOT NULL CHECK (carries IN ('file', 'link')),
        state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'handed_over', 'refused', 'failed')),
        attempts INTEGER NOT NULL DEFAULT 0, queued_at INTEGER NOT NULL, next_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL, answer TEXT, bounced_at INTEGER, bounce TEXT
    ) STRICT""",
    "CREATE INDEX mails_of ON mails (entry, number)",
    "CREATE INDEX open_mails ON mails (next_at) WHERE state IN ('waiting', 'sending')",
    # Only the SHA-256 of a link's secret: 256 random bits need no slow hash.
    """CREATE TABLE claim_links (
        digest BLOB PRIMARY KEY CHECK (length(digest) = 32), entry TEXT NOT NULL REFERENCES entries (id),
        mail INTEGER REFERENCES mails (number), made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        opened_at INTEGER, resume BLOB CHECK (length(resume) = 32)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX claim_links_of ON claim_links (entry)",
    """CREATE TABLE hand_overs (
        entry TEXT PRIMARY KEY REFERENCES entries (id), at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

# What programs need: requests told apart from their repetitions, and what is announced to them.
_PROGRAMS: Final[tuple[str, ...]] = (
    """CREATE TABLE announcements (
        position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
        subject TEXT NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE (kind, subject)
    ) STRICT""",
    # What was revoked before there were announcements is not news.
    """INSERT INTO announcements (id, kind, subject, detail, at)
        SELECT 'msg_' || lower(hex(randomblob(16))), 'revoked', name, '{}', 0 FROM intents
        WHERE name GLOB 'status/*/revoke' AND state = 'final'""",
    # `secret` must be usable, so it is not hashed: this file is readable by the node alone.
    """CREATE TABLE webhooks (
        id TEXT PRIMARY KEY, url TEXT NOT NULL, kinds TEXT NOT NULL, secret BLOB NOT NULL, private INTEGER NOT NULL,
        added_at INTEGER NOT NULL, removed_at INTEGER, removed_why TEXT
    ) STRICT""",
    """CREATE TABLE webhook_deliveries (
        webhook TEXT NOT NULL REFERENCES webhooks (id),
        announcement INTEGER NOT NULL REFERENCES announcements (position),
        state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')), attempts INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, outcome TEXT, PRIMARY KEY (webhook, announcement)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX waiting_webhooks ON webhook_deliveries (next_at) WHERE state = 'waiting'",
    # Answered requests by the SHA-256 of who asked and the key; no key, so that nobody tries bodies against it.
    """CREATE TABLE requests (
        name BLOB PRIMARY KEY CHECK (length(name) = 32), fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
        status INTEGER NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX requests_by_age ON requests (at)",
)

# Other ledgers that this log is anchored on, what a recovery filled in, and what was said about promises.
_WITNESSES: Final[tuple[str, ...]] = (
    """CREATE TABLE witnesses (
        number INTEGER PRIMARY KEY AUTOINCREMENT, chain_urls TEXT NOT NULL, chain_id INTEGER NOT NULL,
        genesis_hash BLOB NOT NULL CHECK (length(genesis_hash) = 32), finality TEXT NOT NULL,
        ledger BLOB NOT NULL CHECK (length(ledger) = 20), code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
        deployment_block INTEGER NOT NULL, issuer INTEGER NOT NULL, anchor_interval INTEGER NOT NULL,
        max_fee INTEGER NOT NULL, added_at INTEGER NOT NULL, removed_at INTEGER, problem TEXT, seen_at INTEGER,
        UNIQUE (chain_id, genesis_hash, ledger, issuer)
    ) STRICT""",
    "CREATE UNIQUE INDEX one_witness_a_chain ON witnesses (chain_id) WHERE removed_at IS NULL",
    """CREATE TABLE witness_intents (
        position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
        key BLOB NOT NULL, target BLOB NOT NULL, data BLOB NOT NULL, value TEXT NOT NULL,
        gas_limit INTEGER, gas_margin INTEGER NOT NULL, gas_maximum INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('planned', 'signed', 'sent', 'mined', 'final')),
        nonce INTEGER, place_number INTEGER, place_hash BLOB, place_transaction BLOB, sent_at REAL
    ) STRICT""",
    "CREATE INDEX unfinished_witness_intents ON witness_intents (key, position) WHERE state <> 'final'",
    """CREATE TABLE witness_attempts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE,
        intent TEXT NOT NULL REFERENCES witness_intents (name), nonce INTEGER NOT NULL, raw BLOB NOT NULL,
        max_fee TEXT NOT NULL, tip TEXT NOT NULL, legacy INTEGER NOT NULL, gas INTEGER NOT NULL,
        data BLOB NOT NULL, signed_at REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX witness_attempts_of ON witness_attempts (intent, position)",
    """CREATE TABLE witness_anchors (
        witness INTEGER NOT NULL REFERENCES witnesses (number), sequence INTEGER NOT NULL,
        size INTEGER NOT NULL REFERENCES checkpoints (size), previous_size INTEGER NOT NULL, root BLOB NOT NULL,
        key BLOB NOT NULL, transaction_hash BLOB NOT NULL, block_number INTEGER NOT NULL, block_hash BLOB NOT NULL,
        block_time INTEGER NOT NULL, evidence TEXT, stored_at INTEGER NOT NULL,
        PRIMARY KEY (witness, sequence), UNIQUE (witness, size)
    ) STRICT, WITHOUT ROWID""",
    # Entries that are known by their commitment alone: they were read from the published log.
    """CREATE TABLE recovered_entries (
        entry TEXT PRIMARY KEY REFERENCES entries (id), recovered_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    # What was said about a promise, so that it is said once.
    """CREATE TABLE promise_alarms (
        size INTEGER NOT NULL REFERENCES checkpoints (size), state TEXT NOT NULL CHECK (state IN ('near', 'overdue')),
        told_at INTEGER NOT NULL, PRIMARY KEY (size, state)
    ) STRICT, WITHOUT ROWID""",
)

# Credits that the institution claims for learners, and why a credential was revoked.
_CREDITS: Final[tuple[str, ...]] = (
    """CREATE TABLE credit_acts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('claim', 'redeem')),
        commitment BLOB NOT NULL CHECK (length(commitment) = 32), intent TEXT NOT NULL UNIQUE REFERENCES intents (name),
        at INTEGER NOT NULL, award TEXT, salt BLOB CHECK (length(salt) = 32), CHECK ((kind = 'redeem') OR award IS NULL)
    ) STRICT""",
    "CREATE INDEX credit_acts_of ON credit_acts (commitment, position)",
    """CREATE TABLE status_notes (
        position INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL REFERENCES entries (id), act TEXT NOT NULL,
        note TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX status_notes_of ON status_notes (entry, position)",
    """CREATE TABLE identity_checks (
        entry TEXT PRIMARY KEY REFERENCES entries (id), old TEXT NOT NULL REFERENCES entries (id),
        checked_by TEXT NOT NULL, how TEXT NOT NULL, salt BLOB NOT NULL CHECK (length(salt) = 32), at INTEGER NOT NULL
    ) STRICT""",
)

PEOPLE_AND_DELIVERY: Final = (*_ACCESS, *_DELIVERY, *_PROGRAMS, *_WITNESSES, *_CREDITS)
"""All statements of the step."""
