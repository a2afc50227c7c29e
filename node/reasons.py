"""Why a credential's status changed: kept by the issuer, never on chain, and handed to the holder on request."""

from __future__ import annotations

from collections.abc import Sequence

from node.connection import Connection
from node.statuses import StatusOutcome
from node.store import EntryState, Store
from node.store.credits import StatusNote
from rootseal.errors import InputError, UndeterminedError
from rootseal.reason import MAX_REASON, Reason

__all__ = ["check_note", "keep_note", "keep_notes", "signed_reason"]


def check_note(note: str) -> str:
    """The note as it is. Raises `InputError` where it cannot be handed out later."""
    if not 0 < len(note.strip()) <= MAX_REASON or not note.isprintable():
        raise InputError("--note", f"must be 1 to {MAX_REASON} printable characters on one line", note)
    return note


def keep_note(store: Store, outcome: StatusOutcome, note: str, now: int) -> tuple[str, ...]:
    """Write the note down for every entry that the act was queued for, for copies that follow, and for those where
    it was asked before.

    Repeating it with the same words adds nothing. Returns the ids that it was written down for.
    """
    ids = (*outcome.requested, *outcome.already, *outcome.following)
    return keep_notes(store, ids, outcome.act.value, note, now)


def keep_notes(store: Store, entry_ids: Sequence[str], act: str, note: str, now: int) -> tuple[str, ...]:
    """As `keep_note`, for full ids; each means all copies of that credential."""
    check_note(note)
    with store.writing():
        copies = [copy for entry_id in entry_ids for copy in store.entries.award(store.entries.get(entry_id))]
        kept = dict.fromkeys(copy.id for copy in copies if copy.state is not EntryState.WITHDRAWN)
        fresh = [
            entry_id for entry_id in kept if not any((n.act, n.note) == (act, note) for n in store.notes.of(entry_id))
        ]
        store.notes.add(tuple(StatusNote(entry_id, act, note, now) for entry_id in fresh))
        if fresh:
            # That there is a note, never what it says: the audit log cannot be erased.
            store.acts.add(now, "note", act, {"entries": fresh})
    return tuple(fresh)


def signed_reason(store: Store, connection: Connection, entry_id: str, now: int) -> Reason:
    """The newest note on an entry as a statement for its holder, signed by the node's key.

    Raises `InputError` for an unknown id, `UndeterminedError` where no reason was written down.
    """
    entry = store.entries.get(entry_id)
    notes = store.notes.of(entry.id)
    if not notes:
        problem = (
            f"no reason was written down for {entry.id}; `rootseal node revoke DIR {entry.id} --note TEXT` does it"
        )
        raise UndeterminedError(problem, "reason.none")
    newest = notes[-1]
    made = Reason(connection.config.home, entry.commitment, newest.act, newest.note, newest.at, now)
    signed = made.signed(connection.signer.sign_digest(made.digest))
    with store.writing():
        store.acts.add(now, "reason", entry.id, {"act": newest.act})
    return signed
