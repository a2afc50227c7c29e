"""The box on the page: what is in it, each credential, putting in, updating, credits, addresses."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from rootseal.canonical import MAX_BYTES
from rootseal.errors import InputError, RootsealError, VerificationError
from rootseal.ethereum import address_text, checksum_address
from wallet.accounts import MAX_COPIES, Account, accounts_for, accounts_of, has_words
from wallet.box import Box, Held
from wallet.claiming_link import ClaimLink
from wallet.console import harmless
from wallet.copies import Copies, copies_of, pick
from wallet.credits import CreditSum, Overview, overview, sums
from wallet.page.copying import copies_text, copy_rows, readable_record
from wallet.page.reading import Card, DamagedCard, card, claim_rows, damaged, fact_rows, warning_text
from wallet.page.refusing import why
from wallet.page.site import Site
from wallet.phrases import Phrase
from wallet.proving import require_proof
from wallet.shown import Record
from wallet.standing import read_standings, remember, worst_of
from wallet.updating import Outcome, Updater, exit_code_of

__all__ = ["box_routes", "download", "taken"]

_MAX_FILES = 200


def box_routes(site: Site) -> Blueprint:
    """Addresses of the blueprint `box`."""
    routes = Blueprint("box", __name__)

    @routes.get("/")
    def show() -> str | AnyResponse:
        if site.is_new:
            return redirect(url_for("keeping.start"))
        entries = tuple(site.box.entries())
        held = [one for one in entries if isinstance(one, Held)]
        broken: list[DamagedCard] = [damaged(one, g.speaker) for one in entries if not isinstance(one, Held)]
        record, problem = readable_record(site.box)
        cards = _group_cards(site, copies_of(held), record)
        return render_template("box.html", cards=cards, broken=broken, record_problem=problem)

    @routes.get("/credential/<commitment>")
    def credential(commitment: str) -> str:
        (picked,) = pick(site.box, (commitment,))
        held = picked.named
        claims = held.file.salted()[0]
        record, _ = readable_record(site.box)
        return render_template(
            "credential.html",
            card=_group_cards(site, [picked.copies], record, held)[0],
            copies=copy_rows(picked.copies, record, _accounts(site.box), g.speaker),
            facts=fact_rows(held.file.credential, g.speaker),
            claims=claim_rows(claims),
            home=f"{held.file.home.chain}:{address_text(held.file.home.ledger)}/{held.file.home.issuer}",
            index=held.file.proofs.index,
        )

    @routes.get("/credential/<commitment>/file")
    def file(commitment: str) -> Response:
        held = site.box.find(commitment)
        return download(held.path.read_bytes(), held.path.name)

    @routes.get("/add")
    def add() -> str:
        return render_template("add.html")

    @routes.post("/receive")
    def receive() -> str | AnyResponse:
        return _receive(site)

    @routes.post("/update")
    def update() -> AnyResponse:
        _update(site, request.form.get("id"), request.form.get("node", "").strip())
        wish = request.form.get("id")
        return redirect(url_for("box.credential", commitment=wish) if wish else url_for("box.show"), 303)

    @routes.get("/credits")
    def credit_overview() -> str:
        return _credits(overview(site.box.credentials(), site.policy, site.rpc, int(time.time())))

    @routes.get("/addresses")
    def addresses() -> str:
        known = [one for one in accounts_of(site.box) if one.index == 0 or one.issuer is not None]
        rows: dict[str, list[str]] = {}
        for one in known:
            rows.setdefault(harmless(one.issuer or "", 200), []).append(checksum_address(one.address))
        return render_template("addresses.html", rows=rows.items(), words=has_words(site.box), most=MAX_COPIES)

    @routes.post("/addresses")
    def new_address() -> AnyResponse:
        count = request.form.get("copies", "1")
        if not count.isascii() or not count.isdigit() or len(count) > 3:
            raise InputError("--copies", Phrase("must be a number, such as 1"), count)
        given = accounts_for(site.box, request.form.get("issuer", ""), int(count))
        issuer = harmless(given[0].issuer or "", 200)
        flash(g.speaker("Given to {issuer}; what it needs to know stands below its name.", issuer=issuer))
        return redirect(url_for("box.addresses"), 303)

    return routes


def download(data: bytes, name: str) -> Response:
    """A file for the browser's own folder of downloads."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, mimetype="application/octet-stream", headers=headers)


def taken(upload: FileStorage) -> bytes:
    """An uploaded file. Raises `InputError` for one that is larger than any credential."""
    data = upload.stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError("file", Phrase("is larger than {size} MiB, and no credential is", size=MAX_BYTES >> 20))
    return data


def _accounts(box: Box) -> tuple[Account, ...]:
    return accounts_of(box) if box.keystore.exists() else ()


def _group_cards(site: Site, groups: Sequence[Copies], record: Record | None, named: Held | None = None) -> list[Card]:
    """One for each credential, of its first copy or of the `named` one, with how many there are."""
    accounts, known = _accounts(site.box), read_standings(site.box)
    shown = [(copies, card(named or copies.members[0], accounts, g.speaker, site.policy)) for copies in groups]
    return [
        replace(
            one,
            copies=copies_text(copies, record, g.speaker),
            warning=warning_text(worst_of(known, [held.commitment for held in copies.members]), g.speaker),
        )
        for copies, one in shown
    ]


