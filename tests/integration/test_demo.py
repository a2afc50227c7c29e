"""`rootseal demo`: the whole story once, served at the end, and what happens when a step fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from node.demo import _fresh
from node.demo.program import Failed, Program

ROOT = Path(__file__).parents[2]


def test_the_demo_tells_the_story_serves_and_leaves_no_process(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-m", "rootseal", "demo", "--dir", str(tmp_path / "demo"), "--serve"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "HOME": str(home)}
    )
    told: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        told.append(line)
        if line.startswith("Ctrl-C"):
            break
    children = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    story = "".join(told)
    assert "inclusion.mismatch" in story, story
    url = story.split("running at ")[1].split()[0]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/v1/issuer", timeout=30) as answer:
        assert json.load(answer)["format"] == "rootseal/issuer/1"
    assert len(children) == 2
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert (tmp_path / "demo/run-1/audit").is_dir()
    assert list(home.iterdir()) == [], "nothing is written to the user's own folders"


def test_another_run_leaves_the_first_alone(tmp_path: Path) -> None:
    assert _fresh(tmp_path).name == "run-1"
    assert _fresh(tmp_path).name == "run-2"


def test_a_step_that_fails_stops_with_what_it_printed(tmp_path: Path) -> None:
    with Program(tmp_path) as program, pytest.raises(Failed) as caught:
        program.run("node", "status", str(tmp_path))
    assert "rootseal node status" in caught.value.report()
    assert "there is no node here" in caught.value.report()


def test_a_process_that_does_not_start_is_a_failure_and_not_a_wait(tmp_path: Path) -> None:
    with Program(tmp_path) as program, pytest.raises(Failed, match="did not start"):
        program.start("chain", "--engine", "nothing")
