"""The store of one node: every table behind one object, opened and never implicitly made."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import sqlite_utils

from node.store.accepts import Accepts
from node.store.access import Departments, Tokens
from node.store.announcements import Announcements
from node.store.awards import Awards
from node.store.copies import Copies
from node.store.credits import CreditActs, IdentityChecks, StatusNotes
from node.store.database import Database, Fault
from node.store.delivery import ClaimLinks, HandOvers, Mails
from node.store.entries import Entries
from node.store.erasing import Erasures
from node.store.finding import Finding
from node.store.keeping import Acts, Documents, Facts
from node.store.lists import Lists
from node.store.log import Log
from node.store.migrations import create_file, upgrade_file
from node.store.outbox import StoredOutbox
from node.store.promise_alarms import PromiseAlarms
from node.store.recovered import Recovered
from node.store.requests import AnsweredRequests
from node.store.set_aside import SetAside
from node.store.statuses import StatusActs
from node.store.submissions import Submissions
from node.store.superseding import Superseding
from node.store.templates import Templates
from node.store.witnesses import Witnesses

__all__ = ["STORE_NAME", "Store"]

STORE_NAME: Final = "node.sqlite"


class Store:
    """All that a node must not lose. Threads may share it; a method that returned is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.facts = Facts(database)
        self.documents = Documents(database)
        self.acts = Acts(database)
        self.templates = Templates(database)
        self.entries = Entries(database)
        self.accepts = Accepts(database)
        self.set_aside = SetAside(database)
        self.awards = Awards(database)
        self.copies = Copies(database)
        self.finding = Finding(database)
        self.requests = AnsweredRequests(database)
        self.superseding = Superseding(database)
        self.erasures = Erasures(database)
        self.log = Log(database)
        self.outbox = StoredOutbox(database)
        self.statuses = StatusActs(database)
        self.witnesses = Witnesses(database)
        self.recovered = Recovered(database)
        self.alarms = PromiseAlarms(database)
        self.credits = CreditActs(database)
        self.notes = StatusNotes(database)
        self.identity_checks = IdentityChecks(database)
        self.tokens = Tokens(database)
        self.departments = Departments(database)
        self.submissions = Submissions(database)
        self.announcements = Announcements(database)
        self.lists = Lists(database)
        self.mails = Mails(database)
        self.claim_links = ClaimLinks(database)
        self.hand_overs = HandOvers(database)

    @classmethod
    def create(cls, path: Path) -> Store:
        """Make an empty store and open it. Raises `StoreError` where there is one."""
        create_file(path)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, fault: Fault | None = None) -> Store:
        """Open an existing store, upgraded if it is older (a copy is made first).

        Raises `StoreError` for a missing, newer, foreign or damaged file.
        """
        upgrade_file(path)
        return cls(Database(path, fault))

    @property
    def path(self) -> Path:
        """The file."""
        return self._database.path

    def writing(self) -> AbstractContextManager[sqlite_utils.Database]:
        """One write transaction around several calls; the lock is taken at once."""
        return self._database.writing()

    def reading(self) -> AbstractContextManager[None]:
        """One state of the store for several reads."""
        return self._database.reading()

    def version(self) -> int:
        """A number that differs from the one before iff another connection has written since."""
        found = self._database.row("PRAGMA data_version")
        return 0 if found is None else int(found[0])

    def problems(self) -> list[str]:
        """What SQLite itself finds wrong with the file, in its own words; empty where it is sound."""
        broken = [str(row[0]) for row in self._database.rows("PRAGMA integrity_check(20)") if row[0] != "ok"]
        dangling = self._database.rows("PRAGMA foreign_key_check")
        return broken + [f"{table} row {row} names a missing {parent}" for table, row, parent, _ in dangling]

    def close(self) -> None:
        """Close all connections."""
        self._database.close()
