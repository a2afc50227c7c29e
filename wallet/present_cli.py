"""`rootseal wallet present`: show some of a credential, see first what the verifier will see."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from rootseal.canonical import Json
from rootseal.claims import Path as ClaimPath
from rootseal.commitment import Commitment
from rootseal.credential import read_document
from rootseal.errors import InputError
from rootseal.opened import disclosed
from rootseal.presentation import Presentation
from wallet.box import Box, Held
from wallet.console import as_json_option, heading, line, paragraph, print_json
from wallet.copies import pick
from wallet.copy_words import copy_sentences
from wallet.disclosing import PRESETS, path_text
from wallet.disk import write_atomically
from wallet.keyring import open_answers, passphrase_of
from wallet.merging import is_anchored
from wallet.presenting import Preview, Question, answered, assemble, holders_of, preview, require_sound
from wallet.shown import clean_who
from wallet.spending import Choice, Plan, Wish, hand_out, plan
from wallet.standing import Standing, read_standings, warning

__all__ = ["present"]

_MAX_LIFE = 366 * 86_400
_MAX_SHOWN = 200
_UNPROVEN = (
    "Note: this credential does not carry its proof of publication and its issuer's description yet, so a verifier "
    "cannot decide on it. Run `rootseal wallet update` first."
)


@click.command("present")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@click.option(
    "--disclose",
    "wishes",
    metavar="WHAT",
    multiple=True,
    required=True,
    help="A preset or a path; may be repeated. Presets: " + "; ".join(f"{k} ({v})" for k, v in PRESETS.items()) + ".",
)
@click.option("--subject", is_flag=True, help="Also show your address and the credits that count for you.")
@click.option(
    "--small", is_flag=True, help="Leave out the proof of publication itself, for codes: a verifier then asks a chain."
)
@click.option("--for", "who", metavar="WHO", help="Whom you show it to, as you call them. [default: A of --audience]")
@click.option("--reuse", is_flag=True, help="Show a copy that somebody else saw, where no other is left.")
@click.option("--audience", metavar="A", help="Who asked, exactly as they gave it. Signs with your key; needs --nonce.")
@click.option("--nonce", metavar="N", help="The word that they gave you to sign.")
@click.option(
    "--expires",
    metavar="S",
    type=click.IntRange(1, _MAX_LIFE),
    help="Seconds for which the answer counts. [default: 3600]",
)
@click.option("-o", "--out", "output", metavar="OUT", type=click.Path(path_type=Path), help="The file to write.")
@click.option("--dry-run", is_flag=True, help="Show what they would see, and which copy; write nothing.")
@click.option("--force", is_flag=True, help="Replace OUT if it is there.")
@click.option(
    "--passphrase-file", metavar="F", type=click.Path(path_type=Path), help="Read the passphrase from this file."
)
@as_json_option
def present(
    directory: Path,
    ids: tuple[str, ...],
    wishes: tuple[str, ...],
    subject: bool,
    small: bool,
    who: str | None,
    reuse: bool,
    audience: str | None,
    nonce: str | None,
    expires: int | None,
    output: Path | None,
    dry_run: bool,
    force: bool,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Write a file that shows a verifier only what you choose, and print exactly what they will see.

    With --audience and --nonce the file also answers the verifier's question, signed with your key; the
    address that the credential was issued to is then shown.

    Where the issuer gave you several copies, each WHO gets one of its own, so that two who compare cannot tell that
    they saw the same learner; the same WHO gets the same copy again. The wallet writes down who saw which. What you
    show may link them all the same: your name, a rare title, the dates. With
    --subject the copy that carries the credits is shown: what you claim on the chain names that copy and its address.

    \b
    Examples:
      rootseal wallet present ~/wallet 3f2a --disclose title -o for-employer.presentation.json
      rootseal wallet present ~/wallet 3f2a 77c0 --disclose grade --disclose credits -o two.presentation.json
      rootseal wallet present ~/wallet 3f2a --disclose credentialSubject.achievement.criteria -o p.json
      rootseal wallet present ~/wallet 3f2a --disclose learner --audience "Example Ltd" --nonce 8c1f02 -o p.json
      rootseal wallet present ~/wallet 3f2a --disclose grade --for "Example Ltd" -o p.json
      rootseal wallet present ~/wallet 3f2a --disclose grade --for "Example Ltd" --dry-run

    Exit codes: 0 written; 1 the credential does not prove itself, or no copy is left; 2 wrong usage, nothing was
    written; 3 another program showed the copy meanwhile.
    """
    now = int(time.time())
    question = _question(audience, nonce, expires, now)
    if not dry_run:
        output = _free(output, force)
    box = Box.open(directory)
    wish = Wish(_who(who, audience), subject, question is not None, reuse)
    planned = plan(box, pick(box, ids), wish)
    made = assemble([held.file for held in planned.held], wishes, subject or question is not None, small=small)
    if output is None or dry_run:
        require_sound(made.to_bytes(), now)
        output = None
    else:
        if question is not None:
            made = answered(made, question, *open_answers(box, holders_of(made), passphrase_of(passphrase_file)))
        hand_out(planned, made, now, partial(write_atomically, output))
    previews = [preview(held.file, shown) for held, shown in zip(planned.held, made.credentials, strict=True)]
    _report(output, planned, previews, made, read_standings(box), as_json)


