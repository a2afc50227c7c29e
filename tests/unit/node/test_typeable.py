"""Commands that a sentence tells to type hold the node's directory, quoted as a shell needs it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from node.access import Access, Role
from node.cli import main
from node.cli.typeable import remember_directory, typeable
from node.config import read_config, write_config
from tests.support.program import Program
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster

DIRECTORY = click.Argument(["directory"])


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


@pytest.fixture
def spoken(request: pytest.FixtureRequest) -> Iterator[None]:
    """Within a command of the directory that the test names."""
    with click.Context(main) as context:
        remember_directory(context, DIRECTORY, Path(request.param))
        yield


CASES = (
    ("run `rootseal node anchor DIR`; it says", "run `rootseal node anchor {}`; it says"),
    ("see 'rootseal node waiting'", "see 'rootseal node waiting {}'"),
    (
        "'rootseal node keys rotate' and `rootseal node fsck`",
        "'rootseal node keys rotate {}' and `rootseal node fsck {}`",
    ),
    ("with 'rootseal node issue --supersedes'", "with 'rootseal node issue {} --supersedes'"),
    ("`rootseal node copies DIR ID --withdraw`", "`rootseal node copies {} ID --withdraw`"),
    ("Next: rootseal node fsck DIR, then", "Next: rootseal node fsck {}, then"),
    ("`rootseal doctor DIR` says more", "`rootseal doctor {}` says more"),
)


@pytest.mark.parametrize("spoken", ["mynode"], indirect=True)
@pytest.mark.parametrize(("told", "typed"), CASES)
def test_the_directory_stands_in_the_command(spoken: None, told: str, typed: str) -> None:
    assert typeable(told) == typed.replace("{}", "mynode")


@pytest.mark.parametrize("spoken", ["/srv/my node's"], indirect=True)
@pytest.mark.parametrize(("told", "typed"), CASES)
def test_it_is_quoted_as_a_shell_needs_it(spoken: None, told: str, typed: str) -> None:
    said = typeable(told)
    assert said.replace("`", "'") == typed.replace("{}", shlex.quote("/srv/my node's")).replace("`", "'")
    assert not said.count("`") % 2, "quotation marks inside are not those around"


@pytest.mark.parametrize("spoken", ["mynode"], indirect=True)
@pytest.mark.parametrize(
    "text",
    [
        "'rootseal node run' runs here already",
        "`rootseal doctor` at the machine",
        "'rootseal wallet claim'",
        "name a file in DIR",
        "'rootseal node accept-succession ITS-DIR 3'",
        "'rootseal node keys'",
    ],
)
def test_what_is_no_command_to_type_stays(spoken: None, text: str) -> None:
    assert typeable(text) == text


def test_outside_a_command_nothing_is_put_in() -> None:
    assert typeable("run `rootseal node anchor DIR`") == "run `rootseal node anchor DIR`"


def test_waiting_and_refusals_name_the_real_directory(node: Node, program: Program) -> None:
    write_config(node.directory, replace(read_config(node.directory), second_approver=True))
    found = node.services.issue(roster(1), "r.csv").issued[0].id
    said = program("node", "waiting", node.directory)
    assert f"'rootseal node show {node.directory} {found}' prints one document" in said.out
    assert " DIR" not in said.out
    early = program("node", "revoke", node.directory, found)
    assert (early.code, f"`rootseal node withdraw {node.directory}`" in early.err) == (3, True)
    made = Access(node.services.store, node.clock).add("Rea", [Role.READ])
    file = node.directory.parent / "rea.token"
    file.write_text(made.text + "\n")
    file.chmod(0o600)
    denied = program("node", "approve", node.directory, 1, "--token-file", file)
    assert f"'rootseal node token add {node.directory} --person … --role approve' makes one that may" in denied.err
    assert f"rootseal node init {node.directory / 'none'}" in program("node", "status", node.directory / "none").err
