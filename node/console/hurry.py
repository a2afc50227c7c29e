"""Seal now, anchor now: look at what would be done, then do it. For officers of all departments with the role issue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, flash, request

from node.access import Role, acting_as
from node.console.costs import next_cost
from node.console.pages import Mistake, go, page
from node.console.words import counted
from node.hurrying import anchor_wanted, want_anchor
from node.web.authentication import for_all, needs, principal

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["hurry_pages"]

_CHANGED: Final = "What waits has changed since you looked. Look at the number once more, then press the button again."
_NOTHING: Final = "Nothing waited any more: it was sealed or withdrawn meanwhile."
_ANCHORED: Final = "Everything that is sealed is final on the chain already."
_ASKED: Final = "The node sends the anchor at its next round, within seconds. “Batches” shows when it is final."


def hurry_pages(routes: Blueprint, services: Services) -> None:
    """`/console/seal` and `/console/anchor`: GET shows what would be done, POST does it."""

    def ripe() -> int:
        """How many may be sealed now, whatever the grace time."""
        return len(services.store.entries.waiting(None, approved=services.config.second_approver))

    def sealing(status: int = 200, mistakes: tuple[Mistake, ...] = ()) -> Response:
        return page(
            "seal_now",
            status,
            mistakes=mistakes,
            count=ripe(),
            unapproved=services.store.submissions.waiting_count() if services.config.second_approver else 0,
            promise=services.config.promise_seconds,
        )

    @routes.route("/seal", methods=["GET", "POST"])
    @needs(Role.ISSUE)
    def seal_now() -> Response:
        for_all()
        if request.method == "GET":
            return sealing()
        if request.form.get("count", "") != str(ripe()):
            return sealing(409, (Mistake("seal", _CHANGED),))
        with acting_as(principal()):
            found = services.seal()
        if found is None:
            flash(_NOTHING)
        else:
            flash(f"Sealed: the log has {counted(found.size, 'credential')} now, and the promise is signed.")
        return go("home")

    @routes.route("/anchor", methods=["GET", "POST"])
    @needs(Role.ISSUE)
    def anchor_now() -> Response:
        for_all()
        store = services.store
        if request.method == "GET":
            newest = store.log.newest_checkpoint()
            return page(
                "anchor_now",
                newest=newest,
                anchored=newest is not None and store.log.introducing(newest.size - 1) is not None,
                asked=anchor_wanted(store),
                cost=next_cost(services),
            )
        with acting_as(principal()):
            newest, anchored = want_anchor(store, services.now)
        flash(_ANCHORED if newest is None or anchored else _ASKED)
        return go("home")
