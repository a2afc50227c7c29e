"""The program `rootseal`: finds a role's command among the installed entry points and runs it.

Nothing of the roles is imported before one is asked for, so that `rootseal verify` never pays for
what it does not use. All commands share the exit codes of DESIGN §7: 0 done or verified; 1 the
answer is no, rows were refused, there are findings; 2 usage or bad input; 3 undetermined or not yet
possible; 70 a bug of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from rootseal.errors import RootsealError

__all__ = ["main"]

_GROUP = "rootseal.commands"
_BUG = 70
_INTERRUPTED = 130
_OURS = ("rootseal", "anchor", "node", "wallet")

# Role, word, extra that brings what the word needs, and what it does. Help reads this and not the
# commands themselves: importing them all would take seconds, and some extras may be missing.
_WORDS = (
    ("To try it out", "demo", "all", "The whole story on this machine: issue, anchor, present, verify, audit."),
    ("To try it out", "chain", "chain", "Run a development chain on 127.0.0.1."),
    ("For an institution", "node", "node", "Issue, seal and anchor credentials; serve the log."),
    ("For an institution", "doctor", "node", "Examine a node, or one file, and say what is wrong and the way out."),
    ("For a learner", "wallet", "wallet", "Keep credentials and present as little of them as needed."),
    ("For a learner", "update", "wallet", "Replace the promise in a file by the anchor that kept it."),
    ("For an employer", "verify", "wallet", "Check credentials and presentations."),
    ("For an employer", "trust", "wallet", "Say which ledgers, issuers and accreditors you believe."),
    ("For an employer", "snapshot", "wallet", "Write what a ledger says of an issuer, to verify with no connection."),
    ("For an employer", "issuer", "wallet", "Tell an issuer's whole history; vouch for one with a keystore."),
    ("For an auditor", "audit", "audit", "Replay a ledger and its logs and report what is wrong."),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `rootseal WORD ARGUMENTS…` and return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("--help", "-h", "help"):
        (sys.stdout if words else sys.stderr).write(_help() + "\n")
        return 0 if words else 2
    if words[0] == "--version":
        sys.stdout.write(f"rootseal {_version()}\n")
        return 0
    return _run(words[0], words[1:])


def _run(word: str, arguments: list[str]) -> int:
    as_json = "--json" in arguments
    try:
        command = _command(word)
        if command is None:
            known = ", ".join(known for _, known, _, _ in _WORDS)
            return _fail("usage", f"there is no command {word!r}; there are: {known}", 2, as_json)
        return _call(command, word, arguments)
    except KeyboardInterrupt:
        return _fail("interrupted", "stopped by Ctrl-C; what was done is kept", _INTERRUPTED, as_json)
    except RootsealError as error:
        return _fail(_kind(error), error.diagnostics(), error.exit_code, as_json, _details(error))
    except ModuleNotFoundError as error:
        return _missing(error, word, as_json)
    except Exception as error:  # noqa: BLE001 - the outermost frame: it knows click only if a command loaded it
        return _other(error, as_json)


def _command(word: str) -> Callable[..., Any] | None:
    from importlib.metadata import entry_points  # 50 ms that `--version` of a broken install can do without

    found = next(iter(entry_points(group=_GROUP, name=word)), None)
    return None if found is None else found.load()


def _call(command: Callable[..., Any], word: str, arguments: list[str]) -> int:
    result = command(args=arguments, prog_name=f"rootseal {word}", standalone_mode=False)
    # click returns the code of `ctx.exit(code)`, else what the command returned.
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def _other(error: Exception, as_json: bool) -> int:
    click = sys.modules.get("click")
    if click is not None and isinstance(error, click.exceptions.Abort):
        return _fail("interrupted", "stopped; what was done is kept", _INTERRUPTED, as_json)
    if click is not None and isinstance(error, click.ClickException):
        if as_json:
            kind = "usage" if isinstance(error, click.UsageError) else "failed"
            return _fail(kind, error.format_message(), error.exit_code, as_json)
        error.show()
        return int(error.exit_code)
    import traceback

    report = "".join(traceback.format_exception(error))
    sentence = "this is a bug in Rootseal, not your mistake; please report what follows"
    if as_json:
        return _fail("bug", sentence, _BUG, True, {"traceback": report})
    _fail("bug", sentence, _BUG, False)
    sys.stderr.write(report)
    return _BUG


def _missing(error: ModuleNotFoundError, word: str, as_json: bool) -> int:
    if error.name is None or error.name.partition(".")[0] in _OURS:
        return _other(error, as_json)
    extra = next((extra for _, known, extra, _ in _WORDS if known == word), "all")
    sentence = (
        f"'rootseal {word}' needs software that is not installed ({error.name}); "
        f"install it with: python -m pip install 'rootseal[{extra}]'"
    )
    return _fail("missing", sentence, 2, as_json)


def _fail(kind: str, sentence: str, code: int, as_json: bool, details: dict[str, object] | None = None) -> int:
    if as_json:
        import json

        shown = {"format": "rootseal/error/1", "kind": kind, "error": sentence, "exit": code, **(details or {})}
        sys.stderr.write(json.dumps(shown, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"rootseal: {sentence}\n")
    return code


def _kind(error: RootsealError) -> str:
    """`input`, `verification`, `undetermined`, `anchoring`, `store`, `conflict`, `denied` or `config`: the family."""
    family = next(base for base in type(error).__mro__ if base.__module__ == "rootseal.errors")
    return family.__name__.removesuffix("Error").lower()


def _details(error: RootsealError) -> dict[str, object]:
    """The field that was wrong and the stable code, where there are; never the value, which may be personal."""
    found = {"where": getattr(error, "where", getattr(error, "key", None)), "code": getattr(error, "code", None)}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _help() -> str:
    lines = [
        "Usage: rootseal COMMAND …",
        "",
        "A credential ledger node: issue, anchor, hold, verify and audit micro-credentials.",
    ]
    role = ""
    for heading, word, _, sentence in _WORDS:
        if heading != role:
            lines += ["", f"{heading}:"]
            role = heading
        lines.append(f"  {word:8} {sentence}")
    lines += ["", "'rootseal COMMAND --help' says more. 'rootseal --version' prints the version."]
    lines += ["Exit codes: 0 done or verified; 1 the answer is no, rows refused or findings; 2 usage or bad input;"]
    lines += ["            3 undetermined or not yet possible; 70 a bug of ours."]
    return "\n".join(lines)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("rootseal")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
