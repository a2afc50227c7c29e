"""Lists between checking and doing: the very bytes that were looked at, in memory, for one session.

Nothing of them is on disk before they are issued. A restart forgets them; then the list is uploaded again.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from node.bulk_status import BulkOutcome
    from node.issuance import IssueOutcome
    from node.statuses import Act

__all__ = ["ChangeDraft", "Draft", "Drafts", "ListDraft"]

_SECONDS: Final = 60 * 60
_MOST_OF_ONE: Final = 5
_MOST_BYTES: Final = 100 << 20


@dataclass(slots=True, kw_only=True)
class Draft:
    """An uploaded list: its bytes, and the session that may look at it. `at` is in UTC seconds."""

    session: str
    name: str
    data: bytes
    at: int
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, hexadecimal."""
        return sha256(self.data).hexdigest()


@dataclass(slots=True, kw_only=True)
class ListDraft(Draft):
    """Awards to issue. `outcome` is the check's, and after issuing what really became of the rows.

    `templates` counts the versions of micro-credentials at the check: a new one would make other documents.
    """

    supersedes: str | None
    outcome: IssueOutcome
    templates: int
    copies: int = 1
    issued_at: int | None = None


@dataclass(slots=True, kw_only=True)
class ChangeDraft(Draft):
    """Credentials whose status is to change, and why. `outcome` is as with `ListDraft`; `reason` 1 is superseded."""

    act: Act
    note: str
    reason: int
    outcome: BulkOutcome
    done_at: int | None = None


_Kept = TypeVar("_Kept", bound=Draft)


class Drafts(Generic[_Kept]):
    """Those of all sessions, of one kind. Threads share it; `clock` gives UTC seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def add(self, draft: _Kept) -> _Kept:
        """Keep a list for an hour. The session's sixth drops its first, and too much altogether the oldest ones."""
        with self._lock:
            self._forget_old()
            self._kept[draft.id] = draft
            own = [kept.id for kept in self._kept.values() if kept.session == draft.session]
            for old in own[:-_MOST_OF_ONE]:
                del self._kept[old]
            while len(self._kept) > 1 and sum(len(kept.data) for kept in self._kept.values()) > _MOST_BYTES:
                del self._kept[next(iter(self._kept))]
        return draft

    def get(self, session: str, draft_id: str) -> _Kept | None:
        """One of this session."""
        with self._lock:
            self._forget_old()
            found = self._kept.get(draft_id)
        return found if found is not None and found.session == session else None

    def of(self, session: str) -> list[_Kept]:
        """All of this session, the newest first."""
        with self._lock:
            self._forget_old()
            return [kept for kept in reversed(self._kept.values()) if kept.session == session]

    def drop(self, session: str, draft_id: str | None = None) -> None:
        """Forget one, or all of this session."""
        with self._lock:
            self._kept = {
                key: kept
                for key, kept in self._kept.items()
                if kept.session != session or draft_id not in (None, kept.id)
            }

    def _forget_old(self) -> None:
        now = self._clock()
        self._kept = {key: kept for key, kept in self._kept.items() if abs(now - kept.at) <= _SECONDS}
