"""Showing some of it: choose, see exactly what the verifier will see, answer their question, download."""

from __future__ import annotations

import json
import re
import time
from typing import Any, Final

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from rootseal.checks import Expected
from rootseal.errors import ConfigError, InputError, RootsealError, VerificationError
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
from wallet.page.holding import download
from wallet.page.reading import card, claim_rows, fact_rows
from wallet.page.signing_text import presentation_typed_data
from wallet.page.site import Made, Site
from wallet.presenting import Answer, Preview, answered, holders_of, preview, require_sound, unsigned

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
    def look() -> str:
        return _preview(site.box, Draft.read(site.box, request.form, int(time.time())), None)

    @routes.post("/presentation")
    def make() -> tuple[str, int] | AnyResponse:
        now = int(time.time())
        draft = Draft.read(site.box, request.form, now)
        try:
            made = _signed(site.box, draft, now)
            data = made.to_bytes()
            require_sound(data, now)
            _require_answered(data, draft, now)
        except RootsealError as error:
            return _preview(site.box, draft, harmless(error.diagnostics())), 422
        ready = all(is_anchored(held.file) and held.file.issuer_document is not None for held in draft.held)
        remark = "" if ready else _UNPROVEN
        name = f"{draft.held[0].short_id}.presentation.json"
        return redirect(url_for("showing.ready", name=site.shelf.put(Made("presentation", name, data, remark))), 303)

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


_UNPROVEN: Final = (
    "It does not carry its proof of publication and its issuer's description yet, so a verifier cannot decide on it. "
    "Update the credential first, then make this again."
)


def _choose(box: Box, draft: Draft, preset: str | None) -> str:
    if not draft.held:
        raise InputError("credentials", g.speaker("choose at least one"))
    wanted = PRESETS[preset][1] if preset is not None and preset in PRESETS else None
    accounts = accounts_of(box) if box.keystore.exists() else ()
    parts = []
    for held in draft.held:
        mine = held.commitment.hex()
        found = groups(held.file, g.speaker)
        ticked = {
            group.key
            for group in found
            if (group.key in wanted if wanted is not None else f"{mine}:{group.key}" in draft.ticked)
            or (preset == "all")
        }
        parts.append((card(held, accounts, g.speaker), found, ticked))
    presets = [(key, g.speaker(name)) for key, (name, _) in PRESETS.items()]
    return render_template(
        "present.html", parts=parts, draft=draft, presets=presets, preset=preset, lifetimes=LIFETIMES.items()
    )


def _preview(box: Box, draft: Draft, problem: str | None) -> str:
    made = draft.assembled(g.speaker)
    previews = [preview(held.file, one) for held, one in zip(draft.held, made.credentials, strict=True)]
    accounts = accounts_of(box) if box.keystore.exists() else ()
    cards = [card(held, accounts, g.speaker) for held in draft.held]
    parts = [
        {"card": one, **_seen(held.file.credential, seen)}
        for one, held, seen in zip(cards, draft.held, previews, strict=True)
    ]
    return render_template(
        "preview.html", parts=parts, draft=draft, problem=problem, signing=_signing(box, draft, made)
    )


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


def _signing(box: Box, draft: Draft, made: Presentation) -> dict[str, Any] | None:
    """What is signed, and by whom; None where nobody asked."""
    question = draft.question
    if question is None:
        return None
    if any(held.file.subject.holder == ZERO_ADDRESS for held in draft.held):
        raise InputError("question", g.speaker("cannot be answered: a credential was issued to no key. Leave it out."))
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


def _signed(box: Box, draft: Draft, now: int) -> Presentation:
    made = draft.assembled(g.speaker)
    question = draft.question
    if question is None:
        return made
    if question.expires <= now:
        raise InputError("question", g.speaker("the time of this answer is over; go back and make it anew"))
    holders = holders_of(made)
    given = [(holder, request.form.get(f"signature-{address_text(holder)}", "")) for holder in holders]
    if any(text for _, text in given):
        return answered(made, question, *(Answer(holder, lambda _, text=text: _read(text)) for holder, text in given))  # type: ignore[misc]
    passphrase = request.form.get("passphrase", "")
    if not passphrase:
        raise InputError("passphrase", g.speaker("is needed to sign"))
    try:
        return answered(made, question, *open_answers(box, holders, passphrase))
    except ConfigError as error:
        raise InputError(error.key, str(error).removeprefix(f"{error.key}: ").partition(" (found")[0]) from None


def _read(text: str) -> bytes:
    """A signature as wallets give it: v may be 0 or 1."""
    if _SIGNATURE.fullmatch(text) is None:
        raise InputError("signature", g.speaker("one is missing, or is none: sign again"))
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
            raise VerificationError(check.code, check.reason)
