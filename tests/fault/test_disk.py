"""The disk is full or broken: strace makes one write or fsync of the node's store fail, in a process of its own.

The node may stop with a sentence; it may not acknowledge what is not there, and the same commands finish
the work once the disk is well. The default run takes a sample of the calls; ROOTSEAL_FAULT_FULL=1 every one.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from node.store import STORE_NAME
from tests.fault.disk_driver import SAID, main, publish
from tests.fault.scene import Scene, scene, share
from tests.support.devchain import ROOT
from tests.unit.node.nodes import Clock

FULL = os.environ.get("ROOTSEAL_FAULT_FULL") == "1"
SAMPLED = 2  # of the calls of each kind
Hurt = subprocess.CompletedProcess[str]
CALLS = "pwrite64,write,fsync,fdatasync,ftruncate"


def require_strace(left_out: str) -> None:
    """Skips, naming what is left out; where everything is required, that fails the run."""
    if shutil.which("strace") is not None:
        return
    pytest.skip(f"strace is not installed; left out: {left_out}")


def run(world: Scene, directory: Path, *strace: str) -> Hurt:
    """One day of the node in `directory`, under strace where options are given. Only its own files are hurt."""
    command = [sys.executable, "-B", "-m", "tests.fault.disk_driver", str(directory), world.proxy.url]
    command.append(str(world.clock.now))
    if strace:
        command = [
            "strace",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-o",
            str(directory.with_suffix(".trace")),
            *strace,
            *command,
        ]
    environment = os.environ | {"ETH_HASH_BACKEND": "pysha3"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def paths(directory: Path) -> list[str]:
    """strace's filter: the store and what SQLite keeps beside it."""
    names = ["node.sqlite", "node.sqlite-wal", "node.sqlite-shm"]
    return [word for name in names for word in ("-P", str(directory / name))]


def counted(world: Scene, directory: Path) -> dict[str, int]:
    """How often an undisturbed day makes each call."""
    done = run(world, directory, "-e", f"trace={CALLS}", *paths(directory))
    assert done.returncode == 0, done.stderr
    names = re.findall(r"^\d+ +(\w+)\(", directory.with_suffix(".trace").read_text(), re.MULTILINE)
    return {name: names.count(name) for name in sorted(set(names))}


