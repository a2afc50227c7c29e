"""`show`: one credential as the node keeps it, sealed or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.shapes import act_words
from node.cli.terminal import answer, directory_argument, harmless, json_option, opened
from rootseal.ethereum import ZERO_ADDRESS, checksum_address
from rootseal.instants import format_instant

if TYPE_CHECKING:
    from node.looking import Looked

__all__ = ["show"]

_STANDINGS = {
    "accepted": "accepted, not sealed yet: it can be withdrawn without a trace",
    "sealed": "sealed, not anchored yet",
    "anchored": "anchored: final on chain",
    "withdrawn": "withdrawn before it was sealed",
}
_COPY_WAITS = "a copy that waits to be sealed: 'rootseal node copies DIR ID --withdraw' takes it back"


@click.command()
@directory_argument
@click.argument("entry_id", metavar="ID")
@json_option
def show(directory: Path, entry_id: str, as_json: bool) -> None:
    """Show one credential: its document as the learner will read it, where it stands, where it came from.

    Also before it is sealed, when there is no file of it yet. What is shown is personal data.

    \b
    Examples:
      rootseal node show mynode 0b6f6a39-7a54-4d8a-9d0e-0c7bd2a3f0f1
      rootseal node show mynode 0b6f6a39-7a54-4d8a-9d0e-0c7bd2a3f0f1 --json

    Exit codes: 0 shown; 2 no such credential.
    """
    from node.looking import look_at

    with opened(directory) as services:
        looked, test = look_at(services.store, entry_id), services.config.test
    answer(as_json, "show", _json(looked, test), _lines(looked, test))


def _json(looked: Looked, test: bool) -> dict[str, Any]:
    entry, found = looked.entry, looked.found
    return {
        "test": test,
        "id": entry.id,
        "standing": found.standing.value,
        "index": entry.index,
        "acceptedAt": entry.accepted_at,
        "submission": looked.submission,
        "line": entry.line,
        "learnerId": None if looked.erased_at else entry.learner,
        "email": entry.email or None,
        "holder": None if entry.subject.holder == ZERO_ADDRESS else "0x" + entry.subject.holder.hex(),
        "microCredential": entry.micro_credential,
        "supersedes": entry.supersedes,
        "act": None if found.act is None else found.act.value,
        "actFinal": found.act is not None and found.act_final,
        "erasedAt": looked.erased_at,
        "document": json.loads(entry.document) if entry.document else None,
    }


def _lines(looked: Looked, test: bool) -> list[str]:
    entry, found = looked.entry, looked.found
    lines = ["TEST: nothing made here is real."] if test else []
    waits = found.standing.value == "accepted" and entry.copy_of is not None
    lines += [entry.id, f"  {_COPY_WAITS if waits else _STANDINGS[found.standing.value]}"]
    if entry.copy_of is not None:
        lines.append(f"  copy {entry.copy} of {entry.copy_of}")
    if found.act is not None:
        not_yet = "" if found.act_final else ", not final on chain yet"
        lines.append(f"  {act_words(found.act, found.act_final)}{not_yet}")
    lines.append(f"  accepted {format_instant(entry.accepted_at)}{_origin(looked)}")
    if entry.supersedes is not None:
        lines.append(f"  corrects {entry.supersedes}")
    if looked.erased_at is not None:
        return [*lines, f"  erased {format_instant(looked.erased_at)}: its document is destroyed"]
    lines.append(f"  goes to {harmless(entry.email)}")
    if entry.subject.holder != ZERO_ADDRESS:
        lines.append(f"  bound to the learner's key {checksum_address(entry.subject.holder)}")
    return [*lines, "", *(f"  {label}: {harmless(value, 1000)}" for label, value in looked.facts)]


def _origin(looked: Looked) -> str:
    """The line of the list is forgotten with the learner, and copies that were added have none."""
    known = looked.entry.line and looked.erased_at is None and not looked.further
    line = f"line {looked.entry.line}" if known else ""
    submission = "" if looked.submission is None else f"submission {looked.submission}"
    found = " of ".join(part for part in (line, submission) if part)
    return f" from {found}" if found else ""
