"""The README is typed as it stands: its session runs in an empty folder, in order, and every command succeeds."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SESSION = re.compile(r"<!-- session -->\n```sh\n(.*?)```", re.DOTALL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(folder: Path) -> Path:
    """A `rootseal` of this checkout, as `.venv/bin` has one."""
    program = folder / "bin" / "rootseal"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rootseal "$@"\n')
    program.chmod(0o755)
    return program.parent


def test_the_session_runs_as_it_stands(tmp_path: Path) -> None:
    blocks = SESSION.findall(README)
    assert len(blocks) >= 5
    shutil.copytree(ROOT / "node" / "samples", tmp_path / "node" / "samples")
    script = "set -eu\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n" + "\n".join(blocks)
    script = script.replace("8545", str(_free_port()))
    environment = {**os.environ, "PATH": f"{_program(tmp_path)}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "Genuine. Issued by Coast College" in done.stdout
    assert (tmp_path / "session" / "report" / "report.json").exists()


@pytest.mark.parametrize("target", ["demo", "test", "test-all"])
def test_the_commands_named_first_are_targets(target: str) -> None:
    assert f"make {target}" in README
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_every_local_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
