"""Every command of the node is a route that there is, or stays on the machine for a reason that is given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click

from node.cli import main

DOCS = Path(__file__).parents[2] / "docs"
PATHS = json.loads((DOCS / "spec" / "openapi.json").read_bytes())["paths"]
# Of every command: where it works, and in which form it answers.
EVERYWHERE = {"--json", "--help"}


def commands(command: click.Command, words: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command by its words, without those of groups."""
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from commands(child, f"{words} {name}".strip())
    else:
        yield words, command


def table() -> dict[str, str]:
    """Command to what stands beside it."""
    text = (DOCS / "integrating.md").read_text(encoding="utf-8")
    section = text.partition("\n## Commands and routes\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z -]+)` \| (.+) \|$", section, re.MULTILINE)
    assert len({words for words, _ in rows}) == len(rows)
    return dict(rows)


def named_routes(cell: str) -> list[tuple[str, str]]:
    return re.findall(r"`(GET|POST|PUT|DELETE) (/[^`]+)`", cell)


def test_every_command_is_a_route_or_has_a_reason() -> None:
    rows = table()
    assert set(rows) == {words for words, _ in commands(main)}
    for words, cell in rows.items():
        assert named_routes(cell) or re.match(r"on the machine, because \w+", cell), words


def test_every_route_that_is_named_is_there() -> None:
    for words, cell in table().items():
        for method, path in named_routes(cell):
            assert method.lower() in PATHS.get(path, {}), (words, method, path)


def test_every_option_of_a_command_with_a_route_is_accounted_for() -> None:
    rows = table()
    for words, command in commands(main):
        if not named_routes(rows[words]):
            continue
        shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
        options = {option for parameter in shown for option in parameter.opts if option.startswith("--")}
        named = set(re.findall(r"--[a-z-]+", rows[words]))
        assert options - EVERYWHERE <= named, words
        assert named <= options, words


def test_every_route_with_a_token_is_some_command() -> None:
    """The other way round: nothing is offered to programs that a person at the machine cannot do."""
    named = {route for cell in table().values() for route in named_routes(cell)}
    ours = {
        (method.upper(), path)
        for path, operations in PATHS.items()
        for method, operation in operations.items()
        if "security" in operation
    }
    more = {
        ("GET", "/v1/doctor"),  # `rootseal doctor`
        ("POST", "/v1/diagnoses"),
        ("GET", "/v1/credentials/{id}/delivery"),
        ("GET", "/v1/acts"),
    }
    assert ours - named == more
