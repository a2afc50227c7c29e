"""Mailing credentials: every mail is a row before anything is sent, and only one process sends.

waiting → sending (committed) → the server's answer → handed_over, refused, or waiting again. A row that is
found in `sending` when nobody sends is one of which nobody knows whether the server took it: it is never
sent again by itself, but only when asked, and then under the same Message-ID.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from node.config import NodeConfig
from node.copying import handed_out
from node.delivery.links import ClaimLinkService, NewLink
from node.delivery.message import Posted, compose, marked, recipient, values_of, with_note
from node.delivery.posting import Answer, MailServerDown, Session, session
from node.delivery.settings import MailSettings, mail_settings
from node.delivery.wording import about_copies
from node.exporting import Exporter
from node.store import Entry, EntryState, Store
from node.store.delivery import Mail
from rootseal.errors import ConflictError, InputError, UndeterminedError
from rootseal.instants import format_date

__all__ = ["MailOutcome", "MailRequest", "Mailer"]

_LOCK: Final = "deliver.lock"
_GIVE_UP_SECONDS: Final = 5 * 86_400
_FIRST_WAIT: Final = 300
_LONGEST_WAIT: Final = 4 * 3600
_ALL: Final = 1 << 31
_SHOWN_LINK: Final = "/claim#(made when the mail is sent)"


@dataclass(frozen=True, slots=True)
class MailRequest:
    """`limit` mails at most; `only` one credential's; `again` although it was mailed before.

    `resend_uncertain` sends those once more of which nobody knows whether they arrived. `numbers`: nothing is
    queued, and what is sent has a number from the first to the last of them.
    """

    limit: int | None = None
    before_final: bool = False
    only: str | None = None
    again: bool = False
    resend_uncertain: bool = False
    numbers: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """What one run did. `later` were put off by the server, `waiting` is what is left after it.

    `uncertain` may have arrived. `problem` says why the run ended early; `sample` is what a dry run shows.
    """

    handed_over: int = 0
    refused: int = 0
    failed: int = 0
    later: int = 0
    waiting: int = 0
    uncertain: int = 0
    problem: str | None = None
    dry_run: bool = False
    sample: tuple[str, str] | None = None

    @property
    def exit_code(self) -> int:
        """1 where some never will arrive, 3 where something waits or is uncertain, else 0."""
        if self.refused or self.failed:
            return 1
        return 3 if self.problem is not None or self.later or self.uncertain else 0


class Mailer:
    """The mailing of one node. `now` gives UTC seconds; `exporter` makes the files."""

    def __init__(
        self, directory: Path, config: NodeConfig, store: Store, exporter: Exporter, now: Callable[[], int]
    ) -> None:
        self._directory = directory
        self._config = config
        self._store = store
        self._exporter = exporter
        self._now = now

    def deliver(
        self, request: MailRequest, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> MailOutcome:
        """Queue what may be mailed, and hand it to the mail server.

        Raises `ConfigError` for a setting or a placeholder that is wrong (before anything is queued), `InputError`
        or `ConflictError` for `only`, `UndeterminedError` where another process mails.
        """
        settings = mail_settings(self._directory, self._config)
        with self.alone():
            if request.numbers is None:
                with self._store.writing():
                    # A crash before the COMMIT: nothing is queued. After it: the next run sends what waits.
                    self.queue(self.wanted(request), settings)
            if request.resend_uncertain:
                self._resend(request)
            return self._send(request, settings, progress)

    def rehearse(self, request: MailRequest) -> MailOutcome:
        """What `deliver` would begin with; nothing is written or sent, and no server is asked."""
        settings = mail_settings(self._directory, self._config)
        fresh = self.wanted(request)
        due = self._store.mails.due(self._now(), request.limit or _ALL, self._only(request))
        waiting = len(fresh) + len(due)
        first = fresh[0] if fresh else due[0].entry if due else None
        sample = None if first is None else self.sample(self._store.entries.get(first), settings)
        return MailOutcome(
            waiting=min(waiting, request.limit or waiting),
            uncertain=len(self._store.mails.uncertain()),
            dry_run=True,
            sample=sample,
        )

    # What is to be mailed

    def _only(self, request: MailRequest) -> str | None:
        return None if request.only is None else self._store.entries.get(request.only).first_id

    def queue(self, entries: Sequence[str], settings: MailSettings) -> None:
        """A new mail for each of these ids; in the transaction in which `wanted` gave them."""
        domain = settings.sender.rpartition("@")[2]
        for entry in entries:
            token = secrets.token_hex(12)
            self._store.mails.queue(entry, token, f"<{token}@{domain}>", settings.carries, self._now())

    def wanted(self, request: MailRequest) -> list[str]:
        """Ids that need a new mail. Raises `ConflictError` where `only` must not be mailed."""
        if request.only is None:
            return self._store.mails.unsent(request.limit or _ALL, before_final=request.before_final)
        entry = self._store.entries.award(self._store.entries.get(request.only))[0]
        reason = self._reason_against(entry, before_final=request.before_final)
        if reason is not None:
            raise ConflictError(f"{entry.id} {reason}")
        mails = self._store.mails.of(entry.id)
        if any(mail.state == "waiting" for mail in mails) or (mails and not request.again):
            return []
        if any(mail.state == "sending" for mail in mails):
            raise ConflictError(f"{entry.id} may have arrived: look there first, then use --resend-uncertain")
        return [entry.id]

    def _reason_against(self, entry: Entry, *, before_final: bool) -> str | None:
        if entry.state is not EntryState.SEALED or entry.index is None:
            return f"is {entry.state.value}, not sealed: there is no file to send"
        if self._store.erasures.at(entry.id) is not None:
            return "was erased: only the learner has this credential now"
        if not entry.live:
            return "is revoked or superseded, so it is not mailed"
        if not before_final and self._store.log.introducing(entry.index) is None:
            return "is not anchored and final yet; --before-final (over HTTP: beforeFinal) mails it all the same"
        published, copies = self._store.copies.published(entry.id)
        if not before_final and published < copies:
            so_far = f"has {copies} copies, of which {published} are published"
            return f"{so_far}; --before-final (over HTTP: beforeFinal) mails those that are sealed"
        return None

    def _resend(self, request: MailRequest) -> None:
        only = self._only(request)
        for mail in self._store.mails.uncertain():
            if only in (None, mail.entry):
                self._store.mails.move(mail, "waiting", self._now(), next_at=self._now())

    # Sending

    def _send(self, request: MailRequest, settings: MailSettings, progress: Callable[[int, int], None]) -> MailOutcome:
        due = self._store.mails.due(self._now(), request.limit or _ALL, self._only(request), request.numbers)
        counts = dict.fromkeys(("taken", "refused", "failed", "later", "unknown"), 0)
        problem = None
        try:
            with contextlib.ExitStack() as stack:
                opened: Session | None = None
                for done, mail in enumerate(due, 1):
                    ready = self._ready(mail, settings, request, counts)
                    if ready is None:
                        continue
                    opened = opened or stack.enter_context(session(settings.server))
                    became, answer = self._one(mail, settings, opened, *ready)
                    counts[became] += 1
                    progress(done, len(due))
                    if answer.outcome == "unknown":
                        raise MailServerDown(f"mail server {settings.server.address}: {answer.words}")
        except MailServerDown as error:
            problem = str(error)
        if counts["taken"]:
            self._store.acts.add(self._now(), "deliver", f"{counts['taken']} mails", {"refused": counts["refused"]})
        left = self._store.mails.counts()
        return MailOutcome(
            counts["taken"],
            counts["refused"],
            counts["failed"],
            counts["later"],
            left["waiting"],
            left["sending"],
            problem,
        )

    def _ready(
        self, mail: Mail, settings: MailSettings, request: MailRequest, counts: dict[str, int]
    ) -> tuple[Entry, str] | None:
        """The credential and the address; None where this mail does not go out now, which is written down."""
        entry = self._store.entries.get(mail.entry)
        reason = self._reason_against(entry, before_final=True)
        if reason is not None:
            counts["failed"] += self._store.mails.move(mail, "failed", self._now(), answer=f"it {reason}")
            return None
        if self._reason_against(entry, before_final=request.before_final) is not None:
            return None
        try:
            return entry, recipient(entry.email)
        except InputError as error:
            counts["refused"] += self._store.mails.move(mail, "refused", self._now(), answer=error.problem)
            return None

    def _one(self, mail: Mail, settings: MailSettings, opened: Session, entry: Entry, to: str) -> tuple[str, Answer]:
        sending, link, posted = self._begin(mail, settings, entry, to)
        try:
            answer = opened.post(posted)
        except MailServerDown:
            # Surely not taken. A crash before this: the row stays in `sending`, which claims less.
            self._store.mails.move(sending, "waiting", self._now(), next_at=self._now())
            self._forget(link)
            raise
        return self._written(sending, link, answer), answer

    def _begin(self, mail: Mail, settings: MailSettings, entry: Entry, to: str) -> tuple[Mail, NewLink | None, Posted]:
        now = self._now()
        # What it was queued to carry was the settings of then; the text that goes out is that of now.
        mail = replace(mail, carries=settings.carries)
        with self._store.writing():
            link = None
            if mail.carries == "link":
                link = self._links(settings).made(entry.id, mail.number, now, settings.claim_days)
            posted = self._composed(mail, settings, entry, to, link)
            if not self._store.mails.move(mail, "sending", now):
                raise ConflictError("another process changed this mail; run the same command again")
        # A crash from here on: nobody knows whether the server took it, and the row says so.
        return replace(mail, state="sending", attempts=mail.attempts + 1), link, posted

    def _written(self, sending: Mail, link: NewLink | None, answer: Answer) -> str:
        """Write the answer down; which count it belongs to."""
        now, move = self._now(), self._store.mails.move
        if answer.outcome == "taken":
            move(sending, "handed_over", now, answer=answer.words)
        elif answer.outcome == "unknown":
            move(sending, "sending", now, answer=answer.words)
        elif answer.outcome == "refused":
            move(sending, "refused", now, answer=answer.words)
            self._forget(link)
        else:
            given_up = now - sending.queued_at > _GIVE_UP_SECONDS
            wait = min(_FIRST_WAIT * 2 ** (sending.attempts - 1), _LONGEST_WAIT)
            move(sending, "failed" if given_up else "waiting", now, answer=answer.words, next_at=now + wait)
            self._forget(link)
            return "failed" if given_up else "later"
        return answer.outcome

    def _forget(self, link: NewLink | None) -> None:
        if link is not None:
            self._store.claim_links.forget(link.digest)

    def _composed(self, mail: Mail, settings: MailSettings, entry: Entry, to: str, link: NewLink | None) -> Posted:
        copies = handed_out(self._store, entry)
        attached = [
            (f"{copy.uuid}.credential.json", self._exporter.credential_file(copy).to_bytes())
            for copy in copies
            if mail.carries == "file"
        ]
        shown = None if link is None else (link.url, format_date(link.expires_at))
        values = values_of(entry, json.loads(entry.document), self._config.name, shown)
        note = about_copies(self._config.mail_language, len(copies))
        return compose(settings, mail, to, values, attached, now=self._now(), test=self._config.test, note=note)

    def sample(self, entry: Entry, settings: MailSettings) -> tuple[str, str]:
        """Subject and text of the mail about one credential, as it would go out now."""
        shown = None
        if settings.carries == "link":
            expires = format_date(self._now() + settings.claim_days * 86_400)
            shown = (f"{settings.base}{_SHOWN_LINK}", expires)
        subject, body = settings.wording.written(values_of(entry, json.loads(entry.document), self._config.name, shown))
        note = about_copies(self._config.mail_language, len(handed_out(self._store, entry)))
        return marked(subject, test=self._config.test), with_note(body, note)

    def _links(self, settings: MailSettings) -> ClaimLinkService:
        return ClaimLinkService(
            self._store, settings.base, lambda entry: self._exporter.credential_file(entry).to_bytes()
        )

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """The lock of mailing on this directory. The system frees it however the process ends.

        Raises `UndeterminedError` where another process mails.
        """
        with (self._directory / _LOCK).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UndeterminedError("another process sends mail for this node just now", "mail.busy") from error
            yield
