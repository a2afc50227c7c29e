"""`rootseal wallet init`, `restore-words`, `address` and `addresses`: the keys of a wallet."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS, address_text, checksum_address
from wallet.box import Box
from wallet.console import as_json_option, line, paragraph, print_json
from wallet.disk import PRIVATE_FILE, read_file, write_atomically
from wallet.keyring import address_of, ask_new_passphrase, create_key, passphrase_of
from wallet.proving import require_proof

__all__ = ["address", "addresses", "init", "restore_words"]

_DIR = click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
_passphrase = click.option(
    "--passphrase-file", metavar="F", type=click.Path(path_type=Path), help="Read the passphrase from this file."
)
_TRIES = 3
_LIST_TAKES = 16  # addresses in one holder cell, as the node reads it


@click.command("init")
@_DIR
@click.option("--words", is_flag=True, help="Show 24 recovery words, and give each issuer an address of its own.")
@click.option(
    "--words-file", metavar="W", type=click.Path(path_type=Path), help="Write the words to this new file; ask nothing."
)
@_passphrase
@as_json_option
def init(directory: Path, words: bool, words_file: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Make a new wallet in the folder DIR, with a key that only your passphrase opens.

    Your credentials stay genuine without the key; you need it to prove that they are yours. With --words all keys
    can be made again from 24 words, which are shown once: write them on paper. Without, keep a copy of the folder,
    and the passphrase in another place.

    \b
    Examples:
      rootseal wallet init ~/wallet
      rootseal wallet init ~/wallet --words
      rootseal wallet init ~/wallet --words-file /media/stick/words.txt --passphrase-file secret.txt
    """
    passphrase = ask_new_passphrase(passphrase_file)
    box = (
        _with_words(directory, passphrase, words_file) if words or words_file else _with_one_key(directory, passphrase)
    )
    _tell(directory, address_of(box.keystore), as_json)


@click.command("restore-words")
@_DIR
@click.argument("files", metavar="[FILE…]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--words-file", metavar="W", type=click.Path(path_type=Path), help="Read the words from this file.")
@_passphrase
@as_json_option
def restore_words(
    directory: Path, files: tuple[Path, ...], words_file: Path | None, passphrase_file: Path | None, as_json: bool
) -> None:
    """Make a wallet anew in the new folder DIR from its 24 words and your credential files.

    Each FILE is put in, and the address that it was issued to is looked for among those that the words give, until
    20 in a row were never used. The passphrase is a new one, of your choice. Words cannot tell which copy of a
    credential was shown to whom: all copies look as if nobody had seen them. A backup can (`wallet restore`).

    \b
    Examples:
      rootseal wallet restore-words ~/wallet diplomas/*.credential.json
      rootseal wallet restore-words ~/wallet a.credential.json --words-file words.txt --passphrase-file secret.txt

    Exit codes: 0 restored; 1 a FILE does not prove itself: nothing was made; 2 the words are wrong, or DIR is in use.
    """
    from wallet.accounts import accounts_of, create_box
    from wallet.copies import copies_of
    from wallet.shown import FORGOTTEN
    from wallet.words import read_words, seed_of

    now = int(time.time())
    found = [require_proof(read_file(path), now) for path in files]
    seed = seed_of(read_words(_typed_words(words_file)))
    holders = [file.subject.holder for file in found]
    box = create_box(directory, seed, ask_new_passphrase(passphrase_file), holders)
    for file in found:
        box.keep(file)
    own = {account.address for account in accounts_of(box)}
    if not as_json:
        _tell_strange([path for path, holder in zip(files, holders, strict=True) if holder not in own | {ZERO_ADDRESS}])
        if any(copies.several for copies in copies_of(box.credentials())):
            paragraph(FORGOTTEN)
    _tell(directory, address_of(box.keystore), as_json)


@click.command("address")
@_DIR
@as_json_option
def address(directory: Path, as_json: bool) -> None:
    """Print the address that you give to an issuer. Needs no passphrase.

    \b
    Example:
      rootseal wallet address ~/wallet
    """
    found = address_of(Box.open(directory).keystore)
    if as_json:
        print_json({"format": "rootseal/wallet/1", "directory": str(directory), "address": address_text(found)})
    else:
        line(checksum_address(found))


