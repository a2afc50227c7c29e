"""The node's store: SQLite through sqlite-utils, and the only place that knows either."""

from __future__ import annotations

from node.store.database import Database, Fault
from node.store.outbox import StoredOutbox
from node.store.records import (
    Act,
    AnchorRow,
    Checkpoint,
    Entry,
    EntryState,
    NewEntry,
    RecordedAct,
    StatusAct,
)
from node.store.store import STORE_NAME, Store
from node.store.witnesses import Witness

__all__ = [
    "STORE_NAME",
    "Act",
    "AnchorRow",
    "Checkpoint",
    "Database",
    "Entry",
    "EntryState",
    "Fault",
    "NewEntry",
    "RecordedAct",
    "StatusAct",
    "Store",
    "StoredOutbox",
    "Witness",
]
