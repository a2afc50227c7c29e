"""`copies`: those of one credential, and more of them when a learner's have run out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.approving import acting, token_option
from node.cli.shapes import act_words
from node.cli.terminal import answer, directory_argument, json_option, opened
from rootseal.ethereum import parse_address
from rootseal.plurals import agreeing, counted

if TYPE_CHECKING:
    from node.copying import Addition
    from node.store.finding import FoundEntry

__all__ = ["copies"]

_WORDS = {
    "its_turn": "accepted, not sealed yet",
    "accepted": "waits: it is sealed when the one before it is final on chain",
    "sealed": "sealed, not anchored yet",
    "anchored": "anchored",
    "withdrawn": "withdrawn",
}


@click.command()
@directory_argument
@click.argument("credential_id", metavar="ID")
@click.option("--add", "count", type=click.IntRange(1, 16), metavar="N", help="Make N more copies.")
@click.option(
    "--holder",
    "holders",
    metavar="0x…",
    multiple=True,
    help="With --add: the address of one new copy; give it N times, each another.",
)
@click.option("--withdraw", is_flag=True, help="Take back the copies that still wait to be sealed.")
@click.option("--dry-run", is_flag=True, help="With --add or --withdraw: say what would happen; store nothing.")
@token_option("with --add, needed where second_approver is on")
@json_option
def copies(
    directory: Path,
    credential_id: str,
    count: int | None,
    holders: tuple[str, ...],
    withdraw: bool,
    dry_run: bool,
    token_file: Path | None,
    as_json: bool,
) -> None:
    """Show the copies of a credential, or make more of them for a learner who has shown all.

    Any copy's id will do. New copies say the same as the first, under new ids and addresses, and carry no credits.
    Each is sealed only when the one before it is final on chain, so that no two lie in one batch: that takes an
    anchor each, which they share with other credentials. Hand them out when all are anchored: 'export', or
    'deliver --only ID --again'.

    \b
    Examples:
      rootseal node copies mynode 0b6f…
      rootseal node copies mynode 0b6f… --add 2 --holder 0x… --holder 0x…
      rootseal node copies mynode 0b6f… --withdraw --dry-run

    Exit codes: 0 shown, added or taken back; 2 bad input; 3 it is not sealed yet, or not in force any more.
    """
    from node.copying import copies_of, withdraw_waiting

    _check_usage(count, holders, withdraw=withdraw, dry_run=dry_run)
    addition: Addition | None = None
    taken: tuple[str, ...] = ()
    with opened(directory) as services, acting(services, token_file):
        if count is not None:
            addition = _added(services, credential_id, count, holders, dry_run=dry_run)
        elif withdraw:
            taken = withdraw_waiting(services.store, credential_id, services.now, dry_run=dry_run)
        found = copies_of(services.store, credential_id)
        addresses = {copy.id: services.entry(copy.id).subject for copy in found}
        erased = {copy.id for copy in found if services.store.erasures.at(copy.id) is not None}
    value = {
        "dryRun": dry_run,
        # In a rehearsal none was drawn that will be used.
        "added": [] if addition is None or (dry_run and not addition.already) else list(addition.added),
        "already": addition is not None and addition.already,
        "taken": list(taken),
        "copies": [{**_json(copy), "credits": addresses[copy.id].credits > 0} for copy in found],
    }
    answer(as_json, "copies", value, [*_done(addition, count, taken, dry_run, withdraw), *_lines(found, erased)])


def _check_usage(count: int | None, holders: tuple[str, ...], *, withdraw: bool, dry_run: bool) -> None:
    if holders and count is None:
        raise click.UsageError("--holder goes with --add.")
    if withdraw and count is not None:
        raise click.UsageError("Give --add or --withdraw, not both.")
    if dry_run and count is None and not withdraw:
        raise click.UsageError("--dry-run goes with --add or --withdraw.")


def _added(services: Any, credential_id: str, count: int, holders: tuple[str, ...], *, dry_run: bool) -> Addition:
    from node.access import require_person
    from node.copying import add_copies

    addresses = [parse_address(holder, "--holder") for holder in holders]
    if services.config.second_approver and not dry_run:
        require_person()
    return add_copies(
        services.store,
        services.home,
        services.profile,
        credential_id,
        count,
        addresses,
        services.now,
        dry_run=dry_run,
    )


def _json(copy: FoundEntry) -> dict[str, Any]:
    return {"id": copy.id, "state": copy.standing.value, "index": copy.index}


def _done(
    addition: Addition | None, count: int | None, taken: tuple[str, ...], dry_run: bool, withdraw: bool
) -> list[str]:
    if withdraw and not taken:
        return ["No copy waits; nothing was taken back."]
    if taken:
        return [f"{counted(len(taken), 'copy')} {_done_to(len(taken), dry_run)} taken back."]
    if addition is None:
        return []
    if addition.already:
        return ["These addresses have their copies already; nothing was added."]
    new = count or 0
    return [f"{counted(new, 'copy')} {_done_to(new, dry_run)} added: {addition.copies} in all."]


def _done_to(number: int, dry_run: bool) -> str:
    return "would be" if dry_run else agreeing(number, "was", "were")


def _lines(found: Sequence[FoundEntry], erased: set[str]) -> list[str]:
    """Each copy; of those that wait the next one is told apart from the others."""
    lines, its_turn = [], True
    for copy in found:
        word = "its_turn" if copy.standing.value == "accepted" and its_turn else copy.standing.value
        lines.append(_line(copy, word, copy.id in erased))
        its_turn = its_turn and copy.standing.value in ("anchored", "withdrawn")
    return lines


def _line(copy: FoundEntry, word: str, erased: bool) -> str:
    which = "first copy" if copy.copy_of is None else "copy"
    status = "" if copy.act is None else f"; {act_words(copy.act, copy.act_final)}"
    return f"{copy.id}  {which}: {_WORDS[word]}{status}{'; erased' if erased else ''}"
