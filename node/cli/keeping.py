"""`backup`, `restore`, `erase`: not losing what must be kept, and losing what must not."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.terminal import answer, directory_argument, json_option, leave, opened
from rootseal.instants import format_instant
from rootseal.plurals import counted

if TYPE_CHECKING:
    from node.backup import BackupOutcome
    from node.erasing import Erasure
    from node.restoring import RestoreOutcome

__all__ = ["backup", "erase", "restore"]

_KEPT = "Kept: its id, commitment, key of the micro-credential, states and their times"


@click.command()
@directory_argument
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def backup(directory: Path, file: Path, as_json: bool) -> None:
    """Write settings, locked keys and database to one new FILE, also while 'run' works.

    The passphrase is not in it: keep it apart. FILE holds learners' data: treat it as you treat DIR.

    \b
    Example:
      rootseal node backup mynode /media/stick/mynode-2026-10-01.tar

    Exit codes: 0 written; 2 FILE exists or cannot be written.
    """
    from node.backup import backup_node

    with opened(directory) as services:
        outcome = backup_node(services, file)
    answer(as_json, "backup", _backup_json(outcome), _backup_lines(outcome, directory))


def _backup_json(outcome: BackupOutcome) -> dict[str, Any]:
    return {
        "file": str(outcome.path),
        "madeAt": outcome.made_at,
        "bytes": outcome.size,
        "files": list(outcome.names),
        "leftOut": list(outcome.left_out),
        "logSize": outcome.log_size,
    }


def _backup_lines(outcome: BackupOutcome, directory: Path) -> list[str]:
    log = counted(outcome.log_size, "entry")
    lines = [f"{outcome.path}: {outcome.size} bytes, a log of {log}. It holds learners' data."]
    lines += [f"NOT in it, because it lies outside {directory}: {name}" for name in outcome.left_out]
    lines.append("NOT in it: the passphrase. Without it the keys cannot be opened; keep it in another place.")
    return [*lines, f"Try it out: rootseal node restore {shlex.quote(str(outcome.path))} SOME-NEW-DIRECTORY"]


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@directory_argument
@json_option
def restore(file: Path, directory: Path, as_json: bool) -> None:
    """Make the node in the new directory DIR from the backup FILE, everything checked first.

    The original must never run again: two nodes with one key promise different things. What the original did after
    the backup is not in it. If it anchored, the restored node notices that the chain is ahead and refuses to seal:
    restore a newer backup. If it only sealed, nobody can notice: see 'restoring' in docs/operating.md first.

    \b
    Example:
      rootseal node restore mynode-2026-10-01.tar mynode

    Exit codes: 0 restored; 1 restored, but fsck has findings; 2 FILE is damaged, or DIR is not empty.
    """
    from node.restoring import restore_node

    outcome = restore_node(file, directory, int(time.time()))
    answer(as_json, "restore", _restore_json(outcome), _restore_lines(outcome))
    leave(0 if outcome.report.clean else 1)


def _restore_json(outcome: RestoreOutcome) -> dict[str, Any]:
    missing = outcome.passphrase_file
    return {
        "directory": str(outcome.directory),
        "madeAt": outcome.made_at,
        "home": outcome.home,
        "logSize": outcome.log_size,
        "clean": outcome.report.clean,
        "findings": [{"code": found.code, "sentence": found.sentence} for found in outcome.report.findings],
        "passphraseMissing": None if missing is None else str(missing),
    }


def _restore_lines(outcome: RestoreOutcome) -> list[str]:
    made = format_instant(outcome.made_at)
    log = counted(outcome.log_size, "entry")
    lines = [f"{outcome.directory}: the node {outcome.home} as it was at {made}, {log} sealed."]
    lines += [f"FINDING: {found.sentence} [{found.code}]" for found in outcome.report.findings]
    if outcome.passphrase_file is not None:
        lines.append(
            f"Put the passphrase into the first line of {outcome.passphrase_file}, readable by its owner alone."
        )
    return [
        *lines,
        "Make sure that the original never runs again.",
        "The chain may be ahead of this copy. Next: rootseal node fsck DIR",
        "If that finds chain.ahead, the original anchored after this backup: delete this copy and restore a newer one;",
        "if there is none, 'rootseal node recover' fills in what is missing from the published log.",
        f"If the original may have SEALED after {made}, do not seal here before you have read docs/operating.md.",
    ]


@click.command()
@directory_argument
@click.argument("entry_id", metavar="ID")
@click.option("--dry-run", is_flag=True, help="Say what would be erased and what would be left; change nothing.")
@json_option
def erase(directory: Path, entry_id: str, dry_run: bool, as_json: bool) -> None:
    """Destroy what this node knows about one credential's learner, for ever, with all its copies.

    Document, seed, e-mail, learner id, holder, credits, day of award and written reasons are overwritten, in the
    database, its WAL and free pages. Kept: id, commitment, key of the micro-credential, states and their times. What
    was sealed also keeps its place in the log, for ever: the learner's own file verifies as before, and it can still
    be revoked. What was withdrawn before it was sealed has no place there. Backups and exported files are yours to
    delete.

    \b
    Example:
      rootseal node erase mynode 0b6f… --dry-run

    Exit codes: 0 erased; 1 erased, but copies in DIR still hold it; 2 no such credential; 3 withdraw it first, or a
    running command still reads old pages: run it again.
    """
    from node.erasing import erase_entry

    with opened(directory) as services:
        outcome = erase_entry(services.store, entry_id, services.now, dry_run=dry_run)
        in_log = services.entry(outcome.id).index is not None
    answer(as_json, "erase", _erase_json(outcome, dry_run), _erase_lines(outcome, dry_run, in_log))
    leave(1 if outcome.copies and not dry_run else 0)


def _erase_json(outcome: Erasure, dry_run: bool) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "entries": list(outcome.entries),
        "dryRun": dry_run,
        "erasedAt": None if dry_run and not outcome.already else outcome.erased_at,
        "already": outcome.already,
        "copies": [str(path) for path in outcome.copies],
        "lastBackupAt": outcome.backup,
    }


def _erase_lines(outcome: Erasure, dry_run: bool, in_log: bool) -> list[str]:
    if dry_run:
        lines = [f"{outcome.id}: all that says something about its learner would be destroyed."]
    else:
        lines = [f"{outcome.id}: erased{' before, and scrubbed again' if outcome.already else ''}."]
    if outcome.entries[1:]:
        lines.append(f"That means all its {len(outcome.entries)} copies; none that was not sealed yet will be.")
    if in_log:
        lines.append(f"{_KEPT}, and its place in the log, for ever: they say nothing without the learner's file.")
    else:
        lines.append(f"{_KEPT}. It was withdrawn before it was sealed: it has no place in the log.")
    lines += [f"STILL HOLDS IT, delete it: {path}" for path in outcome.copies]
    if outcome.backup is not None:
        last = format_instant(outcome.backup)
        lines.append(f"Backups hold it as well (the last is of {last}): make a new one and delete the old.")
    return [*lines, "Exported files, manifests, lists and mail that you keep elsewhere are yours to delete."]
