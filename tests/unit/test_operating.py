"""The operator's handbook keeps up with the program: every setting, and only commands that there are."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import click

import rootseal.__main__ as program
from node.cli import main
from node.config import NodeConfig
from node.presets import PRESETS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def rows(section: str) -> list[list[str]]:
    """The cells of the table in a section, without its head."""
    part = TEXT.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| `")
    ]


def test_every_setting_is_described_in_order_with_its_default() -> None:
    described = rows("Settings")
    assert [row[0].strip("`") for row in described] == [setting.name for setting in fields(NodeConfig)]
    for row, setting in zip(described, fields(NodeConfig), strict=True):
        if setting.default is MISSING:
            assert row[1] == "set by init"
        elif isinstance(setting.default, int) and setting.name != "max_fee_per_gas":
            assert row[1] == str(setting.default).lower()  # as TOML writes true and false


def test_every_command_named_is_one_of_the_program() -> None:
    words = {word for _, word, _, _ in program._WORDS}
    for code in re.findall(r"`(rootseal [^`]+)`", TEXT) + re.findall(r"^\s+(rootseal .+)$", TEXT, re.MULTILINE):
        _, word, *rest = code.split()
        assert word in words, code
        if word != "node" or rest[0] == "COMMAND":
            continue
        command = main.commands[rest[0]]
        if isinstance(command, click.Group):
            command = command.commands[rest[1]]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {part for part in rest if part.startswith("--")} <= options | {"--help"}, code


def test_every_preset_is_named() -> None:
    assert all(f"`{name}`" in TEXT for name in PRESETS)


def test_every_event_of_the_log_is_described() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "node").rglob("*.py")))
    events = set(re.findall(r"\blog(?:_failure|_all)?\(\s*\"([a-z ]+)\"", source))
    described = {event for row in rows("Logs") for event in re.findall(r"`([a-z ]+)`", row[0])}
    assert described == events


def test_what_the_doctor_points_to_is_there() -> None:
    assert "the database is damaged or missing" in TEXT
    assert "### Restoring" in TEXT
