"""The second approver: where `second_approver` is on, a submission is sealed only after another person let it pass.

A submission is one act of issuing: one list. Its entries never change, and can only become fewer (withdrawn),
so that what was looked at is what is approved. Rejecting takes its entries back: they never enter the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from node.principal import AccessDenied, Principal, Role, actor
from node.store import NewEntry, Store
from node.store.submissions import SubmissionRow
from node.ways_out import way
from rootseal.errors import ConflictError, InputError

__all__ = ["Approving", "Submission", "submit"]

_MAX_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Submission:
    """A list as it was handed in, and what became of it. Times are UTC seconds.

    `person` and `token` are of who issued it, None for the command line without a token. `templates` names the
    micro-credentials of all its entries, and how many of each are still accepted; `preview` is the id of one
    of those, to look at. `state` is `waiting`, `approved` or `rejected`; `reason` is the rejecting person's. Each
    credential counts once, and comes in so many `copies`; `further`: they are added to those of an earlier submission.
    """

    id: int
    submitted_at: int
    person: str | None
    token: str | None
    state: str
    decided_at: int | None
    decided_person: str | None
    decided_token: str | None
    reason: str | None
    accepted: int
    sealed: int
    withdrawn: int
    templates: tuple[tuple[str, int], ...]
    preview: str | None
    copies: int = 1
    further: bool = False


class Approving:
    """Approves and rejects the submissions of one store. `clock` gives UTC seconds."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def waiting(self) -> list[Submission]:
        """Those that nobody decided on and that still have an entry to be sealed, oldest first."""
        with self._store.reading():
            return [self._whole(row) for row in self._store.submissions.waiting()]

    def get(self, submission: int) -> Submission:
        """By its number. Raises `InputError` where there is none."""
        with self._store.reading():
            return self._whole(self._row(submission))

    def approve(self, submission: int, principal: Principal) -> Submission:
        """Let it be sealed. Doing it again changes nothing.

        Raises `AccessDenied` without the role, for the person (or token) that issued it, or for another
        department's; `ConflictError` where it was rejected or nothing of it waits any more.
        """
        principal.require(Role.APPROVE)
        with self._store.writing():
            row = self._row(submission)
            if principal.same_person(row.token, row.person):
                raise AccessDenied(
                    f"submission {submission} was issued by {row.person}: another person must approve it, "
                    "with a token of their own"
                )
            self._check_departments(row, principal)
            self._decide(row, "approved", principal, "")
        return self.get(submission)

    def reject(self, submission: int, principal: Principal | None, reason: str) -> Submission:
        """Withdraw what is still accepted of it, all or none. Doing it again changes nothing.

        A person may reject what others issued (role approve), or take back what he issued (role issue). None:
        the command line. `reason` is kept with the submission, not in the audit log. What a correction would have
        superseded is live again. Raises as `approve`.
        """
        text = _reason(reason)
        with self._store.writing():
            row = self._row(submission)
            if principal is not None:
                own = principal.same_person(row.token, row.person)
                if not (own and principal.may(Role.ISSUE)):
                    principal.require(Role.APPROVE)
                self._check_departments(row, principal)
            taken = self._store.submissions.every_copy(submission, "accepted")
            self._decide(row, "rejected", principal, text)
            for entry_id in taken if row.state != "rejected" else ():
                self._store.entries.withdraw(entry_id)
                self._store.superseding.revive(entry_id)
        return self.get(submission)

    def _decide(self, row: SubmissionRow, state: str, principal: Principal | None, reason: str) -> None:
        if row.state == state:
            return
        waiting = self._store.submissions.counts(row.id).get("accepted", 0)
        if row.state != "waiting" and not (row.state == "approved" and waiting):
            raise ConflictError(f"submission {row.id} was {row.state} before; that stays. Issue the list again")
        if not waiting:
            raise ConflictError(f"nothing of submission {row.id} waits any more: it was sealed or withdrawn")
        now = int(self._clock())
        person, token = (None, None) if principal is None else (principal.person, principal.token_id)
        self._store.submissions.decide(row.id, state, now, person, token, reason)
        act = {"approved": "approve", "rejected": "reject"}[state]
        self._store.acts.add(now, act, f"submission {row.id}", {"entries": waiting})

    def _check_departments(self, row: SubmissionRow, principal: Principal) -> None:
        departments = self._store.departments.all()
        for _, key in self._store.submissions.entries(row.id, "accepted"):
            if not principal.covers(departments.get(key)):
                own = ", ".join(sorted(principal.departments))
                raise AccessDenied(
                    f"submission {row.id} has credentials of {key}, which is not of your department: "
                    f"token {principal.token_id} is for {own}"
                )

    def _row(self, submission: int) -> SubmissionRow:
        found = self._store.submissions.get(submission)
        if found is None:
            raise InputError("SUBMISSION", f"there is none with this number; {way('waiting')}", submission)
        return found

    def _whole(self, row: SubmissionRow) -> Submission:
        counts = self._store.submissions.counts(row.id)
        accepted = self._store.submissions.entries(row.id, "accepted")
        # Those without a count as well: whose department a list is does not change when it is decided.
        of_key = dict.fromkeys(self._store.submissions.keys(row.id), 0) | Counter(key for _, key in accepted)
        return Submission(
            row.id,
            row.submitted_at,
            row.person,
            row.token,
            row.state,
            row.decided_at,
            row.decided_person,
            row.decided_token,
            row.reason,
            counts.get("accepted", 0),
            counts.get("sealed", 0),
            counts.get("withdrawn", 0),
            tuple(sorted(of_key.items())),
            accepted[0][0] if accepted else None,
            self._store.submissions.copies(row.id),
            self._store.submissions.is_further(row.id),
        )


def submit(store: Store, entries: list[NewEntry], now: int) -> int:
    """Store entries as one submission of the acting person; its number. Part of the caller's transaction.

    Raises `AccessDenied` where that person may not issue, or not one of these templates; `ConflictError` where a
    live award is issued already.
    """
    principal = actor()
    if principal is not None:
        principal.require(Role.ISSUE)
        departments = store.departments.all() if principal.departments else {}
        for key in {entry.micro_credential for entry in entries}:
            if not principal.covers(departments.get(key)):
                raise AccessDenied(f"{key} is not of your department: token {principal.token_id} may not issue it")
    person, token = (None, None) if principal is None else (principal.person, principal.token_id)
    number = store.submissions.add(now, person, token)
    store.entries.add_all(entries, now, number)
    return number


def _reason(text: str) -> str:
    shown = " ".join(text.split())
    if not shown or not shown.isprintable() or len(shown) > _MAX_REASON:
        raise InputError("--reason", f"must be a text of 1 to {_MAX_REASON} printable characters", text)
    return shown
