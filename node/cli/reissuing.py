"""`reissue`, `reason`: what a learner comes to the office for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.approving import acting, token_option
from node.cli.terminal import answer, directory_argument, harmless, json_option, opened
from rootseal.errors import InputError
from rootseal.ethereum import address_text, checksum_address, parse_address
from rootseal.plurals import agreeing, counted

if TYPE_CHECKING:
    from node.reissuing import Reissue

__all__ = ["reason", "reissue"]


@click.command()
@directory_argument
@click.argument("credential_id", metavar="ID")
@click.option(
    "--holder",
    "holders",
    metavar="0x…",
    required=True,
    multiple=True,
    help="The learner's new address; several times: a copy for each ('rootseal wallet addresses --issuer NAME "
    "--copies N' prints them).",
)
@click.option("--checked-by", metavar="NAME", required=True, help="Who made sure that this is the learner.")
@click.option("--how", metavar="TEXT", required=True, help="How, for example: passport at the desk.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; store nothing.")
@token_option("needed where second_approver is on")
@json_option
def reissue(
    directory: Path,
    credential_id: str,
    holders: tuple[str, ...],
    checked_by: str,
    how: str,
    dry_run: bool,
    token_file: Path | None,
    as_json: bool,
) -> None:
    """Issue a credential anew to another key, after checking who asks: a lost key is no lost degree.

    It says the same, and its credits stay the same credits: claimed ones are claimed again by the new key, and
    ones that were recognised stay spent. The old credential is revoked as superseded when the anchor of the new one is
    final, with all its copies. Where second_approver is on, another person approves it first. Who checked and how
    stays in your database; the audit log keeps only that it was done.

    \b
    Example:
      rootseal node reissue mynode 0b6f… --holder 0x… --checked-by "M. Novak" --how "passport at the desk"

    Exit codes: 0 issued anew, or done before; 2 bad input; 3 the old one was revoked for another reason, or corrected.
    """
    from node.access import require_person
    from node.reissuing import Desk
    from node.reissuing import reissue as issue_anew

    addresses, desk = [parse_address(holder, "--holder") for holder in holders], Desk(checked_by, how)
    with opened(directory) as services, acting(services, token_file):
        if services.config.second_approver and not dry_run:
            require_person()
        done = issue_anew(
            services.store,
            services.home,
            services.profile,
            credential_id,
            addresses,
            desk,
            services.now,
            dry_run=dry_run,
        )
    value = {
        "dryRun": dry_run,
        "old": done.old,
        # In a rehearsal none was drawn that will be used.
        "new": None if dry_run and not done.already else done.new,
        "holder": address_text(done.holders[0]),
        "holders": [address_text(holder) for holder in done.holders],
        "credits": done.credits,
        "already": done.already,
        "oldWithdrawn": done.withdrawn,
    }
    answer(as_json, "reissue", value, _lines(done, dry_run))


def _lines(done: Reissue, dry_run: bool) -> list[str]:
    old, new, withdrawn = done.old, done.new, done.withdrawn
    to = ", ".join(map(checksum_address, done.holders))
    if done.already:
        return [f"{old} was issued anew to {to} before, as {new}."]
    after = "is withdrawn" if withdrawn else "is revoked as superseded when the anchor of the new one is final"
    if dry_run:
        return [f"{old} would be issued anew to {to}; then it {after}."]
    return [
        f"{old} is issued anew to {to}, as {new}.",
        f"The old one {after}, with all its copies. Of the new one there {agreeing(len(done.holders), 'is', 'are')} "
        f"{counted(len(done.holders), 'copy', 'copies')}: one for each --holder.",
        "'rootseal node seal' and 'anchor' publish it, and so does 'run'; then 'export' it for the learner.",
    ]


@click.command()
@directory_argument
@click.argument("credential_id", metavar="ID")
@click.option(
    "-o",
    "--out",
    "output",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="To write.",
)
@json_option
def reason(directory: Path, credential_id: str, output: Path, as_json: bool) -> None:
    """Write a signed statement for the holder: why the credential was revoked or suspended.

    It says what 'revoke --note' or 'suspend --note' wrote down last. Hand it to the learner and to nobody else;
    'rootseal wallet reason' checks it. Nothing of it is on chain.

    \b
    Example:
      rootseal node reason mynode 0b6f… -o reason.json

    Exit codes: 0 written; 2 no such credential, or FILE is there; 3 no reason was written down.
    """
    from anchor.files import write_atomically
    from node.reasons import signed_reason

    if output.exists():
        raise InputError(str(output), "exists already; give another name")
    with opened(directory) as services:
        made = signed_reason(services.store, services.connection, credential_id, services.now)
    try:
        write_atomically(output, made.to_bytes(), mode=0o600)
    except OSError as error:
        raise InputError(str(output), f"cannot be written: {error.strerror}") from error
    value = {"file": str(output), "commitment": made.commitment.hex(), "act": made.act, "reason": made.reason}
    answer(as_json, "reason", value, [f"{harmless(output)}: {made.act}: {harmless(made.reason, 2000)}"])
