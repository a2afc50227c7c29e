"""`rootseal wallet backup` and `restore`: the whole wallet in one encrypted file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rootseal.instants import format_instant
from rootseal.plurals import counted
from wallet.box import Box
from wallet.console import as_json_option, line, print_json
from wallet.keyring import ask_new_passphrase, passphrase_of

if TYPE_CHECKING:
    from wallet.backup import Backup

__all__ = ["backup", "restore"]

_DIR = click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
_passphrase = click.option(
    "--passphrase-file", metavar="F", type=click.Path(path_type=Path), help="Read the backup's passphrase from this."
)


@click.command("backup")
@_DIR
@click.option("-o", "--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="The file to write.")
@_passphrase
@as_json_option
def backup(directory: Path, out: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Write the whole wallet to one encrypted file, and open that again to be sure.

    Keep it in another place than this machine. Who has the file and its passphrase can read your credentials;
    to sign for you they also need the wallet's own passphrase.

    \b
    Examples:
      rootseal wallet backup ~/wallet -o /media/stick/wallet-2026-11.backup
      rootseal wallet backup ~/wallet -o wallet.backup --passphrase-file secret.txt

    Exit codes: 0 written and read back; 2 wrong usage, or the disk refused: no file was made.
    """
    from wallet.backup import make_backup

    made = make_backup(Box.open(directory), out, ask_new_passphrase(passphrase_file), int(time.time()))
    if as_json:
        _print("wallet-backup", directory, out, made)
        return
    saved = counted(made.credentials, "credential")
    what = f"your key and {saved}" if made.has_key else f"{saved}, and no key (this wallet has none)"
    line(f"{out}: {what}, written and read back.")


@click.command("restore")
@_DIR
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@_passphrase
@as_json_option
def restore(directory: Path, file: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Make a wallet in the new folder DIR from a backup.

    \b
    Examples:
      rootseal wallet restore ~/wallet /media/stick/wallet-2026-11.backup
      rootseal wallet restore ~/wallet wallet.backup --passphrase-file secret.txt

    Exit codes: 0 restored; 2 the file does not open, or DIR is in use: nothing was changed.
    """
    from wallet.backup import read_backup, restore_box

    found = read_backup(file, passphrase_of(passphrase_file))
    restore_box(directory, found)
    if as_json:
        _print("wallet-restore", directory, file, found)
        return
    line(f"Your wallet is in {directory}, with {counted(found.credentials, 'credential')}, as it was on")
    own = "Its own passphrase is the one that it had then." if found.has_key else "It had no key then, and has none."
    line(f"{format_instant(found.made)}. {own}")


def _print(command: str, directory: Path, file: Path, backup: Backup) -> None:
    shape = {"directory": str(directory), "file": str(file), "made": backup.made, "key": backup.has_key}
    print_json({"format": f"rootseal/{command}/1", **shape, "credentials": backup.credentials})
