"""Lists: check first, look at what would happen, then issue those very bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, flash, request, session
from werkzeug.datastructures import FileStorage

from node.access import Role, acting_as
from node.console.costs import next_cost
from node.console.drafts import Drafts, ListDraft
from node.console.pages import Mistake, file_name, go, page
from node.console.words import counted
from node.problems import Refused
from node.roster import MAX_ROSTER_BYTES, MOST_COPIES
from node.roster.returned import returned_list, returned_suffix
from node.web.authentication import needs, principal
from node.web.bodies import bounded
from rootseal.credential import read_document
from rootseal.errors import ConflictError, InputError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["list_pages"]

_SHOWN: Final = 200
_UUID: Final = re.compile(r"(?:urn:uuid:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_GONE: Final = "This list is not kept here any more: an hour has passed, or the node was restarted. Upload it again."
_NO_FILE: Final = "Choose the file of your list: CSV, XLSX or JSON lines."
_BAD_ID: Final = "Give the number of the credential as its page shows it, or leave this empty."
_BAD_COPIES: Final = "Give a number of copies from 1 to 16; 1 is usual."
_OTHER_BYTES: Final = (
    "The list that you looked at is not the one that is kept here. Nothing was issued; upload it again."
)
_OTHER_TEMPLATES: Final = (
    "The micro-credentials changed since you looked at the list, so that other documents would be made. Nothing was "
    "issued. Upload it again and look once more."
)
_TYPES: Final = {
    ".csv": "text/csv; charset=utf-8",
    ".jsonl": "application/jsonl; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def list_pages(routes: Blueprint, services: Services) -> None:
    """`/console/lists…`: for the role issue."""
    pages = _Lists(services)

    @routes.get("/lists")
    @needs(Role.ISSUE)
    def lists() -> Response:
        wanted = request.args.get("corrects", "")
        return pages.form(corrects=wanted if _UUID.fullmatch(wanted) else "")

    @routes.post("/lists")
    @needs(Role.ISSUE)
    @bounded(MAX_ROSTER_BYTES)
    def check_list() -> Response:
        corrects, copies = request.form.get("corrects", "").strip().lower(), request.form.get("copies", "1").strip()
        return pages.check(request.files.get("list"), corrects, copies)

    @routes.get("/lists/<draft_id>")
    @needs(Role.ISSUE)
    def one_list(draft_id: str) -> Response:
        return pages.show(pages.draft(draft_id))

    @routes.get("/lists/<draft_id>/refused")
    @needs(Role.ISSUE)
    def refused_rows(draft_id: str) -> Response:
        return pages.refused(pages.draft(draft_id))

    @routes.post("/lists/<draft_id>/issue")
    @needs(Role.ISSUE)
    def issue_list(draft_id: str) -> Response:
        return pages.issue(pages.draft(draft_id), request.form.get("digest", ""))

    @routes.post("/lists/<draft_id>/discard")
    @needs(Role.ISSUE)
    def discard_list(draft_id: str) -> Response:
        pages.discard(draft_id)
        flash("The list was put away. Nothing of it was issued by that.")
        return go("lists")


class _Lists:
    """The pages of one node's lists."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._drafts: Drafts[ListDraft] = Drafts(lambda: services.now)

    def form(
        self, status: int = 200, mistakes: tuple[Mistake, ...] = (), corrects: str = "", copies: str = "1"
    ) -> Response:
        """Where a list is chosen."""
        drafts = self._drafts.of(session["id"])
        return page(
            "lists",
            status,
            mistakes=mistakes,
            corrects=corrects,
            copies=copies,
            drafts=drafts,
            keys=sorted(self._services.templates()),
        )

    def check(self, sent: FileStorage | None, corrects: str, copies: str) -> Response:
        """Read every row and render the documents, store nothing but the bytes in memory."""
        if corrects and _UUID.fullmatch(corrects) is None:
            return self.form(422, (Mistake("corrects", _BAD_ID),), corrects[:60])
        if not (copies.isascii() and copies.isdigit() and len(copies) < 3 and 1 <= int(copies) <= MOST_COPIES):
            return self.form(422, (Mistake("copies", _BAD_COPIES),), corrects, copies[:3])
        if sent is None or not sent.filename:
            return self.form(422, (Mistake("list", _NO_FILE),), corrects, copies)
        data = sent.read(MAX_ROSTER_BYTES + 1)
        name = file_name(sent)
        templates = self._services.store.templates.count()
        try:
            with acting_as(principal()):
                outcome = self._services.issue(
                    data, name, dry_run=True, supersedes=corrects or None, copies=int(copies)
                )
        except InputError as error:
            corrected = error.where in ("id", "--supersedes")
            where = "Number of the credential" if corrected else error.where
            mistake = Mistake("corrects" if corrected else "list", f"{where}: {error.problem}.")
            return self.form(422, (mistake,), corrects, copies)
        except ConflictError as error:
            return self.form(409, (Mistake("corrects", f"{error}."),), corrects, copies)
        draft = self._drafts.add(
            ListDraft(
                session=session["id"],
                name=name,
                data=data,
                at=self._services.now,
                supersedes=corrects or None,
                outcome=outcome,
                templates=templates,
                copies=int(copies),
            )
        )
        return go("one_list", draft_id=draft.id)

    def show(self, draft: ListDraft) -> Response:
        """What would become of each row; after issuing, what did."""
        services, outcome = self._services, draft.outcome
        return page(
            "list",
            draft=draft,
            outcome=outcome,
            refused=outcome.refused[:_SHOWN],
            more=max(0, len(outcome.refused) - _SHOWN),
            sample=() if outcome.sample is None else read_document(outcome.sample).labelled(),
            cost=None if draft.issued_at is not None else next_cost(services),
            second=services.config.second_approver,
            grace=services.config.grace_seconds,
        )

    def issue(self, draft: ListDraft, digest: str) -> Response:
        """Issue the bytes that were looked at; pressing the button twice issues once."""
        with draft.lock:
            if draft.issued_at is None:
                if digest != draft.digest:
                    raise Refused(409, _OTHER_BYTES)
                if self._services.store.templates.count() != draft.templates:
                    raise Refused(409, _OTHER_TEMPLATES)
                with acting_as(principal()):
                    draft.outcome = self._services.issue(
                        draft.data, draft.name, supersedes=draft.supersedes, copies=draft.copies
                    )
                draft.issued_at = self._services.now
                flash(f"{counted(len(draft.outcome.issued), 'credential')} issued.")
        return go("one_list", draft_id=draft.id)

    def refused(self, draft: ListDraft) -> Response:
        """The refused rows in the shape of the list, with a reason each."""
        suffix = returned_suffix(draft.data, draft.name)
        response = Response(returned_list(draft.outcome.refused, draft.data, draft.name), content_type=_TYPES[suffix])
        response.headers["Content-Disposition"] = f'attachment; filename="refused-rows{suffix}"'
        return response

    def discard(self, draft_id: str) -> None:
        """Forget the bytes."""
        self._drafts.drop(session["id"], draft_id)

    def draft(self, draft_id: str) -> ListDraft:
        """One of this session. Raises `Refused` (404)."""
        found = self._drafts.get(session["id"], draft_id)
        if found is None:
            raise Refused(404, _GONE)
        return found
