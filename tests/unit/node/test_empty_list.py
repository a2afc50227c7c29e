"""A list that names its columns and nothing else is no list: saying "0 issued" would hide a mistake."""

from __future__ import annotations

import pytest

from node.roster import COLUMNS
from rootseal.errors import InputError
from tests.unit.node.conftest import Node


def test_a_list_without_rows_is_refused(node: Node) -> None:
    with pytest.raises(InputError, match="no rows below them"):
        node.services.issue((",".join(COLUMNS) + "\n").encode(), "empty.csv")
