"""`rootseal wallet`: a learner keeps credentials and shows as little of them as needed."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import click

from rootseal.canonical import Json
from rootseal.errors import InputError, RootsealError, UndeterminedError, VerificationError
from rootseal.ethereum import ZERO_ADDRESS, checksum_address
from rootseal.files import CredentialFile
from rootseal.policy import is_test
from wallet.accounts import accounts_of
from wallet.backup_cli import backup, restore
from wallet.box import SHORT_ID, Box, Damaged, Held
from wallet.carry_cli import link, pdf, qr
from wallet.claiming_link import ClaimLink, is_link
from wallet.console import as_json_option, finish, line, paragraph, print_json
from wallet.copies import Copies, copies_of, everything_named
from wallet.copy_words import received_sentences
from wallet.credits_cli import claim, credits_overview, reason, redeem
from wallet.disk import read_file
from wallet.key_cli import address, addresses, init, restore_words
from wallet.listing import group_json, print_groups, test_sentence
from wallet.merging import is_anchored
from wallet.present_cli import present
from wallet.proving import require_proof
from wallet.serving_cli import serve
from wallet.settings import load_policy, own_policy
from wallet.shown import Record, read_record
from wallet.standing import read_standings, remember, told_json, warning
from wallet.updating import Updater, exit_code_of

__all__ = ["main"]

_DIR = click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))


@click.group("wallet")
def main() -> None:
    """Keep credentials in a folder of your own, and show as little of them as needed.

    \b
    Examples:
      rootseal wallet init ~/wallet --words
      rootseal wallet serve ~/wallet
      rootseal wallet receive ~/wallet diploma.credential.json
      rootseal wallet list ~/wallet
      rootseal wallet present ~/wallet 3f2a --disclose grade -o for-employer.presentation.json

    Exit codes: 0 done; 1 a file was refused; 2 wrong usage; 3 not possible yet.
    """


main.add_command(present)
for _command in (
    init,
    restore_words,
    address,
    addresses,
    serve,
    backup,
    restore,
    pdf,
    qr,
    link,
    claim,
    redeem,
    credits_overview,
    reason,
):
    main.add_command(_command)


@main.command("receive")
@_DIR
@click.argument("files", metavar="FILE|LINK…", nargs=-1, required=True)
@as_json_option
def receive(directory: Path, files: tuple[str, ...], as_json: bool) -> None:
    """Put credential files into the wallet, or what a claim link from the institution gives.

    Each is read and recomputed first: one that does not prove itself is refused with its reason and
    changes nothing. Of a credential that is here already the better proofs are kept. No chain is asked: where
    a file contradicts what is here, `rootseal wallet update --rpc` finds out what is true.

    \b
    Examples:
      rootseal wallet receive ~/wallet diploma.credential.json
      rootseal wallet receive ~/wallet downloads/*.credential.json --json
      rootseal wallet receive ~/wallet 'https://registrar.example/claim#…'
    """
    box = Box.open(directory)
    links = {text: ClaimLink.parse(text) for text in files if is_link(text)}
    read = {text: read_file(Path(text)) for text in files if text not in links}
    here: list[Held] = []
    codes = [
        _receive_link(box, links[text], here, as_json)
        if text in links
        else _receive_one(box, Path(text), read[text], here, as_json)
        for text in files
    ]
    if not as_json:
        for sentence in received_sentences(box, here):
            paragraph(sentence, 0, 2)
    finish(_worst(codes))


@main.command("list")
@_DIR
@click.option("--copies", "every_copy", is_flag=True, help="Each copy too: its number, its whole id, and who saw it.")
@as_json_option
def list_credentials(directory: Path, every_copy: bool, as_json: bool) -> None:
    """List what the wallet holds: title, issuer, dates, credits, and whether it is published yet.

    A credential of which the issuer gave you several copies stands there once, and with how many were shown.

    \b
    Examples:
      rootseal wallet list ~/wallet
      rootseal wallet list ~/wallet --copies

    Exit codes: 0 listed; 1 a file is damaged.
    """
    box = Box.open(directory)
    entries = tuple(box.entries())
    damaged = [entry for entry in entries if isinstance(entry, Damaged)]
    try:
        record: Record | None = read_record(box)
    except RootsealError as error:
        record = None
        damaged.append(Damaged(box.shown, error.diagnostics()))
    groups: list[Copies | Damaged] = [*copies_of(entry for entry in entries if isinstance(entry, Held)), *damaged]
    policy = own_policy()
    if as_json:
        found = [group_json(one, record, policy, read_standings(box)) for one in groups]
        print_json({"format": "rootseal/wallet-list/1", "credentials": found})
    else:
        print_groups(groups, record, policy, read_standings(box), every_copy=every_copy)
    finish(1 if damaged else 0)


@main.command("update")
@_DIR
@click.argument("ids", metavar="[ID…]", nargs=-1)
@click.option("--from", "node_url", metavar="URL", help="The issuer's node, such as https://registrar.example.")
@click.option("--rpc", metavar="URL", help="Ask this node of the chain instead of those in the policy.")
@click.option("--policy", metavar="F", type=click.Path(path_type=Path), help="Whose chains to ask; else your own.")
@as_json_option
def update(
    directory: Path, ids: tuple[str, ...], node_url: str | None, rpc: str | None, policy: Path | None, as_json: bool
) -> None:
    """Replace promises by proofs of publication, for all credentials or those named.

    What the issuer's node says is written only where a chain confirms it: the one behind --rpc, or those in
    your policy. What the chain refutes in a file gives way to what it confirms. What the issuer has revoked or
    suspended is told, and remembered until a chain says otherwise.

    \b
    Examples:
      rootseal wallet update ~/wallet --from https://registrar.example
      rootseal wallet update ~/wallet 3f2a --rpc https://node.example

    Exit codes: 0 all hold their proof; 1 one is revoked or suspended, or an answer or a file is false, and then
    that credential was not changed; 2 wrong usage; 3 one is not published yet, or there was no chain to ask.
    """
    box = Box.open(directory)
    updater = Updater.of(node_url, rpc, load_policy(policy, ()), int(time.time()))
    codes = [_update_one(box, updater, held, as_json) for held in everything_named(box, ids)]
    if not codes and not as_json:
        line("The wallet holds no credentials.")
    finish(_worst(codes))


def _receive_link(box: Box, link: ClaimLink, here: list[Held], as_json: bool) -> int:
    """As `_receive_one`, for every copy that the link gives; 3 where the institution cannot be asked."""
    codes = []
    try:
        for data in link.fetch(box):
            codes.append(_receive_one(box, link.shown, data, here, as_json))
    except (VerificationError, UndeterminedError) as error:
        _say(as_json, link.shown, "refused", None, error.diagnostics())
        codes.append(error.exit_code)
    return _worst(codes)


def _receive_one(box: Box, path: Path | str, data: bytes, here: list[Held], as_json: bool) -> int:
    """0 kept or here already, and then added to `here`; 1 refused."""
    try:
        file = require_proof(data, int(time.time()))
        held, kept = box.keep(file)
    except (InputError, VerificationError) as error:
        contradiction = isinstance(error, VerificationError) and error.code.startswith("merge.")
        way_out = f". {_ask_the_chain(box, file.commitment)}" if contradiction else ""
        _say(as_json, path, "refused", None, error.diagnostics() + way_out)
        return 1
    here.append(held)
    test = f"TEST: {test_sentence(file.home.chain_id)}." if is_test(file.home, own_policy()) else None
    notes = (test, _document_note(box, held, file), _holder_note(box, held))
    _say(as_json, path, kept, held.commitment.hex(), " ".join(note for note in notes if note) or None)
    return 0


def _ask_the_chain(box: Box, commitment: bytes) -> str:
    """Nobody here can tell which of two accounts is true."""
    return (
        "Which of the two is true, the chain can tell: rootseal wallet update "
        f"{box.directory} {commitment.hex()[:SHORT_ID]} --rpc URL --from URL"
    )


def _document_note(box: Box, held: Held, received: CredentialFile) -> str | None:
    """What is here stays, and may be the false one."""
    if received.issuer_document is None or received.issuer_document == held.file.issuer_document:
        return None
    return (
        "It describes the issuer otherwise than the file that is here, which was not changed in this. "
        f"{_ask_the_chain(box, held.commitment)}."
    )


def _say(as_json: bool, path: Path | str, outcome: str, commitment: str | None, reason: str | None) -> None:
    if as_json:
        result = {"file": str(path), "outcome": outcome, "id": commitment, "reason": reason}
        print_json({"format": "rootseal/wallet-receive/1", **result})
        return
    named = "" if commitment is None else f" as {commitment[:12]}"
    paragraph(f"{path}: {outcome}{named}.", 0, 2)
    if reason is not None:
        paragraph(reason, 2)


def _holder_note(box: Box, held: Held) -> str | None:
    """A learner must know before an interview that a signature will not be possible."""
    holder = held.file.subject.holder
    if holder == ZERO_ADDRESS:
        return "It was issued to no key: it can be shown, but not be proven to be yours."
    if not box.keystore.exists() or holder not in {account.address for account in accounts_of(box)}:
        return f"It was issued to another address ({checksum_address(holder)}): this wallet cannot sign for it."
    return None


def _update_one(box: Box, updater: Updater, held: Held, as_json: bool) -> int:
    """The exit code for one credential; trouble with one does not stop the others."""
    try:
        file, outcome = updater.update(held.file)
        if file != held.file:
            held.save(file)
        outcome = replace(outcome, standing=remember(box, held.commitment, outcome.standing))
        result, sentence, code = {**outcome.to_json(), "reason": None}, outcome.sentence, exit_code_of(outcome)
    except RootsealError as error:
        reason, code = error.diagnostics(), error.exit_code
        unchanged: dict[str, Json] = {"anchored": is_anchored(held.file), "compared": False}
        known = read_standings(box).get(held.commitment)
        unchanged |= {"issuerDocumentHash": None, **told_json(known)}
        result = {"outcome": "refused", **unchanged, "notes": [], "reason": reason}
        sentence = f"{warning(known)} nothing was changed; {reason}".strip()
    if as_json:
        print_json({"format": "rootseal/wallet-update/1", "id": held.commitment.hex(), **result})
    else:
        paragraph(f"{held.short_id}: {sentence}", 0, 2)
    return code


def _worst(codes: list[int]) -> int:
    """A false answer (1) before wrong usage (2) before not yet (3) before done."""
    return min((code for code in codes if code), default=0)