def _free(output: Path | None, force: bool) -> Path:
    if output is None:
        raise click.UsageError("-o OUT is needed: the file to write; or --dry-run, which writes none")
    if output.exists() and not force:
        raise InputError(str(output), "exists already; give another name, or --force to replace it")
    return output


def _who(named: str | None, audience: str | None) -> str | None:
    """In the learner's words, else in the verifier's own. White space alone names nobody."""
    if named is not None:
        return clean_who(named)
    return clean_who(audience, "--audience") if audience is not None and audience.strip() else None


def _question(audience: str | None, nonce: str | None, expires: int | None, now: int) -> Question | None:
    if (audience is None) != (nonce is None):
        raise click.UsageError("--audience and --nonce belong together: give both")
    if audience is None or nonce is None:
        if expires is not None:
            raise click.UsageError("--expires needs --audience and --nonce: only an answer expires")
        return None
    return Question(audience, nonce, now, now + (3600 if expires is None else expires))


def _report(
    output: Path | None,
    planned: Plan,
    previews: list[Preview],
    made: Presentation,
    known: Mapping[Commitment, Standing],
    as_json: bool,
) -> None:
    bad = [text for choice in planned.choices if (text := _warning(choice.held, known))]
    for text in bad:  # beside the answer, so that a program's reader sees it too
        click.echo(text, err=True)
    if as_json:
        credentials = [_preview_json(choice, seen) for choice, seen in zip(planned.choices, previews, strict=True)]
        signatures = 0 if made.holder is None else len(made.holder.signatures)
        result: dict[str, Json] = {"file": None if output is None else str(output), "for": planned.wish.who}
        result |= {"dryRun": output is None, "credentials": credentials, "signatures": signatures}
        print_json({"format": "rootseal/wallet-present/1", **result})
        return
    for choice, seen in zip(planned.choices, previews, strict=True):
        _print_preview(choice.held, seen)
        if not is_anchored(choice.held.file) or choice.held.file.issuer_document is None:
            paragraph(_UNPROVEN)
        for sentence in copy_sentences(planned, choice, seen.holder is not None):
            paragraph(sentence)
    if made.holder is not None:
        heading(f"Signed for {made.holder.audience}, question {made.holder.nonce}.")
    heading("Nothing was written, and no copy counts as shown." if output is None else f"Written to {output}.")


def _warning(held: Held, known: Mapping[Commitment, Standing]) -> str:
    said = warning(known.get(held.commitment))
    return said and f"{held.short_id}: {said}"


def _preview_json(choice: Choice, seen: Preview) -> Json:
    copies = choice.copies
    copy: Json = None
    if copies.several:
        seen_by: Json = [one.who for one in choice.others]
        copy = {"number": choice.number, "of": len(copies.members), "left": choice.left, "seenBy": seen_by}
    return {
        "id": choice.held.commitment.hex(),
        "copy": copy,
        "shown": [{"path": list(claim.path), "value": claim.value} for claim in seen.shown],
        "hidden": [list(path) for path in seen.hidden],
        "holder": None if seen.holder is None else seen.holder.lower(),
    }


def _print_preview(held: Held, seen: Preview) -> None:
    heading(f"{held.short_id}: the verifier will see")
    visible = dict(read_document(disclosed(seen.shown)).labelled())
    for label, value in visible.items():
        paragraph(f"{label}: {value}", 2, 2)
    line(f"Your address: {seen.holder or 'hidden'}", 2)
    line("And always: the dates of validity, the issuer, and the place in the issuer's log.", 2)
    heading(f"Every part that is shown ({len(seen.shown)})")
    for claim in seen.shown:
        text = str(claim.value)
        cut = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}… ({len(text)} characters, shown in full)"
        paragraph(f"{path_text(claim.path)}: {cut}", 2, 2)
    heading(f"Hidden ({len(seen.hidden)})")
    everything = dict(read_document(held.file.credential).labelled())
    labels = [label for label in everything if label not in visible]
    for text in (", ".join(labels), _paths(seen.hidden)):
        if text:
            paragraph(text, 2, 2)
    if not seen.hidden:
        paragraph("nothing", 2)


def _paths(paths: tuple[ClaimPath, ...]) -> str:
    return ", ".join(path_text(path) for path in paths)
