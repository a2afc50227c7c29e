"""`node show` and the rows in `node waiting`: what a person must see before he approves or corrects."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from node.access import Role
from node.erasing import erase_entry
from tests.support.program import Program
from tests.unit.node.conftest import Node
from tests.unit.node.console import first, two_people
from tests.unit.node.nodes import roster


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


def issued(node: Node, token: Callable[..., str], program: Program, count: int = 2) -> None:
    """A list that waits for a second person; Lin's token lies beside the node."""
    two_people(node)
    listed, ada = node.directory.parent / "june.csv", node.directory.parent / "ada.token"
    listed.write_bytes(roster(count))
    ada.write_text(token(Role.ISSUE, name="Ada"))
    (node.directory.parent / "lin.token").write_text(token(Role.APPROVE, name="Lin"))
    assert program("node", "issue", node.directory, listed, "--token-file", ada).code == 0


def test_waiting_and_approve_show_who_gets_what_and_when(
    node: Node, token: Callable[..., str], program: Program
) -> None:
    issued(node, token, program)
    uuid = first(node)
    run = program("node", "waiting", node.directory)
    assert "1  2 of ledgers; issued 2026-" in run.out
    assert f"line 2: 00000000 Ana 0 Kovač; ledgers of 2026-10-01  urn:uuid:{uuid}" in run.out
    assert "line 3: 00000001 Ana 1 Kovač" in run.out
    assert f"'rootseal node show {node.directory} urn:uuid:{uuid}' prints one document" in run.out
    (item,) = program("node", "waiting", node.directory, "--json").objects[0]["submissions"]
    assert [(row["line"], row["learnerId"], row["learner"]) for row in item["rows"]] == [
        (2, "00000000", "Ana 0 Kovač"),
        (3, "00000001", "Ana 1 Kovač"),
    ]
    run = program("node", "approve", node.directory, "1", "--token-file", node.directory.parent / "lin.token")
    assert (run.code, "line 3: 00000001 Ana 1 Kovač" in run.out) == (0, True)


def test_a_long_list_is_cut_on_the_terminal_and_whole_in_json(
    node: Node, token: Callable[..., str], program: Program
) -> None:
    issued(node, token, program, 40)
    run = program("node", "waiting", node.directory)
    assert run.out.count("    line ") == 25
    assert "… and 15 more" in run.out
    (item,) = program("node", "waiting", node.directory, "--json").objects[0]["submissions"]
    assert len(item["rows"]) == 40


def test_an_unsealed_credential_is_shown_as_the_learner_will_read_it(node: Node, program: Program) -> None:
    node.services.issue(roster(1), "r.csv")
    uuid = first(node)
    run = program("node", "show", node.directory, uuid)
    assert run.code == 0
    for part in ("TEST", "not sealed yet", "from line 2", "goes to l0@example.edu", "Ana 0 Kovač", "Ledgers for regis"):
        assert part in run.out
    value = program("node", "show", node.directory, uuid, "--json").objects[0]
    assert (value["standing"], value["index"], value["submission"]) == ("accepted", None, 1)
    assert value["document"]["id"] == f"urn:uuid:{uuid}"
    node.services.withdraw(uuid)
    assert "withdrawn before it was sealed" in program("node", "show", node.directory, uuid).out


def test_revoked_and_erased_ones_say_so(node: Node, program: Program) -> None:
    node.services.issue(roster(1), "r.csv")
    uuid = first(node)
    node.services.seal()
    node.services.anchor()
    node.services.revoke([uuid])
    assert "being revoked, not final on chain yet" in program("node", "show", node.directory, uuid).out
    erase_entry(node.services.store, uuid, node.services.now)
    run = program("node", "show", node.directory, uuid)
    assert "its document is destroyed" in run.out
    assert "from submission 1" in run.out and "line" not in run.out
    assert "Ana" not in run.out
    value = program("node", "show", node.directory, uuid, "--json").objects[0]
    assert (value["document"], value["email"], value["learnerId"]) == (None, None, None)
    assert value["erasedAt"]


def test_an_unknown_one_is_told(node: Node, program: Program) -> None:
    run = program("node", "show", node.directory, "00000000-0000-4000-8000-000000000000")
    assert (run.code, "there is no credential with this id here" in run.err) == (2, True)
