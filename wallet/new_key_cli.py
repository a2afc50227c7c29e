"""`rootseal issuer new-key`: a keystore for an accreditor, or for a person who is to become an admin."""

from __future__ import annotations

from pathlib import Path

import click

from rootseal.errors import ConfigError
from rootseal.ethereum import address_text, checksum_address
from wallet.console import as_json_option, line, print_json
from wallet.disk import read_file

__all__ = ["new_key", "passphrase_in"]

_MAX_PASSPHRASE = 4096


@click.command("new-key")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--passphrase-file",
    metavar="F",
    required=True,
    type=click.Path(path_type=Path),
    help="Its first line unlocks the keystore; write it there before.",
)
@as_json_option
def new_key(file: Path, passphrase_file: Path, as_json: bool) -> None:
    """Make a new key in FILE (a keystore, never overwritten) and print its address.

    Whoever has FILE and the passphrase signs as this address; nobody can make it again. Keep two copies.

    \b
    Example:
      rootseal issuer new-key agency.json --passphrase-file secret.txt

    Exit codes: 0 made; 2 FILE exists already, or there is no passphrase.
    """
    from anchor.keys import create_keystore

    signer = create_keystore(file.absolute(), passphrase_in(passphrase_file))
    if as_json:
        print_json({"format": "rootseal/issuer-new-key/1", "file": str(file), "address": address_text(signer.address)})
        return
    line(f"{checksum_address(signer.address)} lies in {file}. Keep a copy elsewhere, and the passphrase apart from it.")


def passphrase_in(path: Path) -> str:
    """The first line of a file. Raises `ConfigError` where there is none."""
    try:
        first = read_file(path, _MAX_PASSPHRASE).decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError as error:
        raise ConfigError("--passphrase-file", "is not UTF-8", str(path)) from error
    if not first:
        raise ConfigError("--passphrase-file", "has an empty first line", str(path))
    return first
