"""The program `rootseal`: which command runs, and what each way of failing looks like to the caller."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import click
import pytest

import rootseal.__main__ as program
from rootseal.errors import ConfigError, InputError, UndeterminedError, VerificationError


def raising(error: BaseException) -> Callable[..., Any]:
    def command(**_: Any) -> Any:
        raise error

    return command


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any] | None], None]:
    return lambda command: monkeypatch.setattr(program, "_command", lambda word: command)


def test_help_lists_commands_by_role_without_importing_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert "For an employer:\n  verify" in out


def test_every_listed_word_is_an_entry_point_and_the_other_way_round() -> None:
    from importlib.metadata import entry_points

    listed = {word for _, word, _, _ in program._WORDS}
    assert listed == {point.name for point in entry_points(group="rootseal.commands")}


def test_no_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main([]) == 2
    assert "Usage:" in capsys.readouterr().err


def test_an_unknown_command_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["prove"]) == 2
    assert "verify" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (InputError("row 3", "is no date", "x"), 2, "input"),
        (ConfigError("finality", "must be tag or depth:N", "x"), 2, "config"),
        (VerificationError("inclusion.mismatch", "it was changed"), 1, "verification"),
        (UndeterminedError("the chain is down", "chain.unavailable"), 3, "undetermined"),
    ],
)
def test_a_foreseen_error_is_one_sentence_and_its_own_code(
    installed: Callable[..., None], capsys: pytest.CaptureFixture[str], error: Exception, code: int, kind: str
) -> None:
    installed(raising(error))
    assert program.main(["node", "status"]) == code
    captured = capsys.readouterr()
    assert captured.err == f"rootseal: {error}\n"
    assert captured.out == ""
    assert program.main(["node", "status", "--json"]) == code
    shown = json.loads(capsys.readouterr().err)
    assert (shown["format"], shown["kind"], shown["exit"]) == ("rootseal/error/1", kind, code)


def test_a_subclass_of_another_package_keeps_its_family(
    installed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    class ChainDownError(UndeterminedError):
        pass

    installed(raising(ChainDownError("down")))
    assert program.main(["node", "--json"]) == 3
    assert json.loads(capsys.readouterr().err)["kind"] == "undetermined"


def test_a_bug_is_70_with_a_kind_line_and_a_traceback(
    installed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    installed(raising(ZeroDivisionError("oops")))
    assert program.main(["node"]) == 70
    err = capsys.readouterr().err
    assert err.startswith("rootseal: this is a bug in Rootseal, not your mistake")
    assert "ZeroDivisionError: oops" in err


def test_ctrl_c_is_130(installed: Callable[..., None]) -> None:
    installed(raising(KeyboardInterrupt()))
    assert program.main(["node"]) == 130
    installed(raising(click.Abort()))
    assert program.main(["node"]) == 130


def test_a_missing_extra_says_what_to_install(
    installed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    installed(raising(ModuleNotFoundError("No module named 'web3'", name="web3")))
    assert program.main(["audit"]) == 2
    assert "pip install 'rootseal[audit]'" in capsys.readouterr().err


def test_click_commands_keep_their_exit_codes(
    installed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    @click.argument("code", type=int)
    @click.option("--json", "as_json", is_flag=True)
    @click.pass_context
    def command(context: click.Context, code: int, as_json: bool) -> None:
        context.exit(code)

    installed(command)
    assert program.main(["node", "0"]) == 0
    assert program.main(["node", "1"]) == 1
    assert program.main(["node", "word"]) == 2
    assert "Usage: rootseal node" in capsys.readouterr().err
    assert program.main(["node", "word", "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["kind"] == "usage"


def test_the_program_itself_imports_no_role_and_no_click() -> None:
    code = (
        "import sys, rootseal.__main__ as p; p.main(['--help']); "
        "sys.exit(any(m.partition('.')[0] in ('click', 'web3', 'node', 'wallet', 'anchor') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60).returncode == 0
