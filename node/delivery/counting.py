"""Counting a list as it comes in: the other half of the delivery ledger's sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.store import Store

if TYPE_CHECKING:
    from node.issuance import IssueOutcome
    from node.roster.report import RosterReport

__all__ = ["count_list"]


def count_list(store: Store, report: RosterReport, outcome: IssueOutcome, now: int) -> None:
    """Write down what became of the list's rows, in the transaction that stored its credentials.

    A list that brought nothing new and was refused in nothing leaves no line.
    """
    if outcome.issued or outcome.refused:
        rows = len(report.rows) + len(report.refused)
        store.lists.add(now, rows, len(outcome.issued), len(outcome.refused), len(outcome.already))
