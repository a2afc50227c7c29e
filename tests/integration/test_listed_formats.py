"""`docs/spec/commands.md` lists every command with `--json` and every route, each with its schema, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
from jsonschema import Draft202012Validator

from node.app import create_app
from tests.support.schemas import BASE, COMMANDS, ROUTES, SCHEMAS, SPEC
from tests.unit.node.nodes import make_node, open_node

# Described in texts of their own.
FILES = {"audit", "credential", "issuer", "presentation", "verdict"}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that offers --json, by walking the groups behind all entry points."""

    def walk(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                yield from walk(f"{words} {name}", child)
        if any("--json" in parameter.opts for parameter in command.params):
            yield words, command

    for point in entry_points(group="rootseal.commands"):
        yield from walk(f"rootseal {point.name}", point.load())


def test_commands_md_lists_exactly_the_commands_that_offer_json() -> None:
    assert set(COMMANDS) == {words for words, _ in commands()}


def test_exit_codes_in_help_stand_in_the_list() -> None:
    for words, command in commands():
        said = (command.help or "").partition("Exit codes")[2].partition(":")[2]
        codes = set(re.findall(r"(?:^|;)\s*(\d+)\b", said))
        assert codes <= set(re.findall(r"(?:^|;)\s*(\d+)\b", COMMANDS[words].last)), words


def test_every_listed_format_has_the_schema_of_its_name() -> None:
    for name, row in {**COMMANDS, **ROUTES}.items():
        assert row.formats == row.schemas or not row.formats, name
        for form in row.formats:
            schema = SCHEMAS[f"{form}.schema.json"]
            for shape in schema.get("oneOf", [schema]):
                assert shape["properties"]["format"]["const"] == f"rootseal/{form}/1"


def test_every_schema_is_referred_to_and_is_one() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in SPEC.glob("*.md"))
    for name, schema in SCHEMAS.items():
        assert f"(schemas/{name})" in texts, name
        Draft202012Validator.check_schema(schema)
        assert schema.get("$id", BASE + name) == BASE + name


def test_schemas_are_closed_and_describe_every_member() -> None:
    def check(name: str, schema: Any, definitions: dict[str, Any]) -> None:
        if isinstance(schema, list):
            for item in schema:
                check(name, item, definitions)
        if not isinstance(schema, dict):
            return
        members = schema.get("properties")
        if isinstance(members, dict) and schema.get("type") == "object":
            assert schema["additionalProperties"] is False, name
            for member, value in members.items():
                own = value.get("$ref", "").removeprefix("#/$defs/")
                assert value.get("description") or definitions.get(own, {}).get("description"), (name, member)
        for value in schema.values():
            check(name, value, definitions)

    for name, schema in SCHEMAS.items():
        if name.partition(".")[0] not in FILES:
            check(name, schema, schema.get("$defs", {}))


def test_every_route_is_listed(tmp_path: Path) -> None:
    chain = make_node(tmp_path / "node")
    with open_node(tmp_path / "node", chain) as services:
        assert {rule.rule for rule in create_app(services).url_map.iter_rules()} == set(ROUTES)
