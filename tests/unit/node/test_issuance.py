"""Issuing: every row accounted for, durable before it is acknowledged, never doubled."""

from __future__ import annotations

import json
import threading

import pytest

from node.issuance import IssueOutcome
from node.sealing import recomputed
from node.store import EntryState
from rootseal.errors import InputError, StoreError
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import HEADER, open_node, roster


def test_every_row_is_issued_already_issued_refused_or_blank(node: Node) -> None:
    good = "1,Ana,Kovač,a@example.edu,ledgers,2026-10-01,,\n"
    other = "2,Ana,Kovač,a@example.edu,ledgers,2026-10-01,,\n"
    node.services.issue((HEADER + good).encode(), "first.csv")
    outcome = node.services.issue((HEADER + good + other + "\n" + other.replace("ledgers", "none")).encode(), "r.csv")
    assert [row.line for row in outcome.already] == [2]
    assert [row.line for row in outcome.issued] == [3]
    assert outcome.blank == (4,)
    assert [(row.line, row.column) for row in outcome.refused] == [(5, "micro_credential")]
    assert outcome.total == 3


def test_what_is_acknowledged_survives_the_process(node: Node) -> None:
    issued = node.services.issue(roster(3), "r.csv").issued
    services = node.reopened()
    assert [services.entry(row.id).state for row in issued] == [EntryState.ACCEPTED] * 3


def test_the_commitment_is_the_one_that_files_are_verified_by(node: Node) -> None:
    rows = "1,Ana,Kovač,a@example.edu,ledgers,2026-10-01,,0xde0b295669a9fd93d5f28d9ec85e40f4cb697bae\n"
    rows += "2,,محمد,m@example.edu,endnote,2026-09-30,,\n"
    issued = node.services.issue((HEADER + rows).encode(), "r.csv").issued
    first, second = (node.services.entry(row.id) for row in issued)
    for entry in (first, second):
        assert recomputed(entry, node.services.home) == entry.commitment
    assert first.subject.holder.hex() == "de0b295669a9fd93d5f28d9ec85e40f4cb697bae"
    assert (first.subject.credits, any(first.subject.credit_id)) == (250, True)
    assert (second.subject.credits, any(second.subject.credit_id)) == (0, False)
    assert json.loads(first.document)["id"] == first.id


def test_the_stored_document_is_the_built_one(node: Node) -> None:
    name = '\\u0000 "\\" , Kovač'
    row = f'1,Ana,"{name.replace(chr(34), chr(34) * 2)}",a@example.edu,ledgers,2026-10-01,,\n'
    outcome = node.services.issue((HEADER + row).encode(), "r.csv")
    entry = node.services.entry(outcome.issued[0].id)
    assert json.loads(entry.document) == outcome.sample
    assert name in entry.document.decode().replace("\\\\", "\\").replace('\\"', '"')


def test_seeds_and_ids_are_drawn_anew_for_each(node: Node) -> None:
    entries = [node.services.entry(row.id) for row in node.services.issue(roster(50), "r.csv").issued]
    for values in ({e.seed for e in entries}, {e.id for e in entries}, {e.subject.credit_id for e in entries}):
        assert len(values) == 50


def test_the_email_address_is_in_no_document(node: Node) -> None:
    entry = node.services.entry(node.services.issue(roster(1), "r.csv").issued[0].id)
    assert entry.email == "l0@example.edu"
    assert b"@example.edu" not in entry.document


def test_a_dry_run_stores_nothing_and_shows_a_document(node: Node) -> None:
    outcome = node.services.issue(roster(3), "r.csv", dry_run=True)
    assert (len(outcome.issued), outcome.dry_run) == (3, True)
    assert outcome.sample is not None
    assert outcome.sample["name"] == "Ledgers for registrars"
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0


def test_a_changed_row_is_refused_with_the_way_out(node: Node) -> None:
    issued = node.services.issue(roster(1), "r.csv").issued[0]
    changed = roster(1).replace("Kovač".encode(), b"Kovac")
    refused = node.services.issue(changed, "r.csv").refused[0]
    assert f"rootseal node withdraw DIR {issued.id}" in refused.reason
    assert refused.raw[0] == "00000000"
    node.services.seal()
    assert f"--supersedes {issued.id}" in node.services.issue(changed, "r.csv").refused[0].reason


def test_after_withdrawal_the_right_row_is_issued(node: Node) -> None:
    issued = node.services.issue(roster(1), "r.csv").issued[0]
    node.services.withdraw(issued.id)
    assert len(node.services.issue(roster(1).replace("Kovač".encode(), b"Kovac"), "r.csv").issued) == 1
    assert [act.act for act in node.services.store.acts.all()] == ["template-add", "issue", "withdraw", "issue"]


def test_the_same_list_twice_at_once_is_issued_once(node: Node) -> None:
    outcomes: list[IssueOutcome] = []

    def hand_in() -> None:
        with open_node(node.directory, node.chain, node.clock) as services:
            outcomes.append(services.issue(roster(200), "r.csv"))

    threads = [threading.Thread(target=hand_in) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(outcome.issued) for outcome in outcomes) == 200
    assert all(len(outcome.issued) + len(outcome.already) == 200 for outcome in outcomes)


def test_a_list_that_cannot_be_stored_is_not_acknowledged(node: Node) -> None:
    connection = node.services.store._database.utils.conn
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StoreError, match="disk is full"):
        node.services.issue(roster(100), "r.csv")
    connection.execute("PRAGMA max_page_count = 1000000")
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0
    assert len(node.services.issue(roster(100), "r.csv").issued) == 100


def test_a_file_that_is_no_list_is_refused_as_a_whole(node: Node) -> None:
    with pytest.raises(InputError):
        node.services.issue(b"<html>", "r.csv")
