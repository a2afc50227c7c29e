"""Handing out as the store knows it: mails with their states, one-time claim links, hand-overs in person.

Nothing here names a learner: a row points at its credential, whose address is read when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from node.store.database import Database

__all__ = ["Carries", "ClaimLink", "ClaimLinks", "HandOvers", "Mail", "MailState", "Mails"]

MailState = Literal["waiting", "sending", "handed_over", "refused", "failed"]
Carries = Literal["file", "link"]

_MAIL: Final = (
    "SELECT number, entry, token, message_id, carries, state, attempts, queued_at, next_at, changed_at, answer,"
    " bounced_at, bounce FROM mails"
)
_LINK: Final = "SELECT digest, entry, mail, made_at, expires_at, opened_at, resume FROM claim_links"

# Sealed, neither revoked nor erased, without any mail, link or hand-over; final ones only, with all copies, or all.
_UNSENT: Final = """SELECT id FROM entries e WHERE state = 'sealed' AND live = 1 AND copy_of IS NULL
    AND (?1 OR log_index < (SELECT coalesce(max(size), 0) FROM anchors) AND NOT EXISTS (
        SELECT 1 FROM entries c WHERE c.copy_of = e.id AND c.state <> 'withdrawn'
        AND (c.log_index IS NULL OR c.log_index >= (SELECT coalesce(max(size), 0) FROM anchors))))
    AND NOT EXISTS (SELECT 1 FROM mails WHERE entry = e.id)
    AND NOT EXISTS (SELECT 1 FROM claim_links WHERE entry = e.id)
    AND NOT EXISTS (SELECT 1 FROM hand_overs WHERE entry = e.id)
    AND NOT EXISTS (SELECT 1 FROM erasures WHERE entry = e.id)
    ORDER BY log_index LIMIT ?2"""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail about one credential. `token` names it to the mail system and says nothing about anybody.

    waiting → sending → handed_over (the server took it), refused (it never will) or failed (given up).
    Times are UTC seconds; `answer` and `bounce` are a server's words without addresses.
    """

    number: int
    entry: str
    token: str
    message_id: str
    carries: Carries
    state: MailState
    attempts: int
    queued_at: int
    next_at: int
    changed_at: int
    answer: str | None
    bounced_at: int | None
    bounce: str | None


@dataclass(frozen=True, slots=True)
class ClaimLink:
    """A one-time link, known by the SHA-256 of its secret. `resume` is that of the key it was opened with."""

    digest: bytes
    entry: str
    mail: int | None
    made_at: int
    expires_at: int
    opened_at: int | None
    resume: bytes | None


