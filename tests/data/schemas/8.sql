CREATE TABLE acts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, act TEXT NOT NULL,
        subject TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32)
    ) STRICT;
CREATE TRIGGER acts_last BEFORE DELETE ON acts BEGIN SELECT RAISE(ABORT, 'acts are never deleted'); END;
CREATE TRIGGER acts_stay BEFORE UPDATE ON acts BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END;
CREATE TABLE anchors (
        sequence INTEGER PRIMARY KEY, size INTEGER NOT NULL UNIQUE REFERENCES checkpoints (size),
        previous_size INTEGER NOT NULL, root BLOB NOT NULL UNIQUE, key BLOB NOT NULL, transaction_hash BLOB NOT NULL,
        block_number INTEGER NOT NULL, block_hash BLOB NOT NULL, block_time INTEGER NOT NULL,
        evidence TEXT, document_hash BLOB, stored_at INTEGER NOT NULL
    ) STRICT;
CREATE TABLE announcements (
        position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
        subject TEXT NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE (kind, subject)
    ) STRICT;
CREATE TABLE attempts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE,
        intent TEXT NOT NULL REFERENCES intents (name), nonce INTEGER NOT NULL, raw BLOB NOT NULL,
        max_fee TEXT NOT NULL, tip TEXT NOT NULL, legacy INTEGER NOT NULL, gas INTEGER NOT NULL,
        data BLOB NOT NULL, signed_at REAL NOT NULL
    ) STRICT;
CREATE INDEX attempts_of ON attempts (intent, position);
CREATE TABLE checkpoints (
        size INTEGER PRIMARY KEY, root BLOB NOT NULL UNIQUE CHECK (length(root) = 32), signed_at INTEGER NOT NULL,
        anchor_by INTEGER NOT NULL, key BLOB NOT NULL, signature BLOB NOT NULL CHECK (length(signature) = 65)
    , acts_head BLOB CHECK (length(acts_head) = 32)) STRICT;
CREATE TABLE claim_links (
        digest BLOB PRIMARY KEY CHECK (length(digest) = 32), entry TEXT NOT NULL REFERENCES entries (id),
        mail INTEGER REFERENCES mails (number), made_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        opened_at INTEGER, resume BLOB CHECK (length(resume) = 32)
    ) STRICT, WITHOUT ROWID;
CREATE INDEX claim_links_of ON claim_links (entry);
CREATE UNIQUE INDEX copies ON entries (copy_of, copy) WHERE copy_of IS NOT NULL;
CREATE TABLE credit_acts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('claim', 'redeem')),
        commitment BLOB NOT NULL CHECK (length(commitment) = 32), intent TEXT NOT NULL UNIQUE REFERENCES intents (name),
        at INTEGER NOT NULL, award TEXT, salt BLOB CHECK (length(salt) = 32), CHECK ((kind = 'redeem') OR award IS NULL)
    ) STRICT;
CREATE INDEX credit_acts_of ON credit_acts (commitment, position);
CREATE TABLE entries (
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
    , supersedes TEXT REFERENCES entries (id), submission INTEGER REFERENCES submissions (id), copy_of TEXT REFERENCES entries (id), copy INTEGER NOT NULL DEFAULT 1 CHECK ((copy = 1) = (copy_of IS NULL))) STRICT;
