"""Credentials: find them, look at one with all that happened to it, hand out its file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from node.access import Access, Role
from node.api_credentials import handed_file, visible
from node.console.pages import Mistake, asked_number, page
from node.copying import copies_of
from node.store import Entry
from node.store.finding import FoundEntry, Standing, Wanted
from node.web.authentication import needs, principal
from node.web.showing import credential
from node.withdrawal import withdrawal
from rootseal.credential import read_document

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["acts_possible", "credential_pages", "seen_keys"]

_PAGE: Final = 50
_MOST: Final = 200
_LEARNER: Final = "Type the learner's id as it stands in your lists, with its leading zeros."


@dataclass(frozen=True, slots=True)
class _Handing:
    """One way in which the credential was handed out, or tried."""

    at: int
    what: str
    state: str


def seen_keys(services: Services) -> frozenset[str] | None:
    """Keys of the micro-credentials that the one who asks may see; None: all."""
    who = principal()
    if not who.departments:
        return None
    departments = services.store.departments.all()
    return frozenset(key for key, department in departments.items() if who.covers(department))


def acts_possible(found: FoundEntry) -> tuple[str, ...]:
    """What can be done to it now, whoever may: by its state alone."""
    if found.standing is Standing.ACCEPTED:
        return ("withdraw", "correct")
    if found.standing is not Standing.ANCHORED:
        return ("correct",) if found.standing is Standing.SEALED else ()
    status = None if found.act is None else found.act.value
    if status == "revoke":
        return ()
    return ("revoke", "reinstate") if status == "suspend" else ("revoke", "suspend", "correct")


def credential_pages(routes: Blueprint, services: Services, access: Access) -> None:
    """`/console/credentials…`: for the role read. A learner's id comes by POST and stands in no address."""

    def keys() -> list[str]:
        seen = seen_keys(services)
        return sorted(key for key in services.templates() if seen is None or key in seen)

    @routes.get("/credentials")
    @needs(Role.READ)
    def credentials() -> Response:
        state, key = request.args.get("state", ""), request.args.get("micro_credential", "")
        standing = Standing(state) if state in {one.value for one in Standing} else None
        after = asked_number("after", 0)
        wanted = Wanted(standing, key or None, None, None, seen_keys(services))
        found = services.store.finding.page(wanted, after, _PAGE + 1)
        following = found[_PAGE - 1].number if len(found) > _PAGE else None
        return page(
            "credentials", found=found[:_PAGE], keys=keys(), state=state, key=key, after=after, following=following
        )

    @routes.post("/credentials")
    @needs(Role.READ)
    def search() -> Response:
        learner = request.form.get("learner", "").strip()
        chosen: dict[str, object] = {"keys": keys(), "state": "", "key": "", "after": 0, "following": None}
        if not learner or len(learner) > _MOST:
            return page("credentials", 422, mistakes=(Mistake("learner", _LEARNER),), found=(), searched=True, **chosen)
        wanted = Wanted(None, None, learner, None, seen_keys(services))
        return page(
            "credentials", found=services.store.finding.page(wanted, 0, _MOST), searched=True, learner=learner, **chosen
        )

    @routes.get("/credentials/<uuid:entry_id>")
    @needs(Role.READ)
    def one_credential(entry_id: object) -> Response:
        found = visible(services, access, str(entry_id))
        entry = services.entry(found.id)
        store = services.store
        successor = store.superseding.successor(entry.first_id)
        return page(
            "credential",
            found=found,
            entry=entry,
            shown=credential(services, found),
            facts=_facts(entry),
            erased_at=store.erasures.at(found.id),
            notes=store.notes.of(found.id),
            withdrawal=withdrawal(store, entry),
            handed=_handed(services, entry.first_id),
            submission=store.submissions.of(found.id),
            copies=copies_of(store, found.id),
            superseded_by=None if successor is None else successor[0],
            acts=acts_possible(found if found.copy_of is None else visible(services, access, found.copy_of)),
        )

    @routes.get("/credentials/<uuid:entry_id>/file")
    @needs(Role.READ)
    def credential_file(entry_id: object) -> Response:
        found = visible(services, access, str(entry_id))
        response = Response(handed_file(services, found.id), content_type="application/json")
        response.headers["Content-Disposition"] = f'attachment; filename="{entry_id}.credential.json"'
        return response


def _facts(entry: Entry) -> tuple[tuple[str, str], ...]:
    return read_document(json.loads(entry.document)).labelled() if entry.document else ()


def _handed(services: Services, first: str) -> list[_Handing]:
    """Mails, claim links and hand-overs, of all copies together, oldest first."""
    store, now = services.store, services.now
    found = []
    for mail in store.mails.of(first):
        state = "came back" if mail.bounced_at is not None else mail.state
        what = "Mail with the file" if mail.carries == "file" else "Mail with a claim link"
        found.append(_Handing(mail.changed_at, what, state))
    for link in store.claim_links.of(first):
        open_or_not = "expired unopened" if link.expires_at <= now else "not opened yet"
        found.append(_Handing(link.made_at, "Claim link made", "" if link.opened_at is not None else open_or_not))
        if link.opened_at is not None:
            found.append(_Handing(link.opened_at, "Fetched with a claim link", ""))
    given = store.hand_overs.at(first)
    if given is not None:
        found.append(_Handing(given, "Handed over in person", ""))
    return sorted(found, key=lambda handing: handing.at)
