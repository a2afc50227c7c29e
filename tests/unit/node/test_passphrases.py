"""A new passphrase: all keys old or all keys new, whatever kills it; and keys that come back from paper."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.keys import create_keystore, load_keystore
from node.config import read_config
from node.log_key import LogKey
from node.passphrases import change_passphrase, new_passphrase
from node.swapping import finish_swap, swap_files
from node.typed_keys import compact, printed_lines, restore_key, typed
from rootseal.errors import ConfigError, InputError, StoreError
from tests.support.program import Program
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import PASSPHRASE

NEW = "another horse entirely"
OLD = {"a.json": b"old a", "b.json": b"old b", "secret": b"old"}
FRESH = {"a.json": b"new a", "b.json": b"new b", "secret": b"new"}


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


def opens(directory: Path, passphrase: str) -> tuple[bytes, bytes]:
    """Address and public key that the passphrase opens."""
    log = LogKey.load(directory / "log-key.json")
    log.unlock(passphrase)
    return load_keystore(directory / "key.json", passphrase).address, log.public


def in_child(work: Callable[[], None]) -> int:
    """The signal (or code) that ended a child which did `work`."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(number: int, directory: Path) -> tuple[int, list[str]]:
    """Swap in a child that kills itself before step `number`; how it ended, and the steps that it told of."""
    told = directory.parent / f"steps-{number}"

    def work() -> None:
        count = 0

        def step(name: str) -> None:
            nonlocal count
            with told.open("a") as file:
                file.write(name + "\n")
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1

        swap_files(directory, {directory / name: data for name, data in FRESH.items()}, step)

    return in_child(work), told.read_text().splitlines()


def test_killed_before_any_step_all_files_are_old_or_all_become_new(tmp_path: Path) -> None:
    number, seen = 0, []
    while True:
        directory = tmp_path / str(number) / "node"
        directory.mkdir(parents=True)
        for name, data in OLD.items():
            (directory / name).write_bytes(data)
        ended, steps = killed_at(number, directory)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        finish_swap(directory)
        found = {name: (directory / name).read_bytes() for name in OLD}
        decided = "decide" in steps[:-1]
        assert found == (FRESH if decided else OLD), steps[-1]
        seen.append(found)
        swap_files(directory, {directory / name: data for name, data in FRESH.items()})
        assert {name: (directory / name).read_bytes() for name in OLD} == FRESH
        assert sorted(path.name for path in directory.iterdir()) == sorted(OLD), "nothing is left lying about"
        number += 1
    assert steps == [
        *(f"write {name}" for name in OLD), "decide", *(f"replace {name}" for name in OLD), "forget",
    ]  # fmt: skip
    assert (seen.count(OLD), seen.count(FRESH)) == (4, 4)


