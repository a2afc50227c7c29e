"""The holder's key: passphrases from a file or a prompt, never from the command line or the environment."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import parse_address
from wallet.box import Box
from wallet.disk import read_file
from wallet.phrases import Phrase
from wallet.presenting import Answer

__all__ = ["address_of", "ask_new_passphrase", "create_key", "open_answers", "open_key", "passphrase_of"]

_MAX_PASSPHRASE = 1024
_MAX_KEYSTORE = 64 * 1024


def ask_new_passphrase(file: Path | None) -> str:
    """For a new key: from the file, else typed twice. Raises `InputError` where neither is possible."""
    if file is not None:
        return _read(file)
    _require_terminal()
    return _usable(
        click.prompt("Passphrase for the new wallet", hide_input=True, confirmation_prompt=True), "passphrase"
    )


def create_key(keystore: Path, passphrase: str) -> bytes:
    """A new key in `keystore` (mode 0600, Web3 Secret Storage v3); its 20-byte address. Raises `ConfigError`."""
    from anchor.keys import create_keystore  # a second of imports

    return create_keystore(keystore, passphrase).address


def open_key(keystore: Path, file: Path | None) -> Answer:
    """The key, opened by the passphrase in `file` or typed. Raises `ConfigError` for a wrong passphrase."""
    from anchor.keys import load_keystore

    signer = load_keystore(keystore, passphrase_of(file))
    return Answer(signer.address, signer.sign_digest)


def open_answers(box: Box, holders: Iterable[bytes], passphrase: str) -> tuple[Answer, ...]:
    """The keys of those `holders` that this wallet has keys for. Raises `ConfigError` for a wrong passphrase."""
    from anchor.keys import load_keystore, signer_from_seed
    from wallet.accounts import accounts_of, has_words, open_seed

    wanted = frozenset(holders)
    accounts = [account for account in accounts_of(box) if account.address in wanted]
    if not accounts:
        return ()
    if has_words(box):
        seed = open_seed(box, passphrase)
        signers = [signer_from_seed(seed, account.index) for account in accounts]
    else:
        signers = [load_keystore(box.keystore, passphrase)]
    if {signer.address for signer in signers} != {account.address for account in accounts}:
        raise ConfigError(
            "wallet", Phrase("its list of addresses is not that of its keys; make it anew with your words")
        )
    return tuple(Answer(signer.address, signer.sign_digest) for signer in signers)


def passphrase_of(file: Path | None) -> str:
    """The passphrase in `file`, or typed. Raises `InputError` where neither is possible."""
    if file is not None:
        return _read(file)
    _require_terminal()
    typed: str = click.prompt("Passphrase of the wallet", hide_input=True)
    return typed


def address_of(keystore: Path) -> bytes:
    """The 20-byte address that the keystore states; no passphrase is needed. Raises `ConfigError`."""
    try:
        found = json.loads(read_file(keystore, _MAX_KEYSTORE))
        return parse_address("0x" + found["address"].removeprefix("0x").lower())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, InputError) and error.where == str(keystore):
            raise
        raise ConfigError("keystore", Phrase("does not state its address"), str(keystore)) from error


def _read(file: Path) -> str:
    """The file's first line: editors end it with a newline that nobody typed."""
    data = read_file(file, _MAX_PASSPHRASE)
    if len(data) > _MAX_PASSPHRASE:
        raise InputError(str(file), f"is larger than {_MAX_PASSPHRASE} bytes: it is no passphrase")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise InputError(str(file), "is not UTF-8 text") from None
    return _usable(text.splitlines()[0] if text else "", str(file))


def _usable(passphrase: str, where: str) -> str:
    if not passphrase:
        raise InputError(where, "must not be an empty passphrase")
    return passphrase


def _require_terminal() -> None:
    if not sys.stdin.isatty():
        raise InputError("--passphrase-file", "is needed where nobody can type a passphrase")
