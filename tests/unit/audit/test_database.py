"""The auditor's own database: pages and progress together, one user at a time, one subject for ever."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from anchor.audit.database import AuditDatabase
from anchor.audit.paging import Page
from anchor.chain import Block, ChainUnavailable, LogEntry
from rootseal.errors import InputError, StoreError

LEDGER, CREDITS = bytes([1]) * 20, bytes([2]) * 20
SUBJECT = (31337, bytes(32), LEDGER)


def event(block: int, index: int = 0, contract: bytes = LEDGER, data: bytes = b"x") -> LogEntry:
    return LogEntry(contract, (bytes([block % 256]) * 32, bytes(32)), data, block, bytes(32), bytes([7]) * 32, index)


def page(first: int, last: int, *events: LogEntry) -> Page:
    return Page(first, last, events)


def test_what_was_stored_is_there_after_closing_and_in_chain_order(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    with AuditDatabase(path) as database:
        database.bind(SUBJECT)
        database.add_page(0, LEDGER, 1, page(1, 10, event(3), event(9)))
        database.add_page(0, CREDITS, 2, page(2, 8, event(3, 1, CREDITS)))
        database.add_page(0, LEDGER, 1, page(11, 20, event(12)))
        database.add_block(Block(3, bytes(32), bytes(32), 99, None))
    with AuditDatabase(path) as database:
        database.bind(SUBJECT)
        assert [database.next_block(0, contract, 1) for contract in (LEDGER, CREDITS)] == [21, 1]
        assert database.next_block(0, CREDITS, 2) == 9
        found = list(database.logs((LEDGER, CREDITS), 1, 11))
        assert found == [event(3), event(3, 1, CREDITS), event(9)]
        assert database.unknown_blocks(20) == (9, 12)
        assert database.block(3) == (bytes(32), 99)


def test_starting_earlier_than_before_reads_again_and_loses_nothing(tmp_path: Path) -> None:
    with AuditDatabase(tmp_path / "audit.db") as database:
        database.add_page(0, LEDGER, 5, page(5, 10, event(7)))
        assert database.next_block(0, LEDGER, 2) == 2
        database.add_page(0, LEDGER, 2, page(2, 8, event(3), event(7)))
        assert database.next_block(0, LEDGER, 2) == 9
        assert [log.block_number for log in database.logs((LEDGER,), 0, 99)] == [3, 7]


def test_page_written_twice_counts_once_and_two_events_at_one_place_are_refused() -> None:
    with AuditDatabase() as database:
        for _ in range(2):
            database.add_page(0, LEDGER, 0, page(0, 5, event(1), event(1, 1)))
        assert len(list(database.logs((LEDGER,), 0, 9))) == 2
        with pytest.raises(ChainUnavailable):
            database.add_page(0, LEDGER, 0, page(6, 9, event(7), event(7)))
        assert database.next_block(0, LEDGER, 0) == 6


def test_providers_are_compared_event_by_event() -> None:
    with AuditDatabase() as database:
        for provider in (0, 1):
            database.add_page(provider, LEDGER, 0, page(0, 9, event(1), event(4)))
        assert database.difference(9) is None
        database.add_page(0, LEDGER, 0, page(10, 19, event(12), event(13)))
        database.add_page(1, LEDGER, 0, page(10, 19, event(13, data=b"y")))
        assert database.difference(9) is None
        assert database.difference(19) == (12, 2, 1)
        database.forget(1)
        assert database.next_block(1, LEDGER, 0) == 0
        assert database.next_block(0, LEDGER, 0) == 20


def test_another_subject_another_file_and_a_second_user_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    with AuditDatabase(path) as database:
        database.bind(SUBJECT)
        with pytest.raises(StoreError, match="another audit"):
            AuditDatabase(path)
    with AuditDatabase(path) as database, pytest.raises(InputError, match="another chain"):
        database.bind((31337, bytes(31) + b"\1", LEDGER))
    foreign = sqlite3.connect(tmp_path / "foreign.db")
    foreign.execute("CREATE TABLE mine (x)")
    foreign.close()
    with pytest.raises(InputError):
        AuditDatabase(tmp_path / "foreign.db")
    (tmp_path / "text.db").write_text("no database at all, but long enough to be looked at" * 50)
    with pytest.raises(StoreError):
        AuditDatabase(tmp_path / "text.db")
    with pytest.raises(StoreError):
        AuditDatabase(tmp_path / "nowhere" / "audit.db")