def test_a_file_that_cannot_be_written_changes_none(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"old a")
    with pytest.raises(StoreError, match="nothing was changed"):
        swap_files(tmp_path, {tmp_path / "a.json": b"new", tmp_path / "nowhere" / "b.json": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == b"old a"


def test_every_key_and_the_passphrase_file_change_together(node: Node) -> None:
    create_keystore(node.directory / "admin-key.json", PASSPHRASE, "pbkdf2", 2)
    other = create_keystore(node.directory / "key-2.json", "a passphrase of its own", "pbkdf2", 2)
    before = opens(node.directory, PASSPHRASE)
    done = change_passphrase(node.directory, read_config(node.directory), PASSPHRASE, NEW)
    assert [path.name for path in done.changed] == ["key.json", "log-key.json", "admin-key.json", "passphrase"]
    assert [path.name for path in done.left] == ["key-2.json"]
    assert opens(node.directory, NEW) == before
    with pytest.raises(ConfigError, match="passphrase is wrong"):
        load_keystore(node.directory / "key.json", PASSPHRASE)
    with pytest.raises(ConfigError, match="does not open"):
        LogKey.load(node.directory / "log-key.json").unlock(PASSPHRASE)
    assert load_keystore(node.directory / "key-2.json", "a passphrase of its own").address == other.address
    assert node.reopened().connection.signer.address == before[0]
    assert all(path.stat().st_mode & 0o77 == 0 for path in done.changed)


def test_killed_in_the_middle_the_next_opening_of_the_node_finishes(node: Node) -> None:
    before = opens(node.directory, PASSPHRASE)
    config = read_config(node.directory)

    def work() -> None:
        def step(name: str) -> None:
            if name == "replace log-key.json":
                os.kill(os.getpid(), signal.SIGKILL)

        change_passphrase(node.directory, config, PASSPHRASE, NEW, step)

    assert in_child(work) == -signal.SIGKILL
    assert load_keystore(node.directory / "key.json", NEW).address == before[0], "killed between two keys"
    with pytest.raises(ConfigError):
        LogKey.load(node.directory / "log-key.json").unlock(NEW)
    assert node.reopened().connection.signer.address == before[0]
    assert opens(node.directory, NEW) == before


def test_a_wrong_old_passphrase_changes_nothing(node: Node, program: Program, tmp_path: Path) -> None:
    files = {path: path.read_bytes() for path in node.directory.glob("*key*.json")}
    (tmp_path / "wrong").write_text("wrong\n")
    (tmp_path / "new").write_text(NEW + "\n")
    run = program("node", "keys", "passphrase", node.directory, "--passphrase-file", tmp_path / "wrong",
                  "--new-passphrase-file", tmp_path / "new")  # fmt: skip
    assert (run.code, "the passphrase is wrong" in run.err) == (2, True)
    assert NEW not in run.err + run.out
    assert {path: path.read_bytes() for path in files} == files
    assert (node.directory / "passphrase").read_text() == PASSPHRASE + "\n"


@pytest.mark.parametrize("text", ["", "short", "x" * 1025, " leading spaces", "two\nlines of text", "tab\tinside it"])
def test_a_passphrase_that_will_not_do_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigError, match="new passphrase") as refused:
        new_passphrase(text)
    assert not text or text not in str(refused.value)


def test_the_command_and_its_refusals(node: Node, program: Program, tmp_path: Path) -> None:
    own = program("node", "keys", "passphrase", node.directory, "--new-passphrase-file", node.directory / "passphrase")
    assert (own.code, "write the new one elsewhere" in own.err) == (2, True)
    (tmp_path / "new").write_text(PASSPHRASE + "\n")
    same = program("node", "keys", "passphrase", node.directory, "--new-passphrase-file", tmp_path / "new")
    assert (same.code, "is the old one" in same.err) == (2, True)
    (tmp_path / "new").write_text(NEW + "\n")
    run = program("node", "keys", "passphrase", node.directory, "--new-passphrase-file", tmp_path / "new", "--json")
    assert run.code == 0, run.err
    assert run.objects[0]["changed"] == ["key.json", "log-key.json", "passphrase"]
    assert NEW not in run.out + run.err
    act = node.reopened().store.acts.all()[-1]
    assert (act.act, json.loads(act.detail)["by"]) == ("passphrase", "command line")
    opens(node.directory, NEW)


def test_a_key_comes_back_from_paper(node: Node, tmp_path: Path) -> None:
    config = read_config(node.directory)
    for name in ("key.json", "log-key.json"):
        path = node.directory / name
        before = opens(node.directory, PASSPHRASE)
        lines = printed_lines(compact(path))
        path.unlink()
        typed_in = tmp_path / "typed.txt"
        typed_in.write_text("\n\n".join(f"  {line} " for line in lines))
        done = restore_key(node.directory, config, typed_in, PASSPHRASE, None)
        assert (done.path, done.already) == (path, False)
        assert opens(node.directory, PASSPHRASE) == before
        assert restore_key(node.directory, config, typed_in, PASSPHRASE, None).already


def test_every_single_slip_is_found_and_named() -> None:
    text = json.dumps({"crypto": "0123456789abcdef" * 12}, separators=(",", ":"))
    lines = printed_lines(text)
    assert typed("\n".join(lines)) == text
    for number, line in enumerate(lines, 1):
        for wrong in (line.replace("a", "e", 1), line[:5] + line[6:], f"{number + 1:02}{line[2:]}"):
            assert wrong != line
            with pytest.raises(InputError, match=re.escape(f"line {number:02}")):
                typed("\n".join([*lines[: number - 1], wrong, *lines[number:]]))
    with pytest.raises(InputError, match="line 02"):
        typed("\n".join([lines[0], *lines[2:]]))


def test_what_is_not_the_key_is_not_restored(node: Node, tmp_path: Path) -> None:
    config, source = read_config(node.directory), tmp_path / "scanned.txt"
    create_keystore(tmp_path / "foreign.json", PASSPHRASE, "pbkdf2", 2)
    source.write_text(compact(tmp_path / "foreign.json"))
    with pytest.raises(InputError, match="another key lies there"):
        restore_key(node.directory, config, source, PASSPHRASE, None)
    with pytest.raises(ConfigError, match="passphrase is wrong"):
        restore_key(node.directory, config, source, "wrong", "spare.json")
    with pytest.raises(InputError, match="without a path"):
        restore_key(node.directory, config, source, PASSPHRASE, "../spare.json")
    source.write_text("not a key")
    with pytest.raises(InputError, match="is not a printed key"):
        restore_key(node.directory, config, source, PASSPHRASE, "spare.json")
    assert not (node.directory / "spare.json").exists()
    assert not list(node.directory.glob(".*typed"))
