"""Awards whose credentials cannot be made although they were acknowledged: how that is told, and how one is withdrawn.

`node.intake` sets them aside and tries them again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Final

from node.access import check_entries
from node.copying import withdraw_award
from node.principal import Role
from node.store import Entry, NewEntry, Store
from node.store.set_aside import AsideRow
from rootseal.anchoring import Proofs
from rootseal.canonical import Json, dumps
from rootseal.commitment import Home, Subject
from rootseal.files import CredentialFile
from rootseal.instants import format_instant
from rootseal.plurals import counted

__all__ = ["SET_ASIDE_WAY", "one_set_aside", "set_aside_detail", "set_aside_sentence", "withdraw"]

SET_ASIDE_WAY: Final = (
    "they are kept, and tried again at each start, by each command and once an hour, also with a newer version of "
    "their micro-credential: update the program or mend that; or `rootseal node withdraw DIR ID` takes one back"
)
"""What becomes of them, and what can be done."""

_NAMED: Final = 3


def one_set_aside(row: AsideRow) -> str:
    """Which one, since when and why; without its learner."""
    since, at = format_instant(row.since), format_instant(row.taken.at)
    return f"{row.taken.entry} (acknowledged {at}, refused since {since}): {row.reason}"


def set_aside_detail(row: AsideRow) -> str:
    """What who asks for its credential hears."""
    since, at = format_instant(row.since), format_instant(row.taken.at)
    return (
        f"This award was acknowledged on {at}, and its credential cannot be made since {since}: {row.reason}. "
        "It is kept and tried again; who may issue can withdraw it (DELETE, or 'rootseal node withdraw')."
    )


def set_aside_sentence(rows: Sequence[AsideRow]) -> str:
    """What is set aside (at least one), some of it by id."""
    named = "; ".join(map(one_set_aside, rows[:_NAMED]))
    more = f"; and {len(rows) - _NAMED} more, which --json names" if rows[_NAMED:] else ""
    return f"{counted(len(rows), 'acknowledged award')} cannot be made into credentials: {named}{more}"


def withdraw(store: Store, home: Home, entry_id: str, now: int) -> Entry:
    """Take back what is accepted, or set aside; as `node.copying.withdraw_award`.

    What was set aside becomes an entry by that, one that never had a credential: so lists, the delivery ledger, the
    audit log and erasing treat it as what it is, a withdrawn one. Raises also `AccessDenied`.
    """
    # All or nothing: a crash or a refusal leaves it set aside.
    with store.writing():
        row = store.set_aside.get(entry_id)
        if row is not None:
            store.accepts.file([row.taken], [_never_made(row, home)])
            store.set_aside.remove(row.number)
        check_entries(store, Role.ISSUE, [entry_id])
        return withdraw_award(store, entry_id, now)


def _never_made(row: AsideRow, home: Home) -> NewEntry:
    """An entry with all that was kept of the award, in a document that is no credential."""
    taken, award = row.taken, json.loads(row.taken.award)
    document: dict[str, Json] = {
        "id": taken.entry,
        "credentialSubject": {
            "identifier": [
                {"identityType": "name", "identityHash": " ".join(filter(None, award[1:3]))},
                {"identityType": "identifier", "identityHash": taken.learner},
            ]
        },
        "award": award,
        "neverMade": row.reason,
    }
    seed, subject = secrets.token_bytes(32), Subject()
    commitment = CredentialFile(home, None, document, seed, subject, Proofs(0, None, ())).commitment
    return NewEntry(
        taken.entry,
        taken.template,
        dumps(document),
        seed,
        subject,
        commitment,
        taken.learner,
        taken.micro_credential,
        taken.awarded_on,
        taken.row_digest,
        taken.email,
        1,
    )
