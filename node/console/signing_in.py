"""Signing in with a token, and out."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, flash, g, request

from node.console.pages import Mistake, go, page
from node.console.sessions import Sessions
from node.web.limits import limiter_of

__all__ = ["signing_in_pages"]

_LIMIT: Final = "30 per minute"
_WRONG: Final = "This token is not valid: check that it is whole (it begins with rst_), or ask for a new one."
_MISSING: Final = "Paste your token. It begins with rst_."


def signing_in_pages(routes: Blueprint, sessions: Sessions) -> None:
    """`/console/sign-in` and `/console/sign-out`."""

    @routes.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Response:
        if request.method == "GET":
            return go("home") if sessions.continued() is not None else page("sign_in")
        text = request.form.get("token", "").strip()
        if sessions.begin(text) is not None:
            return go("home")
        # Only failures count: nobody can keep an officer out by trying, and 256 random bits cannot be guessed.
        with limiter_of().limit(_LIMIT):
            return page("sign_in", 422, mistakes=(Mistake("token", _WRONG if text else _MISSING),))

    @routes.post("/sign-out")
    def sign_out() -> Response:
        sessions.end()
        g.pop("principal", None)
        flash("You are signed out.")
        return go("sign_in")