@click.command("addresses")
@_DIR
@click.option("--issuer", metavar="NAME", help="Give this issuer, named as you like, an address of its own.")
@click.option(
    "--copies",
    metavar="K",
    type=click.IntRange(1, 64),
    help="Give it K addresses, one for each copy of a credential; a list takes at most 16. Needs --issuer.",
)
@click.option("--more", is_flag=True, help="First work out a hundred more. Needs the passphrase.")
@_passphrase
@as_json_option
def addresses(
    directory: Path, issuer: str | None, copies: int | None, more: bool, passphrase_file: Path | None, as_json: bool
) -> None:
    """List which address was given to which issuer, or give one out: nobody can tell that two are yours.

    Only a wallet made with recovery words has several. The same name gets the same address again, whatever its
    capitals and spaces. With --copies the issuer gets several, on one line with spaces between: it puts them so into
    the list's column "holder", and issues as many copies, which two employers cannot link by place or hash. The same
    K gives the same addresses, a larger one adds to them.

    \b
    Examples:
      rootseal wallet addresses ~/wallet
      rootseal wallet addresses ~/wallet --issuer "Example University"
      rootseal wallet addresses ~/wallet --issuer "Example University" --copies 8

    Exit codes: 0 done; 2 this wallet has one key alone, or no address is left.
    """
    from wallet.accounts import accounts_for, accounts_of, prepare_more

    if copies is not None and issuer is None:
        raise click.UsageError("--copies needs --issuer: whom are the addresses for?")
    box = Box.open(directory)
    if more:
        prepare_more(box, passphrase_of(passphrase_file))
    chosen = () if issuer is None else accounts_for(box, issuer, copies or 1)
    if chosen and not as_json:
        click.echo(" ".join(checksum_address(account.address) for account in chosen))
        if len(chosen) > _LIST_TAKES:
            click.echo(f"A list takes at most {_LIST_TAKES} of them; more copies can be added later.", err=True)
        return
    bound = {held.file.subject.holder for held in box.credentials()}
    shown = [account for account in accounts_of(box) if account.index == 0 or account.issuer is not None]
    if as_json:
        given = [address_text(account.address) for account in chosen]
        listed = [{**account.to_json(), "used": account.address in bound} for account in shown]
        result = {"given": given[0] if given else None, "givenCopies": given, "addresses": listed}
        print_json({"format": "rootseal/wallet-addresses/1", **result})
        return
    for account in shown:
        used = "  (a credential here is bound to it)" if account.address in bound else ""
        line(f"{checksum_address(account.address)}  {account.issuer or 'for anybody'}{used}")


def _with_one_key(directory: Path, passphrase: str) -> Box:
    box = Box.create(directory)
    create_key(box.keystore, passphrase)
    return box


def _with_words(directory: Path, passphrase: str, words_file: Path | None) -> Box:
    from wallet.accounts import create_box
    from wallet.words import new_words, seed_of

    Box(directory).require_free()  # whatever is in the way is told before anybody writes 24 words on paper
    words = new_words()
    if words_file is None:
        _learn(words)
    else:
        if words_file.exists():
            raise InputError(str(words_file), "exists already; give another name")
        write_atomically(words_file, (" ".join(words) + "\n").encode(), PRIVATE_FILE)
    return create_box(directory, seed_of(words), passphrase)


def _learn(words: Sequence[str]) -> None:
    """Show them once, and ask two back."""
    from wallet.words import two_places

    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise InputError("--words-file", "is needed where nobody can read and type the words")
    paragraph("Write these words on paper, in this order. Whoever has them has your keys; they are shown only once.")
    for at in range(0, len(words), 4):
        line("   ".join(f"{place:2}. {word:<9}" for place, word in enumerate(words[at : at + 4], at + 1)), 2)
    for place in two_places():
        for _ in range(_TRIES):
            if click.prompt(f"Word number {place}").strip().lower() == words[place - 1]:
                break
            line("That is another word. Look at your paper.")
        else:
            raise InputError("words", "were not written down; no wallet was made: run the command again")
    click.clear()


def _typed_words(file: Path | None) -> str:
    if file is not None:
        return read_file(file, 4096).decode("utf-8", "replace")
    if not sys.stdin.isatty():
        raise InputError("--words-file", "is needed where nobody can type the words")
    typed: str = click.prompt("Your 24 words", hide_input=True)
    return typed


def _tell(directory: Path, found: bytes, as_json: bool) -> None:
    if as_json:
        print_json({"format": "rootseal/wallet/1", "directory": str(directory), "address": address_text(found)})
        return
    line(f"Your wallet is in {directory}.")
    line(f"Its address, which you give to the issuer: {checksum_address(found)}")


def _tell_strange(paths: Sequence[Path]) -> None:
    for path in paths:
        paragraph(f"{path}: received; it was issued to an address that these words do not give.", 0, 2)
