"""Making a wallet, restoring one, and its backup."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from rootseal.errors import InputError
from rootseal.instants import format_date, format_instant
from wallet.accounts import create_box
from wallet.backup import make_backup, read_backup, restore_box
from wallet.box import Box
from wallet.copies import copies_of
from wallet.keyring import create_key
from wallet.page.holding import taken
from wallet.page.site import Made, Pending, Site
from wallet.phrases import Phrase
from wallet.proving import require_proof
from wallet.shown import FORGOTTEN
from wallet.words import new_words, read_words, seed_of, two_places

__all__ = ["keeping_routes"]

_SHORTEST = 8


def keeping_routes(site: Site) -> Blueprint:
    """Addresses of the blueprint `keeping`."""
    routes = Blueprint("keeping", __name__)

    @routes.get("/start")
    def start() -> str:
        _require_new(site)
        return render_template("start.html")

    @routes.post("/new")
    def new() -> AnyResponse:
        _require_new(site)
        passphrase = _new_passphrase()
        if request.form.get("kind") == "key":
            box = Box.create(site.directory)
            create_key(box.keystore, passphrase)
            return _begun("Your wallet is ready. Make a backup once it holds something.")
        pending = Pending(new_words(), passphrase, two_places())
        return redirect(url_for("keeping.words", name=site.shelf.put(pending)), 303)

    @routes.get("/words/<name>")
    def words(name: str) -> str:
        return render_template("words.html", words=_pending(site, name).words, name=name)

    @routes.get("/words/<name>/check")
    def ask(name: str) -> str:
        return render_template("words_check.html", places=_pending(site, name).places, name=name, problem=None)

    @routes.post("/words/<name>/check")
    def check(name: str) -> tuple[str, int] | AnyResponse:
        pending = _pending(site, name)
        typed = [request.form.get(f"word-{place}", "").strip().lower() for place in pending.places]
        if typed != [pending.words[place - 1] for place in pending.places]:
            problem = g.speaker("These are other words. Look at your paper; you can also go back to the words.")
            return render_template("words_check.html", places=pending.places, name=name, problem=problem), 422
        create_box(site.directory, seed_of(pending.words), pending.passphrase)
        site.shelf.drop(name)
        return _begun("Your wallet is ready. The words on your paper make all of its keys again.")

    @routes.post("/restore")
    def restore() -> AnyResponse:
        _require_new(site)
        upload = request.files.get("backup")
        if upload is None or not upload.filename:
            raise InputError("backup", Phrase("choose the file of a backup"))
        with tempfile.TemporaryDirectory(prefix="rootseal-") as folder:
            path = Path(folder) / "backup"
            upload.save(path)
            try:
                found = read_backup(path, request.form.get("passphrase", ""))
            except InputError as error:
                raise InputError("backup", error.problem) from None
        restore_box(site.directory, found)
        sentence = g.speaker(
            "Restored: {count} credentials, as they were on {date}. The wallet's own passphrase is the one of then.",
            count=found.credentials,
            date=format_instant(found.made),
        )
        return _begun(sentence)

    @routes.post("/restore-words")
    def restore_words() -> AnyResponse:
        _require_new(site)
        typed, now = read_words(request.form.get("words", "")), int(time.time())
        uploads = [upload for upload in request.files.getlist("files") if upload.filename]
        files = [require_proof(taken(upload), now) for upload in uploads]
        box = create_box(site.directory, seed_of(typed), _new_passphrase(), [file.subject.holder for file in files])
        for file in files:
            box.keep(file)
        if any(copies.several for copies in copies_of(box.credentials())):
            flash(g.speaker(FORGOTTEN))
        return _begun("Restored from your words.")

    @routes.get("/backup")
    def backup() -> str:
        return render_template("backup.html")

    @routes.post("/backup")
    def make() -> AnyResponse:
        passphrase, now = _new_passphrase(), int(time.time())
        with tempfile.TemporaryDirectory(prefix="rootseal-") as folder:
            out = Path(folder) / "backup"
            made = make_backup(site.box, out, passphrase, now)
            data = out.read_bytes()
        if made.has_key:
            remark = g.speaker("{count} credentials and your keys, written and read back.", count=made.credentials)
        else:
            remark = g.speaker(
                "{count} credentials, written and read back. This wallet has no key of its own.",
                count=made.credentials,
            )
        name = site.shelf.put(Made("backup", f"wallet-{format_date(now)}.backup", data, remark))
        return redirect(url_for("showing.ready", name=name), 303)

    return routes


def _begun(sentence: str) -> AnyResponse:
    flash(g.speaker(sentence))
    return redirect(url_for("box.show"), 303)


def _require_new(site: Site) -> None:
    if not site.is_new:
        raise InputError("folder", Phrase("holds a wallet already; nothing was changed"))


def _pending(site: Site, name: str) -> Pending:
    found = site.shelf.pending(name)
    if found is None:
        raise NotFound
    return found


def _new_passphrase() -> str:
    first, second = request.form.get("passphrase", ""), request.form.get("again", "")
    if first != second:
        raise InputError("passphrase", Phrase("was typed differently the second time"))
    if len(first) < _SHORTEST:
        said = "must have at least {count} characters; four words that do not belong together are good"
        raise InputError("passphrase", Phrase(said, count=_SHORTEST))
    return first