def _receive(site: Site) -> str | AnyResponse:
    """Files and a link; what is refused is said beside what was kept, and changes nothing."""
    box, link = site.box, request.form.get("link", "").strip()
    uploads = [upload for upload in request.files.getlist("files") if upload.filename]
    if len(uploads) > _MAX_FILES:
        raise InputError("files", Phrase("are more than {most} at once", most=_MAX_FILES), len(uploads))
    results = []
    for upload in uploads:
        name = harmless(upload.filename, 100) or "?"
        results.append(_keep(box, name, lambda upload=upload: taken(upload)))
    if link:
        results += _fetched(box, ClaimLink.parse(link))
    if not results:
        raise InputError("files", Phrase("choose at least one file, or give a link"))
    if all(outcome != "refused" for _, outcome, _ in results) and len(results) == 1:
        flash(_told(results[0][1]))
        return redirect(url_for("box.credential", commitment=results[0][2]), 303)
    return render_template("received.html", results=[(name, _told(outcome), why) for name, outcome, why in results])


def _fetched(box: Box, link: ClaimLink) -> list[tuple[str, str, str]]:
    """As `_keep`, for every copy that the link gives, each kept before the next is asked for."""
    files = link.fetch(box)
    results: list[tuple[str, str, str]] = []
    while True:
        try:
            data = next(files, None)
        except RootsealError as error:
            return [*results, (link.shown, "refused", harmless(why(error, g.speaker)))]
        if data is None:
            return results
        results.append(_keep(box, link.shown, lambda data=data: data))


def _keep(box: Box, name: str, read: object) -> tuple[str, str, str]:
    """(name, outcome, the credential's id or the reason)."""
    assert callable(read)
    try:
        held, kept = box.keep(require_proof(read(), int(time.time())))
    except RootsealError as error:
        way_out = ""
        if isinstance(error, VerificationError) and error.code.startswith("merge."):
            way_out = " " + g.speaker("Which of the two is true, an update with a chain finds out.")
        return name, "refused", harmless(why(error, g.speaker)) + way_out
    return name, kept, held.commitment.hex()


def _told(outcome: str) -> str:
    sentences = {
        "received": "Received. It proves itself, and is kept in your wallet.",
        "improved": "Received. Your wallet had it already, and now has better proofs.",
        "already here": "Your wallet had it already; nothing was changed.",
        "refused": "Refused. Nothing was changed.",
    }
    return str(g.speaker(sentences[outcome]))


def _update(site: Site, wish: str | None, node: str) -> None:
    """One or all; trouble with one does not stop the others."""
    updater = Updater.of(node or None, site.rpc, site.policy, int(time.time()))
    chosen = pick(site.box, (wish,))[0].copies.members if wish else site.box.credentials()
    for held in chosen[:50]:
        try:
            file, outcome = updater.update(held.file)
            if file != held.file:
                held.save(file)
            standing = remember(site.box, held.commitment, outcome.standing)
            sentence = _updated(replace(outcome, standing=standing))
        except RootsealError as error:
            sentence = g.speaker("Nothing was changed: {reason}", reason=harmless(why(error, g.speaker), 500))
            sentence = f"{warning_text(read_standings(site.box).get(held.commitment), g.speaker)} {sentence}".strip()
        flash(f"{held.short_id}: {harmless(sentence, 1000)}"[:1100])


def _updated(outcome: Outcome) -> str:
    """Never that all is well of what is revoked, or of which nobody could say."""
    bad = warning_text(outcome.standing, g.speaker)
    if bad:
        return bad
    if exit_code_of(outcome) == 0:
        return str(g.speaker("Up to date: it holds its proof of publication, and the chain agrees."))
    return " ".join(g.speaker.said(phrase) for phrase in outcome.phrases)


def _credits(found: Overview) -> str:
    trusted = [piece for piece in found.pieces if piece.trusted]
    total = CreditSum()
    for piece in trusted:
        total = total.plus(piece)
    rows = [
        (level or g.speaker("no level"), harmless(field or g.speaker("no field of study"), 200), _points(part))
        for (level, field), part in sums(trusted).items()
    ]
    others = [
        (piece.commitment.hex(), harmless(piece.title or piece.commitment.hex()[:12], 120), f"{piece.credits / 100:g}",
         piece.state, harmless(g.speaker.said(piece.reason or ""), 500))
        for piece in found.pieces if not piece.trusted or piece.reason
    ]  # fmt: skip
    problems = [
        (f"{issuer.name or issuer.home}", harmless(g.speaker.said(issuer.problem), 500))
        for issuer in found.issuers
        if issuer.problem
    ]
    return render_template(
        "credits.html", rows=rows, total=_points(total), others=others, problems=problems, any=bool(found.pieces)
    )


def _points(part: CreditSum) -> dict[str, str]:
    return {
        "earned": f"{part.earned / 100:g}",
        "claimed": f"{part.claimed / 100:g}",
        "spent": f"{part.spent / 100:g}",
        "lost": f"{(part.revoked + part.suspended + part.unknown) / 100:g}",
    }
