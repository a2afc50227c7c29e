"""Revoke, suspend or reinstate by a list: upload it, look at what would become of every row, then do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, flash, request, session

from node.access import Role, acting_as
from node.bulk_status import BulkOutcome, BulkRow, change_by_list
from node.console.drafts import ChangeDraft, Drafts
from node.console.pages import Mistake, file_name, go, page
from node.console.words import counted
from node.problems import Refused
from node.reasons import check_note, keep_notes
from node.roster import MAX_ROSTER_BYTES
from node.statuses import REASON_SUPERSEDED, Act
from node.web.authentication import needs, principal
from node.web.bodies import bounded
from rootseal.errors import InputError
from rootseal.reason import MAX_REASON

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["bulk_pages"]

_SHOWN: Final = 200
_ACTS: Final = {act.value: act for act in (Act.REVOKE, Act.SUSPEND, Act.REINSTATE)}
_NO_ACT: Final = "Choose what is to be done."
_NO_FILE: Final = "Choose the file of your list: CSV with a column id, or learner_id, micro_credential and awarded_on."
_NOTE: Final = f"Say why, on one line of 1 to {MAX_REASON:,} characters. It stays in your database."
_GONE: Final = "This list is not kept here any more: an hour has passed, or the node was restarted. Upload it again."
_OTHER: Final = "The list that you looked at is not the one that is kept here. Nothing was done; upload it again."
_CHANGED: Final = "The credentials changed since you looked. Nothing was done yet: look at the rows once more."


def bulk_pages(routes: Blueprint, services: Services) -> None:
    """`/console/changes…`: for the role revoke."""
    pages = _Changes(services)

    @routes.get("/changes")
    @needs(Role.REVOKE)
    def changes() -> Response:
        return pages.form()

    @routes.post("/changes")
    @needs(Role.REVOKE)
    @bounded(MAX_ROSTER_BYTES)
    def check_changes() -> Response:
        return pages.check()

    @routes.get("/changes/<draft_id>")
    @needs(Role.REVOKE)
    def one_change(draft_id: str) -> Response:
        return pages.show(pages.draft(draft_id))

    @routes.post("/changes/<draft_id>/do")
    @needs(Role.REVOKE)
    def do_change(draft_id: str) -> Response:
        return pages.do(pages.draft(draft_id), request.form.get("digest", ""))

    @routes.post("/changes/<draft_id>/discard")
    @needs(Role.REVOKE)
    def discard_change(draft_id: str) -> Response:
        pages.discard(draft_id)
        flash("The list was put away. Nothing was done by that.")
        return go("changes")


class _Changes:
    """The pages of one node."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._drafts: Drafts[ChangeDraft] = Drafts(lambda: services.now)

    def form(self, status: int = 200, mistakes: tuple[Mistake, ...] = ()) -> Response:
        """Where the act, the reason and the list are chosen; what was typed stays."""
        typed = {name: request.form.get(name, "") for name in ("act", "note", "superseded")}
        return page("changes", status, mistakes=mistakes, acts=tuple(_ACTS), **typed)

    def check(self) -> Response:
        """Look at every row; queue nothing, keep the bytes in memory."""
        act, sent = _ACTS.get(request.form.get("act", "")), request.files.get("list")
        note = request.form.get("note", "").strip()
        mistakes = [] if act is not None else [Mistake("act", _NO_ACT)]
        try:
            check_note(note)
        except InputError:
            mistakes.append(Mistake("note", _NOTE))
        if sent is None or not sent.filename:
            mistakes.append(Mistake("list", _NO_FILE))
        if act is None or sent is None or mistakes:
            return self.form(422, tuple(mistakes))
        data, name = sent.read(MAX_ROSTER_BYTES + 1), file_name(sent)
        superseded = act is Act.REVOKE and request.form.get("superseded") == "yes"
        reason = REASON_SUPERSEDED if superseded else 0
        try:
            outcome = self._run(act, data, name, reason, dry_run=True)
        except InputError as error:
            return self.form(422, (Mistake("list", f"{error.where}: {error.problem}."),))
        draft = ChangeDraft(
            session=session["id"],
            name=name,
            data=data,
            at=self._services.now,
            act=act,
            note=note,
            reason=reason,
            outcome=outcome,
        )
        return go("one_change", draft_id=self._drafts.add(draft).id)

    def show(self, draft: ChangeDraft) -> Response:
        """What would become of each row; afterwards, what did."""
        refused = [row for row in draft.outcome.rows if row.outcome == "refused"]
        queued = [row for row in draft.outcome.rows if row.outcome == "queued"]
        finding = self._services.store.finding
        return page(
            "bulk_change",
            draft=draft,
            outcome=draft.outcome,
            act=draft.act.value,
            refused=refused[:_SHOWN],
            queued=[(row, finding.one(row.id)) for row in queued[:_SHOWN] if row.id is not None],
            count=len(queued),
            several=self._several(queued),
            more_refused=max(0, len(refused) - _SHOWN),
        )

    def _several(self, rows: Sequence[BulkRow]) -> bool:
        """True iff one of these credentials has copies, which change with it."""
        store = self._services.store
        firsts = frozenset(store.copies.firsts())
        return bool(firsts) and any(store.entries.get(row.id).first_id in firsts for row in rows if row.id is not None)

    def do(self, draft: ChangeDraft, digest: str) -> Response:
        """Queue what was looked at, and nothing else; pressing the button twice does it once."""
        services = self._services
        with draft.lock:
            if draft.done_at is not None:
                return go("one_change", draft_id=draft.id)
            if digest != draft.digest:
                raise Refused(409, _OTHER)
            _ = services.connection.signer  # takes a second, once: not while the writers' lock is held
            with services.store.writing():
                seen = draft.outcome
                draft.outcome = self._run(draft.act, draft.data, draft.name, draft.reason, dry_run=True)
                same = _queued(draft.outcome) == _queued(seen)
                if same:
                    self._queue(draft)
            if not same:
                flash(_CHANGED)
                return go("one_change", draft_id=draft.id)
            draft.done_at = services.now
        flash(f"Queued for {counted(len(_queued(draft.outcome)), 'credential')}. It counts as soon as it is on chain.")
        return go("one_change", draft_id=draft.id)

    def _queue(self, draft: ChangeDraft) -> None:
        services = self._services
        draft.outcome = self._run(draft.act, draft.data, draft.name, draft.reason, dry_run=False)
        good = [row.id for row in draft.outcome.rows if row.id is not None and row.outcome in ("queued", "already")]
        with acting_as(principal()):
            keep_notes(services.store, good, draft.act.value, draft.note, services.now)

    def _run(self, act: Act, data: bytes, name: str, reason: int, *, dry_run: bool) -> BulkOutcome:
        services = self._services
        with acting_as(principal()):
            return change_by_list(
                services.store, services.statuses, act, data, name, reason, services.now, dry_run=dry_run
            )

    def discard(self, draft_id: str) -> None:
        """Forget the bytes."""
        self._drafts.drop(session["id"], draft_id)

    def draft(self, draft_id: str) -> ChangeDraft:
        """One of this session. Raises `Refused` (404)."""
        found = self._drafts.get(session["id"], draft_id)
        if found is None:
            raise Refused(404, _GONE)
        return found


def _queued(outcome: BulkOutcome) -> list[str | None]:
    return [row.id for row in outcome.rows if row.outcome == "queued"]