CREATE TABLE erasures (entry TEXT PRIMARY KEY REFERENCES entries (id), erased_at INTEGER NOT NULL) STRICT;
CREATE TABLE facts (
        name TEXT PRIMARY KEY, value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE hand_overs (
        entry TEXT PRIMARY KEY REFERENCES entries (id), at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE identity_checks (
        entry TEXT PRIMARY KEY REFERENCES entries (id), old TEXT NOT NULL REFERENCES entries (id),
        checked_by TEXT NOT NULL, how TEXT NOT NULL, salt BLOB NOT NULL CHECK (length(salt) = 32), at INTEGER NOT NULL
    ) STRICT;
CREATE TABLE intake (
        number INTEGER PRIMARY KEY, at INTEGER NOT NULL, person TEXT NOT NULL, token TEXT NOT NULL,
        name BLOB NOT NULL, fingerprint BLOB NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL,
        entry TEXT NOT NULL, template INTEGER NOT NULL, learner TEXT NOT NULL,
        micro_credential TEXT NOT NULL, awarded_on TEXT NOT NULL, row_digest BLOB NOT NULL, email TEXT NOT NULL,
        award TEXT NOT NULL, UNIQUE (learner, micro_credential, awarded_on)
    ) STRICT;
CREATE TABLE intents (
        position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
        key BLOB NOT NULL, target BLOB NOT NULL, data BLOB NOT NULL, value TEXT NOT NULL,
        gas_limit INTEGER, gas_margin INTEGER NOT NULL, gas_maximum INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('planned', 'signed', 'sent', 'mined', 'final')),
        nonce INTEGER, place_number INTEGER, place_hash BLOB, place_transaction BLOB, sent_at REAL
    ) STRICT;
CREATE TABLE issuer_documents (
        hash BLOB PRIMARY KEY, content BLOB NOT NULL, kept_at INTEGER NOT NULL
    ) STRICT;
CREATE TABLE lists (
        number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, first INTEGER NOT NULL, rows INTEGER NOT NULL,
        issued INTEGER NOT NULL, refused INTEGER NOT NULL, repeated INTEGER NOT NULL
    ) STRICT;
CREATE UNIQUE INDEX live_awards ON entries (learner, micro_credential, awarded_on)
        WHERE live = 1 AND copy_of IS NULL;
CREATE TABLE mails (
        number INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL REFERENCES entries (id),
        token TEXT NOT NULL UNIQUE, message_id TEXT NOT NULL UNIQUE,
        carries TEXT NOT NULL CHECK (carries IN ('file', 'link')),
        state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'handed_over', 'refused', 'failed')),
        attempts INTEGER NOT NULL DEFAULT 0, queued_at INTEGER NOT NULL, next_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL, answer TEXT, bounced_at INTEGER, bounce TEXT
    ) STRICT;
CREATE INDEX mails_of ON mails (entry, number);
CREATE UNIQUE INDEX one_witness_a_chain ON witnesses (chain_id) WHERE removed_at IS NULL;
CREATE INDEX open_mails ON mails (next_at) WHERE state IN ('waiting', 'sending');
CREATE TABLE promise_alarms (
        size INTEGER NOT NULL REFERENCES checkpoints (size), state TEXT NOT NULL CHECK (state IN ('near', 'overdue')),
        told_at INTEGER NOT NULL, PRIMARY KEY (size, state)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE recovered_entries (
        entry TEXT PRIMARY KEY REFERENCES entries (id), recovered_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE requests (
        name BLOB PRIMARY KEY CHECK (length(name) = 32), fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
        status INTEGER NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_age ON requests (at);
CREATE INDEX revoked_rows ON entries (row_digest) WHERE live = 0 AND state = 'sealed';
CREATE TABLE set_aside (
        number INTEGER PRIMARY KEY, since INTEGER NOT NULL, reason TEXT NOT NULL, newest INTEGER NOT NULL,
        at INTEGER NOT NULL, person TEXT NOT NULL, token TEXT NOT NULL, name BLOB NOT NULL, fingerprint BLOB NOT NULL,
        status INTEGER NOT NULL, body BLOB NOT NULL, entry TEXT NOT NULL UNIQUE, template INTEGER NOT NULL,
        learner TEXT NOT NULL, micro_credential TEXT NOT NULL, awarded_on TEXT NOT NULL, row_digest BLOB NOT NULL,
        email TEXT NOT NULL, award TEXT NOT NULL
    ) STRICT;
CREATE TABLE sqlite_sequence(name,seq);
CREATE TABLE status_acts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL REFERENCES entries (id),
        act TEXT NOT NULL CHECK (act IN ('revoke', 'suspend', 'reinstate')), reason INTEGER NOT NULL,
        intent TEXT NOT NULL REFERENCES intents (name), requested_at INTEGER NOT NULL
    ) STRICT;
CREATE INDEX status_acts_of ON status_acts (entry, position);
CREATE TABLE status_notes (
        position INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL REFERENCES entries (id), act TEXT NOT NULL,
        note TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT;
CREATE INDEX status_notes_of ON status_notes (entry, position);
CREATE TABLE submissions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, submitted_at INTEGER NOT NULL, person TEXT, token TEXT,
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'rejected')),
        decided_at INTEGER, decided_person TEXT, decided_token TEXT, reason TEXT,
        CHECK ((state = 'waiting') = (decided_at IS NULL))
    ) STRICT;
