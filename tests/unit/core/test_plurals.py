"""One thing is one thing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rootseal.plurals import agreeing, counted


@pytest.mark.parametrize(
    ("number", "word", "said"),
    [
        (0, "entry", "0 entries"), (1, "entry", "1 entry"), (2, "entry", "2 entries"), (1, "promise", "1 promise"),
        (3, "promise", "3 promises"), (2, "day", "2 days"), (1, "copy", "1 copy"), (5, "copy", "5 copies"),
    ],
)  # fmt: skip
def test_the_word_goes_with_the_number(number: int, word: str, said: str) -> None:
    assert counted(number, word) == said


def test_other_plurals_and_verbs_are_given() -> None:
    assert counted(2, "batch", "batches") == "2 batches"
    assert [agreeing(number, "is", "are") for number in (0, 1, 2)] == ["are", "is", "are"]


def test_no_command_counts_entries_or_promises_without_it() -> None:
    """`{x.size} entries` reads "1 entries" on a node's first day."""
    folder = Path(__file__).parents[3] / "node" / "cli"
    counting = re.compile(r"\{[a-z_.]*(?:size|entries|anchors|rows)\} (?:entries|anchors|rows|promises)\b")
    assert {path.name: counting.findall(path.read_text()) for path in folder.glob("*.py")} == {
        path.name: [] for path in folder.glob("*.py")
    }