class Mails:
    """The table `mails`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unsent(self, limit: int, *, before_final: bool) -> list[str]:
        """Ids of credentials that may be mailed and that nobody has been handed in any way, by index."""
        return [entry for (entry,) in self._database.rows(_UNSENT, (int(before_final), limit))]

    def queue(self, entry: str, token: str, message_id: str, carries: Carries, now: int) -> None:
        """A mail that waits from now on."""
        self._database.change(
            "INSERT INTO mails (entry, token, message_id, carries, state, queued_at, next_at, changed_at)"
            " VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?)",
            (entry, token, message_id, carries, now, now, now),
        )

    def due(self, now: int, limit: int, entry: str | None = None, numbers: tuple[int, int] | None = None) -> list[Mail]:
        """Waiting ones whose time has come (of one credential at any time), the oldest first.

        `numbers`: only those from the first to the last of them.
        """
        if entry is not None:
            return self._many("state = 'waiting' AND entry = ? ORDER BY number LIMIT ?", entry, limit)
        rest = "state = 'waiting' AND next_at <= ? AND number BETWEEN ? AND ? ORDER BY number LIMIT ?"
        return self._many(rest, now, *(numbers or (0, 1 << 62)), limit)

    def waiting(self) -> list[tuple[int, str]]:
        """(number, entry) of every one that waits to be sent, by number."""
        return self._database.rows("SELECT number, entry FROM mails WHERE state = 'waiting' ORDER BY number")

    def uncertain(self) -> list[Mail]:
        """Those that were being sent. Where nobody sends now, nobody knows whether the server took them."""
        return self._many("state = 'sending' ORDER BY number")

    def of(self, entry: str) -> list[Mail]:
        """All mails about one credential, oldest first."""
        return self._many("entry = ? ORDER BY number", entry)

    def find(self, tokens: Iterable[str], message_ids: Iterable[str]) -> Mail | None:
        """The mail that one of these names."""
        for column, values in (("token", tokens), ("message_id", message_ids)):
            for value in values:
                found = self._many(f"{column} = ?", value)
                if found:
                    return found[0]
        return None

    def move(
        self, mail: Mail, state: MailState, now: int, *, answer: str | None = None, next_at: int | None = None
    ) -> bool:
        """From its state to `state`, by compare-and-swap; False where another process was quicker.

        Beginning to send counts as an attempt. What it carries is written too: the settings may have changed.
        """
        attempts = mail.attempts + (state == "sending" and mail.state != state)
        return bool(
            self._database.change(
                "UPDATE mails SET state = ?, carries = ?, attempts = ?, changed_at = ?, next_at = ?,"
                " answer = coalesce(?, answer) WHERE number = ? AND state = ?",
                (
                    *(state, mail.carries, attempts, now, mail.next_at if next_at is None else next_at, answer),
                    *(mail.number, mail.state),
                ),
            )
        )

    def bounced(self, number: int, at: int, words: str) -> bool:
        """The mail came back, also where nobody knew whether it had gone; False where that was known."""
        return bool(
            self._database.change(
                "UPDATE mails SET bounced_at = ?, bounce = ?, state = CASE state WHEN 'sending' THEN 'handed_over'"
                " ELSE state END WHERE number = ? AND bounced_at IS NULL",
                (at, words, number),
            )
        )

    def counts(self) -> dict[str, int]:
        """How many there are in each state; those that came back are `bounced` and nothing else."""
        rows = self._database.rows(
            "SELECT CASE WHEN bounced_at IS NULL THEN state ELSE 'bounced' END, count(*) FROM mails GROUP BY 1"
        )
        found = dict(rows)
        states = ("waiting", "sending", "handed_over", "refused", "failed", "bounced")
        return {state: found.get(state, 0) for state in states}

    def _many(self, rest: str, *parameters: object) -> list[Mail]:
        return [Mail(*row) for row in self._database.rows(f"{_MAIL} WHERE {rest}", parameters)]


class ClaimLinks:
    """The table `claim_links`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, digest: bytes, entry: str, mail: int | None, made_at: int, expires_at: int) -> None:
        """A new one."""
        self._database.change(
            "INSERT INTO claim_links (digest, entry, mail, made_at, expires_at) VALUES (?, ?, ?, ?, ?)",
            (digest, entry, mail, made_at, expires_at),
        )

    def get(self, digest: bytes) -> ClaimLink | None:
        """The one with this digest."""
        found = self._database.row(f"{_LINK} WHERE digest = ?", (digest,))
        return None if found is None else ClaimLink(*found)

    def of(self, entry: str) -> list[ClaimLink]:
        """All links to one credential, oldest first."""
        rows: Sequence[tuple[Any, ...]] = self._database.rows(f"{_LINK} WHERE entry = ? ORDER BY made_at", (entry,))
        return [ClaimLink(*row) for row in rows]

    def bind(self, digest: bytes, resume: bytes, now: int) -> bool:
        """Open it with this resume key; False where it was opened before or has expired."""
        statement = (
            "UPDATE claim_links SET opened_at = ?, resume = ? WHERE digest = ? AND opened_at IS NULL AND expires_at > ?"
        )
        return bool(self._database.change(statement, (now, resume, digest, now)))

    def expire(self, entry: str, now: int) -> int:
        """End every link to `entry` that nobody opened; how many."""
        statement = "UPDATE claim_links SET expires_at = ? WHERE entry = ? AND opened_at IS NULL AND expires_at > ?"
        return self._database.change(statement, (now, entry, now))

    def forget(self, digest: bytes) -> None:
        """Delete one that surely nobody received."""
        self._database.change("DELETE FROM claim_links WHERE digest = ? AND opened_at IS NULL", (digest,))


class HandOvers:
    """The table `hand_overs`: given in person, or in another way that the node knows nothing of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entry: str, at: int) -> bool:
        """Write it down; False where it was."""
        return bool(self._database.change("INSERT OR IGNORE INTO hand_overs VALUES (?, ?)", (entry, at)))

    def at(self, entry: str) -> int | None:
        """When, or None."""
        found = self._database.row("SELECT at FROM hand_overs WHERE entry = ?", (entry,))
        return None if found is None else found[0]
