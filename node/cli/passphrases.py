"""`keys passphrase`, `keys restore`, `recovery-sheet`: what keeps the keys usable and safe, offline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from anchor.files import write_atomically
from node.cli.keys import keys
from node.cli.terminal import answer, directory_argument, json_option, opened
from rootseal.errors import InputError, StoreError

__all__ = ["recovery_sheet"]

_passphrase_file = click.option(
    "--passphrase-file",
    metavar="F",
    type=click.Path(dir_okay=False, path_type=Path),
    help="First line is the passphrase now.  [default: that of the node]",
)


@keys.command()
@directory_argument
@_passphrase_file
@click.option(
    "--new-passphrase-file",
    metavar="F",
    type=click.Path(dir_okay=False, path_type=Path),
    help="First line is the new passphrase.  [default: ask]",
)
@json_option
def passphrase(directory: Path, passphrase_file: Path | None, new_passphrase_file: Path | None, as_json: bool) -> None:
    """Lock every key in DIR with a new passphrase, and write it into the node's passphrase file.

    All or nothing, whatever interrupts it; stop 'rootseal node run' before. A key that has a passphrase of its own
    stays as it is. Old backups still open with the old passphrase: make a new one and destroy those. Who may have
    copied the key files as well keeps the keys: replace them ('keys rotate').

    \b
    Examples:
      rootseal node keys passphrase mynode
      rootseal node keys passphrase mynode --new-passphrase-file new.txt

    Exit codes: 0 changed; 2 the old passphrase is wrong, the new one will not do, or the node runs; 3 another command
    sends.
    """
    from node.passphrases import change_passphrase, read_first_line
    from node.stopped import node_stopped

    with opened(directory) as services, node_stopped(directory, services.store, "node keys passphrase"):
        config = services.config
        old = (
            read_first_line(passphrase_file, "--passphrase-file")
            if passphrase_file
            else services.connection.passphrase()
        )
        if new_passphrase_file is not None:
            own = config.passphrase_file
            if own is not None and new_passphrase_file.absolute() == (directory / own).absolute():
                raise InputError("--new-passphrase-file", "is the file of the old one; write the new one elsewhere")
            new = read_first_line(new_passphrase_file, "--new-passphrase-file")
        else:
            new = _asked()
        done = change_passphrase(services.directory, config, old, new)
        services.store.acts.add(
            services.now, "passphrase", "keys", {"files": len(done.changed), "left": len(done.left)}
        )
    changed, left = [path.name for path in done.changed], [path.name for path in done.left]
    opens = ", ".join(name for name in changed if name.endswith(".json"))
    lines = [f"The new passphrase opens {opens}."]
    if left:
        lines.append(f"Left as they were, for the old one did not open them: {', '.join(left)}.")
    lines.append("Make a new backup, and destroy the old ones: they open with the old passphrase.")
    answer(as_json, "keys-passphrase", {"changed": changed, "left": left}, lines)


def _asked() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("Give --new-passphrase-file F: there is no terminal to ask at.")
    return str(click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True))


@keys.command()
@directory_argument
@click.option(
    "--from",
    "source",
    metavar="FILE",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The lines of a recovery sheet as they were typed, or the text of its QR code.",
)
@_passphrase_file
@click.option("--to", "name", metavar="NAME", help="File in DIR.  [default: key_file or log_key_file of node.toml]")
@json_option
def restore(directory: Path, source: Path, passphrase_file: Path | None, name: str | None, as_json: bool) -> None:
    """Write a key back that was typed or scanned from a recovery sheet.

    It must open with the node's passphrase first; a line that was mistyped is named. Nothing is overwritten.

    \b
    Examples:
      rootseal node keys restore mynode --from typed.txt
      rootseal node keys restore mynode --from scanned.txt --to admin-key.json

    Exit codes: 0 restored, or it was there; 2 a line is wrong, the passphrase is wrong, or another key lies there.
    """
    from node.passphrases import read_first_line
    from node.typed_keys import restore_key

    with opened(directory) as services:
        secret = (
            read_first_line(passphrase_file, "--passphrase-file")
            if passphrase_file
            else services.connection.passphrase()
        )
        done = restore_key(services.directory, services.config, source, secret, name)
        if not done.already:
            services.store.acts.add(services.now, "key-restore", done.path.name, {"key": done.key})
    value: dict[str, Any] = {"file": done.path.name, "key": done.key, "already": done.already}
    answer(
        as_json, "keys-restore", value, [f"{done.path} {'holds' if done.already else 'now holds'} the key {done.key}"]
    )


@click.command("recovery-sheet")
@directory_argument
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to make (HTML, to print).")
@click.option("--text", "as_text", is_flag=True, help="Plain text instead of HTML.")
@click.option("--with-encrypted-keys", "with_keys", is_flag=True, help="Print the locked key files too, with QR codes.")
@json_option
def recovery_sheet(directory: Path, out: Path | None, as_text: bool, with_keys: bool, as_json: bool) -> None:
    """Make the sheet of paper for the safe: who this node is, which keys it has, what to type in which disaster.

    It holds no secret. With --with-encrypted-keys it holds the key files as they lie in DIR, locked by the
    passphrase: keep sheet and passphrase apart.

    \b
    Examples:
      rootseal node recovery-sheet mynode -o sheet.html
      rootseal node recovery-sheet mynode --with-encrypted-keys -o sheet.html
      rootseal node recovery-sheet mynode --text

    Exit codes: 0 written; 2 the file is there, or cannot be written.
    """
    from node.recovery_sheet import gather, to_html, to_text

    if out is None and (not as_text or as_json):
        raise click.UsageError("Give -o FILE to write it to.")
    if out is not None and out.exists():
        raise InputError("--out", "exists already and is not overwritten", str(out))
    with opened(directory) as services:
        sheet = gather(services, with_keys=with_keys)
    made = to_text(sheet) if as_text else to_html(sheet)
    if out is None:
        click.echo(made)
        return
    try:
        write_atomically(out.absolute(), made.encode())
    except OSError as error:
        raise StoreError(f"{out}: cannot be written: {error.strerror}") from error
    value = {
        "file": str(out),
        "withEncryptedKeys": with_keys,
        "keys": [{"name": key.name, "key": key.key, "roles": key.roles} for key in sheet.keys],
        "chainProblem": sheet.problem,
    }
    lines = [f"{out}: print it, fill in the blanks by hand, and put it where the passphrase is not."]
    if sheet.problem:
        lines.append(f"The chain could not be asked, so that roles are missing: {sheet.problem}")
    answer(as_json, "recovery-sheet", value, lines)
