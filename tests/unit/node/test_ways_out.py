"""Refusals name a command on the command line and a page in the console, from one table."""

from __future__ import annotations

import pytest

from node.access import AccessDenied, Role
from node.principal import Principal
from node.ways_out import WAYS, on_pages, way
from rootseal.errors import ConflictError
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import HEADER, roster

VALUES = {"id": "urn:uuid:0b6f", "role": "issue", "directory": "/srv/node", "file": "/srv/node/passphrase"}


@pytest.mark.parametrize("name", WAYS)
def test_every_command_has_words_for_the_console(name: str) -> None:
    told = way(name, **VALUES)
    shown = on_pages(f"it is so: {told}; and so on")
    assert shown == f"it is so: {WAYS[name].page.format(**VALUES)}; and so on"
    assert "rootseal" not in shown
    assert "--" not in shown


def test_a_command_without_words_of_its_own_is_named_with_who_can_type_it() -> None:
    told = "is not set; run `rootseal node credits deploy DIR` or 'rootseal doctor' now"
    shown = "is not set; run “credits” on the command line (whoever runs the node can) or “doctor” on the command line"
    assert on_pages(told) == f"{shown} (whoever runs the node can) now"
    assert on_pages("it's the learner's own") == "it's the learner's own"


def test_refusals_of_a_list_name_no_command_in_the_console(node: Node) -> None:
    node.services.issue(roster(2), "r.csv")
    clash = HEADER + "00000000,Anna,Kovač,l0@example.edu,ledgers,2026-10-01,,\n" * 1
    clash += "5,A,B,a@example.edu,ledgers,2026-10-01,,\n5,A,C,a@example.edu,ledgers,2026-10-01,,\n"
    refused = node.services.issue(clash.encode(), "r.csv", dry_run=True).refused
    assert [row.line for row in refused] == [2, 4]
    assert all("rootseal node issue" in row.reason for row in refused)
    assert all("rootseal" not in on_pages(row.reason) for row in refused)


def test_refused_acts_name_no_command_in_the_console(node: Node) -> None:
    node.services.issue(roster(1), "r.csv")
    entry = node.services.store.entries.numbered(0, 1)[0]
    with pytest.raises(ConflictError, match="rootseal node withdraw") as early:
        node.services.revoke([entry.id])
    node.services.seal()
    with pytest.raises(ConflictError, match="rootseal node anchor") as soon:
        node.services.revoke([entry.id])
    with pytest.raises(ConflictError, match="rootseal node revoke") as late:
        node.services.withdraw(entry.id)
    with pytest.raises(AccessDenied, match="token add") as denied:
        Principal("0123456789", "Rea", frozenset({Role.READ}), frozenset()).require(Role.ISSUE)
    for told in (early, soon, late, denied):
        assert "rootseal" not in on_pages(str(told.value))