CREATE INDEX submitted ON entries (submission) WHERE submission IS NOT NULL;
CREATE UNIQUE INDEX superseding ON entries (supersedes) WHERE supersedes IS NOT NULL AND state <> 'withdrawn';
CREATE TABLE template_departments (key TEXT PRIMARY KEY, department TEXT NOT NULL) STRICT;
CREATE TABLE templates (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL, version INTEGER NOT NULL, content TEXT NOT NULL,
        added_at INTEGER NOT NULL, UNIQUE (key, version)
    ) STRICT;
CREATE TABLE tokens (
        id TEXT PRIMARY KEY, person TEXT NOT NULL, roles TEXT NOT NULL, departments TEXT NOT NULL,
        secret_hash BLOB NOT NULL UNIQUE CHECK (length(secret_hash) = 32), added_at INTEGER NOT NULL,
        expires_at INTEGER, revoked_at INTEGER, used_on TEXT
    ) STRICT;
CREATE INDEX unfinished_intents ON intents (key, position) WHERE state <> 'final';
CREATE INDEX unfinished_witness_intents ON witness_intents (key, position) WHERE state <> 'final';
CREATE INDEX waiting_entries ON entries (accepted_at) WHERE state = 'accepted';
CREATE INDEX waiting_webhooks ON webhook_deliveries (next_at) WHERE state = 'waiting';
CREATE TABLE webhook_deliveries (
        webhook TEXT NOT NULL REFERENCES webhooks (id),
        announcement INTEGER NOT NULL REFERENCES announcements (position),
        state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')), attempts INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, outcome TEXT, PRIMARY KEY (webhook, announcement)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE webhooks (
        id TEXT PRIMARY KEY, url TEXT NOT NULL, kinds TEXT NOT NULL, secret BLOB NOT NULL, private INTEGER NOT NULL,
        added_at INTEGER NOT NULL, removed_at INTEGER, removed_why TEXT
    ) STRICT;
CREATE TABLE witness_anchors (
        witness INTEGER NOT NULL REFERENCES witnesses (number), sequence INTEGER NOT NULL,
        size INTEGER NOT NULL REFERENCES checkpoints (size), previous_size INTEGER NOT NULL, root BLOB NOT NULL,
        key BLOB NOT NULL, transaction_hash BLOB NOT NULL, block_number INTEGER NOT NULL, block_hash BLOB NOT NULL,
        block_time INTEGER NOT NULL, evidence TEXT, stored_at INTEGER NOT NULL,
        PRIMARY KEY (witness, sequence), UNIQUE (witness, size)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE witness_attempts (
        position INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE,
        intent TEXT NOT NULL REFERENCES witness_intents (name), nonce INTEGER NOT NULL, raw BLOB NOT NULL,
        max_fee TEXT NOT NULL, tip TEXT NOT NULL, legacy INTEGER NOT NULL, gas INTEGER NOT NULL,
        data BLOB NOT NULL, signed_at REAL NOT NULL
    ) STRICT;
CREATE INDEX witness_attempts_of ON witness_attempts (intent, position);
CREATE TABLE witness_intents (
        position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
        key BLOB NOT NULL, target BLOB NOT NULL, data BLOB NOT NULL, value TEXT NOT NULL,
        gas_limit INTEGER, gas_margin INTEGER NOT NULL, gas_maximum INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('planned', 'signed', 'sent', 'mined', 'final')),
        nonce INTEGER, place_number INTEGER, place_hash BLOB, place_transaction BLOB, sent_at REAL
    ) STRICT;
CREATE TABLE witnesses (
        number INTEGER PRIMARY KEY AUTOINCREMENT, chain_urls TEXT NOT NULL, chain_id INTEGER NOT NULL,
        genesis_hash BLOB NOT NULL CHECK (length(genesis_hash) = 32), finality TEXT NOT NULL,
        ledger BLOB NOT NULL CHECK (length(ledger) = 20), code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
        deployment_block INTEGER NOT NULL, issuer INTEGER NOT NULL, anchor_interval INTEGER NOT NULL,
        max_fee INTEGER NOT NULL, added_at INTEGER NOT NULL, removed_at INTEGER, problem TEXT, seen_at INTEGER,
        UNIQUE (chain_id, genesis_hash, ledger, issuer)
    ) STRICT;
