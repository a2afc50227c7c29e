"""Showing some of it: choose, see exactly what the verifier will see, answer their question, download."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from rootseal.checks import Expected
from rootseal.errors import InputError, RootsealError
from rootseal.ethereum import ZERO_ADDRESS, address_text, checksum_address
from rootseal.instants import format_instant
from rootseal.opened import disclosed
from rootseal.presentation import Presentation
from rootseal.verification import verify
from wallet.accounts import accounts_of
from wallet.box import Box
from wallet.console import harmless
from wallet.disclosing import path_text
from wallet.keyring import open_answers
from wallet.merging import is_anchored
from wallet.page.choosing import LIFETIMES, PRESETS, Draft, groups
from wallet.page.copying import copies_text, copy_sentences, readable_record, spent_problem
from wallet.page.holding import download
from wallet.page.reading import card, claim_rows, fact_rows, warning_text
from wallet.page.refusing import why
from wallet.page.signing_text import presentation_typed_data
from wallet.page.site import Made, Site
from wallet.phrases import Phrase
from wallet.presenting import Answer, Preview, answered, holders_of, preview, unsigned
from wallet.proving import CheckFailedError
from wallet.spending import CopiesSpentError, NobodyNamedError, Plan, hand_out
from wallet.standing import read_standings, worst_of

__all__ = ["presenting_routes"]

_SIGNATURE: Final = re.compile(r"0x[0-9a-fA-F]{130}", re.ASCII)


def presenting_routes(site: Site) -> Blueprint:
    """Addresses of the blueprint `showing`."""
    routes = Blueprint("showing", __name__)

    @routes.get("/present")
    def choose() -> str:
        draft = Draft.read(site.box, request.args, int(time.time()))
        return _choose(site.box, draft, request.args.get("preset"))

    @routes.post("/present")
    def change() -> str:
        return _choose(site.box, Draft.read(site.box, request.form, int(time.time())), None)

    @routes.post("/preview")
    def look() -> tuple[str, int]:
        return _preview(site.box, Draft.read(site.box, request.form, int(time.time())), None)

    @routes.post("/presentation")
    def make() -> tuple[str, int] | AnyResponse:
        now = int(time.time())
        draft = Draft.read(site.box, request.form, now)
        try:
            planned = draft.plan(site.box)
            _require_previewed(draft, planned)
            made = _signed(site.box, draft, planned, now)
            _require_answered(made.to_bytes(), draft, now)
            name = hand_out(planned, made, now, lambda data: site.shelf.put(_made(planned, made, data)))
        except RootsealError as error:
            return _preview(site.box, draft, harmless(why(error, g.speaker)))
        return redirect(url_for("showing.ready", name=name), 303)

    @routes.get("/made/<name>")
    def ready(name: str) -> str:
        made = site.shelf.made(name)
        if made is None:
            raise NotFound
        return render_template("made.html", made=made, name=name, size=len(made.data))

    @routes.get("/made/<name>/file")
    def file(name: str) -> Response:
        made = site.shelf.made(name)
        if made is None:
            raise NotFound
        return download(made.data, made.name)

    return routes


_NOBODY: Final = (
    "Say who it is for, in your own words: each copy shall be seen by one person alone, so the wallet writes down who "
    "saw which."
)
_UNPROVEN: Final = (
    "It does not carry its proof of publication and its issuer's description yet, so a verifier cannot decide on it. "
    "Update the credential first, then make this again."
)


def _made(planned: Plan, made: Presentation, data: bytes) -> Made:
    """The file to be downloaded. Its name is that of the copy, for a name travels with a file."""
    ready = all(is_anchored(held.file) and held.file.issuer_document is not None for held in planned.held)
    notes = []
    for choice, one in zip(planned.choices, made.credentials, strict=True):
        said = copy_sentences(planned, choice, not isinstance(one.subject, bytes))
        notes += [f"{said['which']} {said['left']}"] if said["which"] else []
    name = f"{planned.held[0].short_id}.presentation.json"
    return Made("presentation", name, data, "" if ready else _UNPROVEN, tuple(notes))


def _require_previewed(draft: Draft, planned: Plan) -> None:
    """What is made is what was looked at."""
    if planned.several and draft.planned != tuple(held.commitment.hex() for held in planned.held):
        raise InputError("copy", Phrase("another one was chosen meanwhile; look at it, then make it"))


def _choose(box: Box, draft: Draft, preset: str | None, problem: dict[str, Any] | None = None) -> str:
    if not draft.picks:
        raise InputError("credentials", Phrase("choose at least one"))
    record, _ = readable_record(box)
    wanted = PRESETS[preset][1] if preset is not None and preset in PRESETS else None
    accounts, known = accounts_of(box) if box.keystore.exists() else (), read_standings(box)
    parts = []
    for picked in draft.picks:
        held, mine = picked.named, picked.named.commitment.hex()
        found = groups(held.file, g.speaker)
        ticked = {
            group.key
            for group in found
            if (group.key in wanted if wanted is not None else f"{mine}:{group.key}" in draft.ticked)
            or (preset == "all")
        }
        bad = warning_text(worst_of(known, [one.commitment for one in picked.copies.members]), g.speaker)
        copies = copies_text(picked.copies, record, g.speaker)
        shown = replace(card(held, accounts, g.speaker), copies=copies, warning=bad)
        parts.append((shown, found, ticked))
    presets = [(key, g.speaker(name)) for key, (name, _) in PRESETS.items()]
    several = any(picked.copies.several for picked in draft.picks)
    return render_template(
        "present.html", parts=parts, draft=draft, presets=presets, preset=preset, lifetimes=LIFETIMES.items(),
        several=several, names=[] if record is None else record.names, problem=problem,
    )  # fmt: skip


def _preview(box: Box, draft: Draft, problem: str | None) -> tuple[str, int]:
    """What would be made; where no copy may go to that person, or nobody is named, the choice again."""
    try:
        planned = draft.plan(box)
    except CopiesSpentError as error:
        sentence, rows = spent_problem(error)
        return _choose(box, draft, None, {"sentence": sentence, "rows": rows, "reuse": True}), 422
    except NobodyNamedError:
        return _choose(box, draft, None, {"sentence": g.speaker(_NOBODY), "rows": [], "reuse": False}), 422
    made = draft.assembled(planned, g.speaker)
    accounts, known = accounts_of(box) if box.keystore.exists() else (), read_standings(box)
    parts = []
    for choice, one in zip(planned.choices, made.credentials, strict=True):
        seen = preview(choice.held.file, one)
        said = copy_sentences(planned, choice, seen.holder is not None)
        bad = warning_text(known.get(choice.held.commitment), g.speaker)
        shown = replace(card(choice.held, accounts, g.speaker), warning=bad)
        parts.append({"card": shown, "spent": said, **_seen(choice.held.file.credential, seen)})
    signing = _signing(box, draft, planned, made)
    text = render_template("preview.html", parts=parts, draft=draft, planned=planned, problem=problem, signing=signing)
    return text, 422 if problem else 200


def _seen(document: object, seen: Preview) -> dict[str, Any]:
    visible = fact_rows(disclosed(seen.shown), g.speaker)
    labels = {label for label, _ in visible}
    return {
        "facts": visible,
        "claims": claim_rows(seen.shown),
        "hidden": [label for label, _ in fact_rows(document, g.speaker) if label not in labels],
        "hidden_paths": [harmless(path_text(path), 200) for path in seen.hidden],
        "holder": seen.holder,
    }


def _signing(box: Box, draft: Draft, planned: Plan, made: Presentation) -> dict[str, Any] | None:
    """What is signed, and by whom; None where nobody asked."""
    question = draft.question
    if question is None:
        return None
    if any(held.file.subject.holder == ZERO_ADDRESS for held in planned.held):
        raise InputError("question", Phrase("cannot be answered: a credential was issued to no key. Leave it out."))
    proof, _ = unsigned(made, question)
    own = {account.address for account in accounts_of(box)} if box.keystore.exists() else set()
    holders = holders_of(made)
    return {
        "typed": json.dumps(presentation_typed_data(made.digest, proof)),
        "digest": made.digest.hex(),
        "created": format_instant(proof.created),
        "expires": format_instant(proof.expires),
        "holders": [(address_text(one), checksum_address(one)) for one in holders],
        "mine": all(one in own for one in holders),
    }


def _signed(box: Box, draft: Draft, planned: Plan, now: int) -> Presentation:
    made = draft.assembled(planned, g.speaker)
    question = draft.question
    if question is None:
        return made
    if question.expires <= now:
        raise InputError("question", Phrase("the time of this answer is over; go back and make it anew"))
    holders = holders_of(made)
    given = [(holder, request.form.get(f"signature-{address_text(holder)}", "")) for holder in holders]
    if any(text for _, text in given):
        return answered(made, question, *(Answer(holder, lambda _, text=text: _read(text)) for holder, text in given))  # type: ignore[misc]
    passphrase = request.form.get("passphrase", "")
    if not passphrase:
        raise InputError("passphrase", Phrase("is needed to sign"))
    return answered(made, question, *open_answers(box, holders, passphrase))


def _read(text: str) -> bytes:
    """A signature as wallets give it: v may be 0 or 1."""
    if _SIGNATURE.fullmatch(text) is None:
        raise InputError("signature", Phrase("one is missing, or is none: sign again"))
    raw = bytes.fromhex(text[2:])
    return raw[:64] + bytes([raw[64] + 27 if raw[64] < 2 else raw[64]])


def _require_answered(data: bytes, draft: Draft, now: int) -> None:
    """Whoever signed, the verifier's own check must find the right keys."""
    question = draft.question
    if question is None:
        return
    for credential in verify(data, now=now, expected=Expected(question.audience, question.nonce)).credentials:
        check = credential.checks[7]
        if check.outcome != "pass":
            raise CheckFailedError(check)