def places(count: int) -> list[int]:
    """Which of `count` calls are made to fail, from 1."""
    if FULL or count <= SAMPLED:
        return share(list(range(1, count + 1)))
    return sorted({1 + (count - 1) * n // (SAMPLED - 1) for n in range(SAMPLED)} | {count // 2})


def beginnings(world: Scene, folder: Path) -> Callable[[str], Path]:
    """Gives a copy of the node as it is now under a name in `folder`, and sets the chain back to where it is now."""
    template = folder / "template"
    shutil.copytree(world.directory, template)
    snapshots = [world.proxy.direct("evm_snapshot")]

    def afresh(name: str) -> Path:
        world.proxy.direct("evm_revert", snapshots.pop())
        world.proxy.rules.forget()
        snapshots.append(world.proxy.direct("evm_snapshot"))
        return Path(shutil.copytree(template, folder / name))

    return afresh


@pytest.mark.fault("disk full, EIO", "strace fails one write or fsync of the store with ENOSPC or EIO")
def test_disk_full_and_input_output_errors(tmp_path: Path, record_property: Callable[..., None]) -> None:
    require_strace("disk full and EIO at writes and fsyncs of the store")
    with scene(tmp_path, "disk full and EIO", epoch=1) as world:
        world.services.close()
        afresh, rounds = beginnings(world, tmp_path), 0
        calls = counted(world, afresh("whole"))
        assert calls["pwrite64"] > 20
        assert calls["fdatasync"] > 5
        print(f"an undisturbed day: {calls}")
        for call, count in calls.items():
            for place in places(count):
                error = "EIO" if call.startswith("f") or place % 2 else "ENOSPC"
                one(world, afresh(f"{call}-{place}"), call, place, error)
                rounds += 1
        record_property("rounds", rounds)


@pytest.mark.fault("disk full for long", "strace fails every write of the store from one on, until the next process")
def test_disk_that_stays_full(tmp_path: Path, record_property: Callable[..., None]) -> None:
    require_strace("a disk that stays full")
    with scene(tmp_path, "a disk that stays full", epoch=1) as world:
        world.services.close()
        afresh, rounds = beginnings(world, tmp_path), 0
        writes = counted(world, afresh("whole"))["pwrite64"]
        # The last writes are those of closing the file; who has got so far has nothing to lose and nothing to say.
        for place in places(writes) if FULL else (1, writes // 3, 2 * writes // 3):
            directory = afresh(f"full-{place}")
            hurt = one(world, directory, "pwrite64,write", f"{place}+", "ENOSPC")
            told = (
                rf"^{re.escape(str(directory / STORE_NAME))}: the disk is full.*; nothing was changed\. Free some space"
            )
            late = hurt.returncode == 0 and place > 2 * writes // 3
            assert late or re.match(told, hurt.stderr), (place, hurt.stderr)
            rounds += 1
        record_property("rounds", rounds)


@pytest.mark.fault("disk full, EIO in files handed out", "strace fails one write, fsync or rename of an export or log")
def test_disk_errors_in_exported_files(tmp_path: Path, record_property: Callable[..., None]) -> None:
    require_strace("disk full and EIO in exported files")
    with scene(tmp_path, "disk errors in exported files", epoch=1) as world:
        world.sealed(3)
        world.survived(1)
        world.services.close()
        shutil.rmtree(world.directory / "published")
        whole, rounds = published(world, tmp_path / "whole"), 0
        expected = content(tmp_path / "whole")
        assert len(expected) > 6
        for call, count in whole.items():
            for place in places(count):
                directory = tmp_path / f"{call}-{place}"
                error = "EIO" if call != "write" or place % 2 else "ENOSPC"
                published(world, directory, f"inject={call}:error={error}:when={place}")
                # Every file is complete or not there; the same command writes the rest.
                found = content(directory)
                assert found.items() <= expected.items(), (call, place, found.keys() - expected.keys())
                assert publish(directory) == 0
                assert content(directory) == expected
                rounds += 1
        record_property("rounds", rounds)


def content(directory: Path) -> dict[str, bytes]:
    """The files handed out; what was written beside and left by a killed process begins with a dot."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for name in ("out", "log")
        for path in sorted((directory / name).rglob("*"))
        if path.is_file()
    }


def published(world: Scene, directory: Path, *inject: str) -> dict[str, int]:
    """Export and publish from a copy of the node under strace, one call failing; how often each call was made."""
    shutil.copytree(world.directory, directory)
    trace = directory.with_suffix(".trace")
    options = [word for rule in inject for word in ("-e", rule)]
    names = "write,fsync,rename" if not inject else inject[0].partition("=")[2].partition(":")[0]
    # Only what is written after the store was opened and the program loaded: renames, syncs, and writes to files.
    command = ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-o", str(trace), "-e", f"trace={names}", *options]
    command += [sys.executable, "-B", "-m", "tests.fault.disk_driver", str(directory), "publish"]
    environment = os.environ | {"ETH_HASH_BACKEND": "pysha3"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in ((0, SAID) if inject else (0,)), (inject, done.stderr)
    text = trace.read_text()
    assert not inject or "(INJECTED)" in text, inject
    return {name: len(re.findall(rf"^\d+ +{name}\(", text, re.MULTILINE)) for name in ("write", "fsync", "rename")}


def one(world: Scene, directory: Path, call: str, place: int | str, error: str) -> Hurt:
    """One call fails once; then the same work is done again on a well disk. How the hurt process ended.

    `place` counts from 1; with a `+` behind it all calls from that one on fail.
    """
    inject = f"inject={call}:error={error}:when={place}"
    hurt = run(world, directory, "-e", f"trace={CALLS}", "-e", inject, *paths(directory))
    assert "(INJECTED)" in directory.with_suffix(".trace").read_text(), inject
    assert hurt.returncode in (0, SAID), f"{inject}: {hurt.returncode} {hurt.stderr}"
    assert hurt.returncode == 0 or hurt.stderr.strip(), inject
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(directory, world.proxy.url, world.clock.now) == 0, inject
    acknowledged = set(hurt.stdout.split())
    assert acknowledged <= set(said.getvalue().split()), inject
    judged = Scene(directory, world.proxy, Clock(world.clock.now + 3600), issued=3)
    judged.survived(1)
    judged.services.close()
    return hurt
