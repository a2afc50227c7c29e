"""`rootseal doctor`: what is wrong with a node, or with one file, and the way out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.terminal import answer, harmless, json_option, leave
from node.cli.typeable import remember_directory
from rootseal.errors import InputError

if TYPE_CHECKING:
    from node.doctor_result import DoctorReport

__all__ = ["doctor"]

_MARKS = {"ok": "ok       ", "problem": "PROBLEM  ", "unknown": "not known"}
_MAX_FILE = 1 << 20


@click.command("doctor")
@click.argument(
    "directory",
    metavar="[DIR]",
    required=False,
    type=click.Path(file_okay=False, path_type=Path),
    callback=remember_directory,
)
@click.option(
    "--file",
    "file",
    metavar="F",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Diagnose one credential or presentation; the answer quotes nothing of it and may be posted anywhere.",
)
@json_option
def doctor(directory: Path | None, file: Path | None, as_json: bool) -> None:
    """Examine a node, or one file, without changing anything, and say what to do.

    With DIR: settings, keys and who may read them, money, database, backup, promises, disk, clock, chain, ledger, other
    ledgers, the published log, and the endpoints that visitors of /verify ask. With --file: the form of the file and
    the checks that need no chain.

    \b
    Examples:
      rootseal doctor mynode
      rootseal doctor --file 0b6f….credential.json

    Exit codes: 0 all is well; 1 a problem; 2 usage; 3 something could not be checked.
    """
    if (directory is None) == (file is None):
        raise click.UsageError("Give the node's DIR, or --file F.")
    if file is not None:
        _file(file, as_json)
    elif directory is not None:
        _node(directory, as_json)


def _node(directory: Path, as_json: bool) -> None:
    from node.doctor import diagnose

    report = diagnose(directory.absolute())
    value = {"test": report.test, "checks": [result.to_json() for result in report.results], "exit": report.exit_code}
    _answer(as_json, "doctor", value, _lines(report))
    leave(report.exit_code)


def _lines(report: DoctorReport) -> list[str]:
    lines = ["*** TEST ledger: nothing issued by this node is real. ***"] if report.test else []
    for result in report.results:
        lines.append(f"{_MARKS[result.outcome]}  {result.check}: {harmless(result.sentence, 400)}")
        if result.way_out is not None:
            lines.append(f"             → {harmless(result.way_out, 400)}")
    outcomes = [result.outcome for result in report.results]
    problems, open_ones = outcomes.count("problem"), outcomes.count("unknown")
    if not problems and not open_ones:
        return [*lines, "All is well."]
    return [*lines, f"{problems} problem{'s' * (problems != 1)}, {open_ones} could not be checked."]


def _file(file: Path, as_json: bool) -> None:
    from node.doctor_file import diagnose_file

    try:
        with file.open("rb") as opened:
            data = opened.read(_MAX_FILE + 1)
    except OSError as error:
        raise InputError("--file", f"cannot be read: {error.strerror}") from error
    found = diagnose_file(data, int(time.time()))
    _answer(as_json, "diagnosis", found.value, _file_lines(found.value))
    leave(found.exit_code)


def _file_lines(value: dict[str, Any]) -> list[str]:
    lines = ["Diagnosis of one file. It quotes nothing of the file's content and may be shown to anybody."]
    lines += [
        f"Made by {value['tool']}. Size: {value['kibibytes']} KiB or less. It begins like {value['beginsLike']}.",
        f"Format: {value['formatVersion']}. Byte-order mark: {_yes(value['byteOrderMark'])}.",
        f"Members: {', '.join(value['members']) or 'none'}; unknown ones: {value['unknownMembers']}.",
    ]
    if value["failed"] is not None:
        lines.append(f"It cannot be read. Where: {value['failed']['where']}. What: {value['failed']['problem']}.")
    for number, credential in enumerate(value["credentials"], 1):
        lines += _credential_lines(number, credential)
    return lines


def _credential_lines(number: int, found: dict[str, Any]) -> list[str]:
    kind = "complete file" if found["complete"] else "presented"
    lines = [
        f"Credential {number}: home on a {found['homeChain']}; {kind}.",
        f"  {found['claimsShown']} claims shown, {found['leaves']} leaves; subject {found['subject']}.",
        f"  issuer document: {_yes(found['issuerDocument'])}; promise: {_yes(found['promise'])}; anchors at home: "
        f"{found['homeAnchors']}, elsewhere: {found['witnessAnchors']}, with evidence: {found['anchorsWithEvidence']}; "
        f"introducing anchor: {_yes(found['introducingAnchor'])}.",
    ]
    lines += [f"  {c['name']}: {c['outcome']} [{c['code']}]" for c in found["checks"]]
    return [*lines, "  Checks that need the chain were left out: 'rootseal verify' makes them."]


def _answer(as_json: bool, form: str, value: dict[str, Any], lines: Iterable[str]) -> None:
    """The doctor is no word of `node`, and its formats do not carry that word."""
    if as_json:
        click.echo(json.dumps({"format": f"rootseal/{form}/1", **value}, separators=(",", ":")))
    else:
        answer(False, form, value, lines)


def _yes(there: bool) -> str:
    return "yes" if there else "no"
