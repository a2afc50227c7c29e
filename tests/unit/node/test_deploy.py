"""The image recipe and the service unit, as far as they can be proven without an engine."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import click
import pytest
from flask import Flask
from werkzeug.serving import make_server

from node.app import create_app
from node.cli import main
from tests.support.serving import serving
from tests.unit.node.conftest import Node

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "deploy" / "rootseal.service"


def instructions() -> list[tuple[str, str]]:
    """(word, rest) of each instruction of the recipe, line continuations joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Containerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def of(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def checked(words: list[str]) -> None:
    """The words after `rootseal` are a command of the program, with options that it has."""
    assert words[0] == "node"
    command = main.commands[words[1]]
    options = {option for parameter in command.params for option in parameter.opts}
    assert isinstance(command, click.Command)
    assert {word for word in words if word.startswith("--")} <= options


def test_the_recipe_uses_known_instructions_and_tagged_images() -> None:
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"}
    assert {word for word, _ in instructions()} == known | {"ENTRYPOINT", "CMD"}
    images = of("FROM")
    assert len(images) == 2
    assert all(re.fullmatch(r"python:\d+\.\d+(-slim)?-bookworm( AS build)?", image) for image in images)
    assert "-slim" in images[-1]


def test_everything_that_is_copied_exists_and_is_let_into_the_build() -> None:
    allowed = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    for rest in of("COPY"):
        *sources, _ = rest.split()
        if sources[0].startswith("--from"):
            continue
        for source in sources:
            assert (ROOT / source).exists()
            assert source in allowed


def test_every_package_of_the_program_is_copied() -> None:
    copied = " ".join(of("COPY"))
    assert all(f"{package} {package}" in copied for package in ("rootseal", "anchor", "node", "wallet"))


def test_it_runs_as_nobody_special_and_after_that_changes_nothing() -> None:
    words = [word for word, _ in instructions()]
    assert of("USER") == ["10001:10001"]
    assert "RUN" not in words[words.index("USER") :]


def test_the_command_is_one_that_the_program_has() -> None:
    assert json.loads(of("ENTRYPOINT")[0]) == ["rootseal"]
    words = json.loads(of("CMD")[0])
    checked(words)
    assert words[words.index("--port") + 1] == of("EXPOSE")[0]
    assert words[2] == of("VOLUME")[0]


def test_the_healthcheck_tells_a_node_that_answers_from_one_that_does_not(node: Node) -> None:
    command = json.loads(of("HEALTHCHECK")[0].partition("CMD ")[2])
    port = of("EXPOSE")[0]
    assert f"/127.0.0.1/{port} " in command[-1]

    def asked(app: Flask) -> int:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        with serving(server):
            words = [word.replace(f"/{port} ", f"/{server.server_port} ") for word in command]
            return subprocess.run(words, timeout=10).returncode

    assert asked(create_app(node.services)) == 0
    assert asked(Flask("another")) != 0  # it has no such route
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, and not listening
        words = [word.replace(f"/{port} ", f"/{nobody.getsockname()[1]} ") for word in command]
        assert subprocess.run(words, stderr=subprocess.DEVNULL, timeout=10).returncode != 0


def test_the_specification_lies_where_the_exit_bundle_looks_for_it() -> None:
    images = [re.fullmatch(r"python:(\d+\.\d+).*", image) for image in of("FROM")]
    [version] = {found[1] for found in images if found is not None}
    assert f"docs/spec /opt/rootseal/lib/python{version}/site-packages/docs/spec" in of("COPY")


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_runs_a_command_that_there_is() -> None:
    words = shlex.split(settings()["ExecStart"][0])
    assert words[0].endswith("/rootseal")
    checked(words[1:])
    assert words[3].startswith(f"/var/lib/{settings()['StateDirectory'][0]}/")


def test_the_unit_is_hardened() -> None:
    found = settings()
    for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictNamespaces"):
        assert found[key] == ["true"]
    assert found["User"] == ["rootseal"]
    assert found["ProtectSystem"] == ["strict"]
    assert found["CapabilityBoundingSet"] == [""]
    assert found["UMask"] == ["0077"]


def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed; left out: systemd's own check of the unit")
    # The program and the user are not on this machine: another program and root stand for them.
    text = UNIT.read_text().replace("/opt/rootseal/bin/rootseal", "/bin/true")
    text = re.sub(r"^(User|Group)=.*\n", "", text, flags=re.MULTILINE)
    (tmp_path / "rootseal.service").write_text(text)
    run = subprocess.run(
        [tool, "verify", str(tmp_path / "rootseal.service")], capture_output=True, text=True, timeout=60
    )
    assert "rootseal.service" not in run.stderr, run.stderr
