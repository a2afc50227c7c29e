"""Status by a list: every row accounted for, and what one word holds goes in one transaction."""

from __future__ import annotations

import pytest

from anchor.ledger import ledger_abi
from node.bulk_status import BulkOutcome, change_by_list
from node.statuses import Act
from rootseal.errors import InputError
from tests.unit.node.conftest import Node
from tests.unit.node.test_statuses import anchored


def change(node: Node, text: str | bytes, act: Act = Act.REVOKE, dry_run: bool = False) -> BulkOutcome:
    data = text.encode() if isinstance(text, str) else text
    services = node.services
    return change_by_list(services.store, services.statuses, act, data, "list.csv", 0, services.now, dry_run=dry_run)


def test_rows_by_id_and_by_award_with_a_report_for_each(node: Node) -> None:
    ids = anchored(node, 4)
    found = node.services.entry(ids[3])
    text = (
        "id;learner_id;micro_credential;awarded_on;why\r\n"
        f"{ids[0]};;;;\r\n\r\n"
        f";{found.learner};{found.micro_credential};{found.awarded_on};left\r\n"
        f"{ids[0].removeprefix('urn:uuid:')};;;;again\r\n"
        ";nobody;ledgers;2026-10-01;\r\n"
        ";;ledgers;2026-10-01;\r\n"
        "not-an-id;;;;\r\n"
    )
    outcome = change(node, text, dry_run=True)
    expected = [(2, "queued"), (4, "queued"), (5, "twice"), (6, "refused"), (7, "refused"), (8, "refused")]
    assert [(row.line, row.outcome) for row in outcome.rows] == expected
    assert outcome.intents == ()
    outcome = change(node, text)
    assert [(row.line, row.outcome) for row in outcome.rows] == expected
    assert "no such award" in (outcome.rows[3].reason or "")
    assert len(outcome.intents) == 1
    assert node.services.anchor().reached
    bits = sum(1 << (node.services.entry(ids[n]).index or 0) for n in (0, 3))
    assert node.services.status_map().revoked == (bits,)
    again = change(node, text)
    assert [row.outcome for row in again.rows][:2] == ["already", "already"], (
        "revoked ones are found by their award too"
    )
    assert again.intents == ()


def test_six_hundred_rows_are_one_transaction_of_three_words(node: Node) -> None:
    ids = anchored(node, 600)
    outcome = change(node, "id\n" + "\n".join(ids), Act.SUSPEND)
    assert (outcome.count("queued"), len(outcome.intents)) == (600, 1)
    intent = node.services.store.outbox.get(outcome.intents[0])
    assert intent is not None
    call = ledger_abi().decode_call(intent.data)
    assert call is not None
    assert tuple(call[1][1]) == (0, 1, 2)


def test_what_is_not_anchored_or_revoked_is_refused_row_by_row(node: Node) -> None:
    ids = anchored(node, 2)
    node.services.revoke([ids[0]])
    outcome = change(node, "id\n" + "\n".join(ids), Act.SUSPEND)
    assert [row.outcome for row in outcome.rows] == ["refused", "queued"]
    assert "revoked" in (outcome.rows[0].reason or "")


@pytest.mark.parametrize(
    "text",
    ["", "name\nx\n", "id,id\n1,2\n", 'id\n"open\n', "<!DOCTYPE html><html></html>", b"\xff\xfe\xff", b"PK\x03\x04"],
    ids=["empty", "no-column", "column-twice", "open-quote", "html", "not-text", "zip"],
)
def test_a_file_that_is_no_such_list_is_refused_as_a_whole(node: Node, text: str | bytes) -> None:
    anchored(node, 1)
    with pytest.raises(InputError):
        change(node, text)


def test_only_a_revocation_has_a_reason_on_chain(node: Node) -> None:
    ids = anchored(node, 1)
    with pytest.raises(InputError, match="only where something is revoked"):
        node.services.suspend(ids, 1)
