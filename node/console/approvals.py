"""Lists that wait for a second person: look at every row and one document, approve or reject."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, flash, request

from node.access import Role, acting_as
from node.approving import Approving, Submission
from node.console.pages import LARGEST, Mistake, asked_number, go, page
from node.problems import Refused
from node.store import Entry
from node.web.authentication import needs, principal
from rootseal.credential import read_document
from rootseal.errors import InputError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["approval_pages", "covered", "waiting_for"]

_PAGE: Final = 100
_UNKNOWN: Final = "There is no list with this number here, or it is another department's."
_REASON: Final = "Say in a few words why, so that the other person knows what to change (at most 500 characters)."
_CONFIRM: Final = "Tick the box: you looked at the rows."


def covered(services: Services, item: Submission) -> bool:
    """Whether all of it is of the department of the one who asks."""
    departments = services.store.departments.all()
    return all(principal().covers(departments.get(key)) for key, _ in item.templates)


def waiting_for(services: Services) -> list[Submission]:
    """What waits for a second person and is of the department of the one who asks; empty where none is wanted."""
    if not services.config.second_approver:
        return []
    waiting = Approving(services.store, lambda: services.now).waiting()
    return [item for item in waiting if covered(services, item)]


def approval_pages(routes: Blueprint, services: Services) -> None:
    """`/console/approvals…`: to look for whoever approves or issued it, to decide as `Approving` says."""
    approving = Approving(services.store, lambda: services.now)

    def known(number: int) -> Submission:
        try:
            found = approving.get(min(number, LARGEST))
        except InputError:
            found = None
        if found is None or not covered(services, found) or not _may_look(found):
            raise Refused(404, _UNKNOWN)
        return found

    @routes.get("/approvals")
    def approvals() -> Response:
        items = [item for item in waiting_for(services) if _may_look(item)]
        return page("approvals", items=items, own=_own, second=services.config.second_approver)

    def shown(item: Submission, status: int = 200, mistakes: tuple[Mistake, ...] = (), reason: str = "") -> Response:
        at = asked_number("from", 0)
        rows = services.store.submissions.entries(item.id, "accepted")
        entries = services.store.entries.get_all(entry_id for entry_id, _ in rows[at : at + _PAGE])
        return page(
            "approval",
            status,
            mistakes=mistakes,
            item=item,
            rows=[(entry, _learner(entry)) for entry in entries],
            at=at,
            following=at + _PAGE if len(rows) > at + _PAGE else None,
            sample=() if item.preview is None else _facts(services.entry(item.preview)),
            own=_own(item),
            second=services.config.second_approver,
            reason=reason,
        )

    @routes.get("/approvals/<int:number>")
    def approval(number: int) -> Response:
        return shown(known(number))

    @routes.post("/approvals/<int:number>/approve")
    @needs(Role.APPROVE)
    def approve(number: int) -> Response:
        item = known(number)
        if request.form.get("looked") != "yes":
            return shown(item, 422, (Mistake("looked", _CONFIRM),))
        with acting_as(principal()):
            approving.approve(number, principal())
        flash(f"List {number} is approved. It is sealed after the grace time.")
        return go("approvals")

    @routes.post("/approvals/<int:number>/reject")
    def reject(number: int) -> Response:
        item = known(number)
        reason = request.form.get("reason", "")
        try:
            with acting_as(principal()):
                approving.reject(number, principal(), reason)
        except InputError:
            return shown(item, 422, (Mistake("reason", _REASON),), reason)
        flash(f"List {number} is rejected: nothing of it enters the log.")
        return go("approvals")


def _own(item: Submission) -> bool:
    return principal().same_person(item.token, item.person)


def _may_look(item: Submission) -> bool:
    return principal().may(Role.APPROVE) or (principal().may(Role.ISSUE) and _own(item))


def _facts(entry: Entry) -> tuple[tuple[str, str], ...]:
    return read_document(json.loads(entry.document)).labelled() if entry.document else ()


def _learner(entry: Entry) -> str:
    return read_document(json.loads(entry.document)).learner_name or "" if entry.document else ""
