"""Withdraw, revoke, suspend, reinstate: say why, look once more, then do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, flash, request

from node.access import Access, Role, acting_as
from node.api_credentials import visible
from node.console.credentials import acts_possible
from node.console.pages import Mistake, go, page
from node.console.words import short
from node.problems import Refused
from node.reasons import check_note, keep_note
from node.statuses import REASON_SUPERSEDED
from node.store.finding import FoundEntry
from node.web.authentication import principal
from rootseal.errors import InputError
from rootseal.reason import MAX_REASON

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["status_pages"]

_ROLES: Final = {"withdraw": Role.ISSUE, "revoke": Role.REVOKE, "suspend": Role.REVOKE, "reinstate": Role.REVOKE}
_DONE: Final = {
    "withdraw": "Withdrawn. It never enters the log.",
    "revoke": "The revocation is queued. It counts for everybody as soon as it is on chain.",
    "suspend": "The suspension is queued. It counts for everybody as soon as it is on chain.",
    "reinstate": "The end of the suspension is queued. It counts for everybody as soon as it is on chain.",
}
_NOTE: Final = f"Say why, on one line of 1 to {MAX_REASON:,} characters. It stays in your database."
_NOT_NOW: Final = "This cannot be done to the credential as it stands now. Look at its page."


def status_pages(routes: Blueprint, services: Services, access: Access) -> None:
    """`/console/credentials/ID/ACT`: a form, a look at what was said, and the act."""

    @routes.route(
        "/credentials/<uuid:entry_id>/<any(withdraw, revoke, suspend, reinstate):act>", methods=["GET", "POST"]
    )
    def change(entry_id: object, act: str) -> Response:
        principal().require(_ROLES[act])
        found = visible(services, access, str(entry_id))
        if found.copy_of is not None:
            found = visible(services, access, found.copy_of)  # what is done to one copy is done to all
        if act not in acts_possible(found):
            raise Refused(409, _NOT_NOW)
        if request.method == "GET":
            return _form(found, act)
        note, superseded = request.form.get("note", "").strip(), request.form.get("superseded") == "yes"
        if act != "withdraw":
            try:
                check_note(note)
            except InputError:
                return _form(found, act, note, superseded, (Mistake("note", _NOTE),), 422)
        if request.form.get("sure") != "yes":
            return page("change_look", found=found, act=act, note=note, superseded=superseded)
        _do(services, found, act, note, superseded)
        flash(_DONE[act])
        if not principal().may(Role.READ):
            return go("home")
        return go("one_credential", entry_id=short(found.id))


def _form(
    found: FoundEntry,
    act: str,
    note: str = "",
    superseded: bool = False,
    mistakes: tuple[Mistake, ...] = (),
    status: int = 200,
) -> Response:
    return page("change", status, mistakes=mistakes, found=found, act=act, note=note, superseded=superseded)


def _do(services: Services, found: FoundEntry, act: str, note: str, superseded: bool) -> None:
    with acting_as(principal()):
        if act == "withdraw":
            services.withdraw(found.id)
            return
        _ = services.connection.signer  # takes a second, once: not while the writers' lock is held
        with services.store.writing():
            if act == "revoke":
                outcome = services.revoke([found.id], REASON_SUPERSEDED if superseded else 0)
            else:
                outcome = (services.suspend if act == "suspend" else services.reinstate)([found.id])
            keep_note(services.store, outcome, note, services.now)
