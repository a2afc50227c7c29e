"""Errands: what goes out to others beside the work on the log, in a thread of its own.

Mail servers and receivers of webhooks may be slow or dead; sealing and anchoring never wait for them. Only the
process that has the lease runs errands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from node.announcing import announce_revocations
from node.delivery.mailing import Mailer, MailOutcome, MailRequest
from node.delivery.queueing import send_asked, together
from node.logs import log, log_failure
from node.promises import tell_unkept
from node.webhooks import Round, Webhooks
from rootseal.errors import RootsealError, UndeterminedError

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["Errands", "ErrandsOutcome", "ErrandsThread"]

_PAUSE_SECONDS: Final = 5.0
_TROUBLE_SECONDS: Final = 60.0
_MAILS: Final = 50
_FORGET_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class ErrandsOutcome:
    """What one round did. `mail` is None where nothing is to be mailed from here, or another process mails."""

    webhooks: Round = field(default_factory=Round)
    mail: MailOutcome | None = None


class Errands:
    """One node's errands, a round at a time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._clock = lambda: services.now
        self._forgot_at = -_FORGET_SECONDS

    def round(self) -> ErrandsOutcome:
        """Announce what became final or late, carry what is due, mail what may be; once an hour forget what is old.

        Raises what the store raises.
        """
        services = self._services
        announce_revocations(services.store, services.now)
        # `node run` has done so; where there is a timer instead, nothing else does.
        tell_unkept(services.store, services.config, services.now)
        self._forget()
        carried = Webhooks(services.store, services.home, test=services.config.test, clock=self._clock).round()
        return ErrandsOutcome(carried, self._mail())

    def _forget(self) -> None:
        """What was told long ago, and answers that nobody repeats any more."""
        services, now = self._services, self._services.now
        if 0 <= now - self._forgot_at < _FORGET_SECONDS:
            return
        services.store.announcements.forget(now - services.config.webhook_log_days * 86_400)
        services.store.requests.forget(now)
        self._forgot_at = now

    def _mail(self) -> MailOutcome | None:
        services = self._services
        mailer = Mailer(services.directory, services.config, services.store, services.exporter, self._clock)
        try:
            asked = send_asked(services.store, mailer, _MAILS)
            if not services.config.mail_on_final or (asked is not None and asked.problem is not None):
                return asked
            found = mailer.deliver(MailRequest(limit=_MAILS))
            return found if asked is None else together(asked, found)
        except UndeterminedError:  # `node deliver` is at it
            return None


class ErrandsThread:
    """Round after round until it is told to stop; `may_work` says whether this process has the lease."""

    def __init__(self, errands: Errands, may_work: Callable[[], bool]) -> None:
        self._errands = errands
        self._may_work = may_work
        self._stop = threading.Event()
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._work, name="rootseal-errands", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        """Ask it to end after the errand it is at, and wait so long; what it was at is safe to repeat."""
        self._stop.set()
        self._thread.join(timeout)

    def round(self) -> float:
        """One round; the seconds to wait before the next. Never raises what a next round may cure."""
        if not self._may_work():
            return _PAUSE_SECONDS
        try:
            outcome = self._errands.round()
        except RootsealError as error:
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 - a bug must not end the thread in silence
            return self._failed(error)
        mail = outcome.mail
        if mail is not None and (mail.handed_over or mail.refused or mail.failed):
            log("mail", handed_over=mail.handed_over, refused=mail.refused, failed=mail.failed, waiting=mail.waiting)
        problem = None if mail is None else mail.problem
        if problem is not None and self._trouble is None:
            log("mail waits", message=problem)
        self._trouble = problem
        return _PAUSE_SECONDS if problem is None else _TROUBLE_SECONDS

    def _failed(self, error: Exception) -> float:
        kind = f"{type(error).__name__} {error}"
        if kind != self._trouble:
            log_failure("errands failed", error)
        self._trouble = kind
        return _TROUBLE_SECONDS

    def _work(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            pause = self.round()
