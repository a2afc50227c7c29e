"""From the bytes of a file to its verdict, as this node sees it: its own ledger, its own issuer, its own chain.

A public page must not spend the chain's quota nor fall for what a file names: only the node's own issuer is asked
about, at most `MAX_ROOTS` publications a file, and what was read serves all for ten seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from anchor.collecting import evidence_of
from anchor.reader import LedgerRequest, WalletQuestion, collect, wallet_answers
from node.init_policy import own_policy
from node.logs import log_failure
from node.problems import Refused
from rootseal.checks import Expected
from rootseal.errors import InputError, RootsealError
from rootseal.facts import Facts, LedgerFacts
from rootseal.opening import OpenedFile, Question, open_file, questions_of
from rootseal.verdict import Verdict
from rootseal.verification import malformed, verify_opened

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["MAX_ROOTS", "Judge", "Judged"]

MAX_ROOTS: Final = 64
"""Publications and signatures of contract wallets that one file may ask about; files of learners name one to three."""

_KEPT_SECONDS: Final = 10.0
_AT_ONCE: Final = 2
_PATIENCE: Final = 5.0

Say = Callable[[str], str]
"""From `chain`, `elsewhere` or `too_many` to the sentence that says why nobody was asked."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict, and what it is about: None where the file cannot be read. `now` in UTC seconds."""

    verdict: Verdict
    opened: OpenedFile | None
    now: int


class Judge:
    """Judges files for everybody who asks. Threads may share it; at most two files are worked on at once."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._clock = clock
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._kept: tuple[float, LedgerFacts] | None = None

    def judge(self, data: bytes, say: Say, expected: Expected | None = None) -> Judged:
        """Never raises for what stands in `data`. Raises `Refused` (503) where too many ask at once."""
        policy = own_policy(self._services.config)
        if expected is not None:
            policy = replace(policy, holder_required=True)
        with self._slot():
            try:
                opened = open_file(data)
            except InputError as error:
                return Judged(malformed(error), None, self._services.now)
            facts = self._facts(opened, say)
            now = self._services.now
            return Judged(verify_opened(opened, policy, facts, now=now, expected=expected), opened, now)

    def _facts(self, opened: OpenedFile, say: Say) -> Facts:
        ledgers: dict[tuple[int, bytes, int], LedgerFacts] = {}
        problems: dict[tuple[int, bytes, int], str] = {}
        for question in questions_of(opened):
            key = question.home.key
            if question.home != self._services.home:
                problems[key] = say("elsewhere")
            elif len(question.roots) + len(question.wallets) > MAX_ROOTS:
                problems[key] = say("too_many")
            else:
                found = self._ask(question)
                if found is None:
                    problems[key] = say("chain")
                else:
                    ledgers[key] = found
        return Facts(ledgers, problems, evidence_of(opened) if ledgers else {})

    def _ask(self, question: Question) -> LedgerFacts | None:
        """None where the chain does not tell; why is for this server's log, for it may name the operator's endpoint."""
        try:
            with self._lock:
                facts = self._read(question.roots)
            if not question.wallets:
                return facts
            asked = [WalletQuestion(w.holder, w.digest, w.signature) for w in question.wallets]
            head = facts.final.number if facts.status is None else facts.status.block.number
            answers = wallet_answers(self._services.connection.chain, asked, head)
            return replace(facts, contract_wallets=answers)
        except RootsealError as error:
            log_failure("verify could not ask the chain", error)
            return None

    def _read(self, roots: Sequence[bytes]) -> LedgerFacts:
        known = self._kept
        fresh = known is not None and self._clock() - known[0] <= _KEPT_SECONDS
        if known is not None and fresh and all(root in known[1].anchors for root in roots):
            return known[1]
        services = self._services
        [ledger] = own_policy(services.config).ledgers
        with services.connection.reading():
            facts = collect(services.connection.chain, ledger, LedgerRequest(services.home.issuer, tuple(roots)))
        if known is not None and fresh and len(known[1].anchors) < MAX_ROOTS and known[1].final == facts.final:
            facts = replace(facts, anchors={**known[1].anchors, **facts.anchors})
        self._kept = (self._clock(), facts)
        return facts

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=_PATIENCE):
            raise Refused(503, _BUSY, code="verify.busy", headers=_LATER)
        try:
            yield
        finally:
            self._slots.release()


_BUSY: Final = "Many files are being checked just now; try again in a minute."
_LATER: Final = {"Retry-After": "60"}
