"""kill -9 of `node run` while it mails over real SMTP: nobody gets two, nobody is forgotten, doubts are told."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from node.config import read_config, write_config
from node.delivery.ledger import delivery_ledger
from node.delivery.mailing import Mailer, MailOutcome, MailRequest
from node.services import Services
from node.store import Store
from node.store.delivery import Mail
from tests.fault.test_load import NodeProcess
from tests.support.mail_server import MailServer, mail_server
from tests.unit.node.nodes import make_node, open_node, roster

ROUNDS = 20 if os.environ.get("ROOTSEAL_FAULT_FULL") == "1" else 4
LEARNERS = 3 * ROUNDS + 18
LIMIT = 90.0  # seconds


def final_credentials(directory: Path, server: MailServer) -> None:
    """A node whose credentials are final and go out by mail; its chain is gone, which mailing does not need."""
    with open_node(directory, make_node(directory)) as services:
        services.issue(roster(LEARNERS), "list.csv")
        services.seal()
        assert services.anchor().reached
        config = replace(
            read_config(directory),
            smtp_url=f"smtp://127.0.0.1:{server.port}",
            mail_from="registrar@uni.example",
            mail_on_final=True,
            mail_carries="file",
        )
    write_config(directory, config)


class Killer:
    """Kills the node at its n-th mail: when the server has it and did not answer yet, or at a moment soon after."""

    def __init__(self, node: NodeProcess, at: int, delay: float | None) -> None:
        self._node, self._left, self._delay = node, at, delay
        self.killed = threading.Event()

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            if self._delay is None:
                self._kill()
            else:
                threading.Timer(self._delay, self._kill).start()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._node.process.pid, signal.SIGKILL)
        self.killed.set()


def mails(directory: Path) -> list[Mail]:
    """Every mail that the node knows of."""
    with Services.open(directory) as services:
        entries = services.store.entries.numbered(0, LEARNERS)
        return [mail for entry in entries for mail in services.store.mails.of(entry.id)]


def until_quiet(directory: Path) -> None:
    """No mail waits any more."""
    deadline = time.monotonic() + LIMIT
    while any(mail.state == "waiting" for mail in mails(directory)):
        assert time.monotonic() < deadline, (directory / "run.log").read_text()[-2000:]
        time.sleep(0.2)


def got(server: MailServer) -> Counter[str]:
    """How many mails each learner has."""
    return Counter(taken.recipients[0] for taken in server.taken)


def resend(directory: Path) -> MailOutcome:
    """`node deliver --resend-uncertain`, by a person who decided to."""
    with Services.open(directory) as services:
        mailer = Mailer(directory, services.config, services.store, services.exporter, lambda: services.now)
        return mailer.deliver(MailRequest(resend_uncertain=True))


def address(store: Store, mail: Mail) -> str:
    return store.entries.get(mail.entry).email


@pytest.mark.fault(
    "kill -9 while mailing", "`node run` dies before and after the mail server's answer, again and again"
)
def test_killed_while_mailing_nobody_gets_two_and_nobody_is_forgotten(
    tmp_path: Path, record_property: Callable[..., None]
) -> None:
    chance, directory, kills = random.Random(7), tmp_path / "node", 0
    with mail_server() as server:
        final_credentials(directory, server)
        for number in range(ROUNDS):
            node = NodeProcess(directory)
            # Every other one in the gap itself: the mail is taken, and nobody will ever hear so.
            killer = Killer(node, chance.randint(1, 3), None if number % 2 == 0 else chance.uniform(0.0, 0.03))
            server.on_taken = killer
            if not killer.killed.wait(LIMIT) or len(server.taken) >= LEARNERS:
                node.end(signal.SIGKILL)
                break
            node.process.wait(30)
            assert node.process.stdout is not None
            node.process.stdout.close()
            kills += 1
            assert max(got(server).values()) == 1, "nobody gets two"
        server.on_taken = None
        assert kills >= min(ROUNDS, 3)

        last = NodeProcess(directory)
        try:
            until_quiet(directory)
        finally:
            last.end(signal.SIGTERM)

        with Services.open(directory) as services:
            store, found = services.store, mails(directory)
            by_state = {
                state: {address(store, m) for m in found if m.state == state} for state in {m.state for m in found}
            }
            uncertain, ledger = by_state.get("sending", set()), delivery_ledger(store, services.now)
        assert sum(map(len, by_state.values())) == len(found) == LEARNERS, "one mail for each learner, none forgotten"
        assert set(by_state) <= {"handed_over", "sending"}
        assert by_state["handed_over"] <= set(got(server)), "what counts as mailed was mailed"
        assert max(got(server).values()) == 1, "nobody gets two"
        # One doubt at most for each kill, told as such; every kill in the gap leaves one.
        assert (kills + 1) // 2 <= len(uncertain) <= kills
        assert (ledger.adds_up, ledger.total.fates["uncertain"]) == (True, len(uncertain))

        assert resend(directory).handed_over == len(uncertain)
        assert set(got(server)) == by_state["handed_over"] | uncertain
        assert {who for who, count in got(server).items() if count > 1} <= uncertain, "only who was told to be in doubt"
    record_property("rounds", kills)
