"""The delivery ledger adds up after whatever happened."""

from __future__ import annotations

import contextlib
import csv
import io
import random
from dataclasses import replace

import pytest

from node.delivery.bounces import record_bounces
from node.delivery.ledger import FATES, ListAccount, delivery_csv, delivery_ledger, hand_over
from node.delivery.links import ClaimLinkService, Unclaimable
from node.delivery.mailing import Mailer, MailRequest
from node.erasing import erase_entry
from node.store import EntryState
from rootseal.errors import ConflictError, InputError, UndeterminedError
from tests.support.mail_server import MailServer, mail_server
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import HEADER, roster
from tests.unit.node.test_delivery_bounces import notice


def account(node: Node, number: int | None = None) -> ListAccount:
    ledger = delivery_ledger(node.services.store, node.services.now)
    assert ledger.adds_up
    return ledger.total if number is None else ledger.lists[number]


def test_every_row_of_a_list_is_accounted_for(node: Node) -> None:
    bad = roster(4) + b"9,,Kova\xc4\x8d,x,ledgers,2026-10-01,,\n"
    outcome = node.services.issue(bad, "r.csv")
    assert len(outcome.refused) == 1
    node.services.withdraw(outcome.issued[0].id)
    first = account(node, 0)
    assert (first.rows, first.issued, first.refused, first.of("withdrawn"), first.repeated) == (5, 3, 1, 1, 0)
    node.services.issue(roster(6), "r.csv")  # 0 anew, 1 to 3 again, 4 and 5 new
    second = account(node, 1)
    assert (second.rows, second.issued, second.repeated) == (6, 3, 3)
    assert account(node).rows == 11


def test_a_list_refused_as_a_whole_is_counted_and_a_repeated_one_is_not(node: Node) -> None:
    node.services.issue((HEADER + "1,,Kovač,x,ledgers,2026-10-01,,\n").encode(), "r.csv")
    assert (account(node).rows, account(node).refused) == (1, 1)
    node.services.issue(roster(2), "r.csv", dry_run=True)
    node.services.issue(roster(2), "r.csv")
    node.services.issue(roster(2), "r.csv")
    assert account(node).rows == 3


def test_an_export_alone_is_no_delivery(node: Node, tmp_path: object) -> None:
    ids = [row.id for row in node.services.issue(roster(2), "r.csv").issued]
    with pytest.raises(InputError, match="no file that could have been handed over"):
        hand_over(node.services.store, ids, node.services.now)
    node.services.seal()
    node.services.export(None, node.directory / "out")
    assert account(node).of("delivered") == 0
    assert hand_over(node.services.store, ids[:1], node.services.now) == ((ids[0],), ())
    assert hand_over(node.services.store, ids, node.services.now) == ((ids[1],), (ids[0],))
    assert account(node).fates["by_hand"] == 2


def test_what_does_not_add_up_is_said(node: Node) -> None:
    node.services.issue(roster(3), "r.csv")
    node.services.store._database.change("UPDATE lists SET rows = 4")
    assert not delivery_ledger(node.services.store, node.services.now).adds_up


def test_credentials_from_before_lists_were_counted_stand_apart(node: Node) -> None:
    node.services.issue(roster(2), "r.csv")
    node.services.store._database.change("DELETE FROM lists")
    node.services.issue(roster(3, first=2), "r.csv")
    ledger = delivery_ledger(node.services.store, node.services.now)
    assert [(one.number is None, one.rows, one.issued) for one in ledger.lists] == [(True, 2, 2), (False, 3, 3)]
    assert ledger.adds_up


def test_the_csv_has_one_line_a_credential_and_no_formula(node: Node) -> None:
    row = "=1+1,Ana,Kovač,a@example.edu,ledgers,2026-10-01,,\n"
    node.services.issue((HEADER + row).encode(), "r.csv")
    text = delivery_csv(node.services.store, node.services.now).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert len(lines) == account(node).issued
    assert all(not value.startswith("=") for line in lines for value in line.values())


def test_the_csv_has_the_mail_servers_own_words_for_what_failed(node: Node) -> None:
    services = node.services
    services.issue(roster(3), "r.csv")
    services.seal()
    services.anchor()
    with mail_server() as server:
        server.replies["l1@example.edu"] = "550 5.1.1 <l1@example.edu>: no such user"
        server.data_replies["l2@example.edu"] = "554 5.7.1 looks like spam"
        config = replace(
            services.config, smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="r@uni.example", mail_carries="file"
        )
        Mailer(node.directory, config, services.store, services.exporter, lambda: services.now).deliver(MailRequest())
    mailed = services.store.mails.of(services.store.entries.numbered(0, 1)[0].id)
    record_bounces(services.store, [notice(mail) for mail in mailed], services.now)
    table = csv.DictReader(io.StringIO(delivery_csv(services.store, services.now).decode("utf-8-sig")))
    answers = {row["line"]: (row["detail"], row["answer"]) for row in table}
    assert answers["2"][0] == "its mail came back"
    assert answers["2"][1].startswith("5.")
    assert answers["3"] == ("the mail server refused it", "550 5.1.1 [address]: no such user")
    assert answers["4"] == ("the mail server refused it", "554 5.7.1 looks like spam")


class World:
    """Every act that changes a credential's fate, at random, against a real mail server."""

    def __init__(self, node: Node, server: MailServer, dice: random.Random) -> None:
        self.node, self.server, self.dice = node, server, dice
        self.learners = 0
        self.secrets: list[str] = []

    def any_id(self) -> str | None:
        found = self.node.services.store.entries.numbered(0, 10_000)
        return self.dice.choice(found).id if found else None

    def issue(self) -> None:
        count = self.dice.randint(1, 3)
        first = self.learners if self.dice.random() < 0.8 else 0
        bad = "9,,Kovač,x,ledgers,2026-10-01,,\n" * self.dice.randint(0, 2)
        self.node.services.issue(roster(count, first=first) + bad.encode(), "r.csv")
        self.learners = max(self.learners, first + count)

    def correct(self) -> None:
        entry = self.any_id()
        if entry is not None:
            line = self.node.services.entry(entry).learner
            row = f"{line},Ana,Novak{self.dice.random()},n@example.edu,ledgers,2026-10-01,,\n"
            self.node.services.issue((HEADER + row).encode(), "r.csv", supersedes=entry)

    def withdraw(self) -> None:
        waiting = [
            entry.id
            for entry in self.node.services.store.entries.numbered(0, 10_000)
            if entry.state is EntryState.ACCEPTED
        ]
        if waiting:
            self.node.services.withdraw(self.dice.choice(waiting))

    def seal(self) -> None:
        self.node.services.seal()

    def anchor(self) -> None:
        self.node.services.anchor()

    def revoke(self) -> None:
        entry = self.any_id()
        if entry is not None:
            self.node.services.revoke([entry])

    def erase(self) -> None:
        entry = self.any_id()
        if entry is not None:
            erase_entry(self.node.services.store, entry, self.node.services.now)

    def deliver(self) -> None:
        entries = self.node.services.store.entries.numbered(0, 10_000)
        kinds = ("250", "451 later", "550 no", "250", "250")
        self.server.replies = {entry.email: reply for entry in entries if (reply := self.dice.choice(kinds)) != "250"}
        self.server.drop_at = self.dice.choice((0, 0, 0, 1))
        self.server.close_at = self.dice.choice((0, 0, 0, 2))
        services = self.node.services
        config = replace(
            services.config,
            smtp_url=f"smtp://127.0.0.1:{self.server.port}",
            mail_from="r@uni.example",
            mail_carries=self.dice.choice(("file", "link")),
            public_url="https://uni.example",
        )
        again = self.dice.random() < 0.2
        request = MailRequest(
            limit=4,
            before_final=self.dice.random() < 0.3,
            only=self.any_id() if again else None,
            again=again,
            resend_uncertain=self.dice.random() < 0.2,
        )
        Mailer(self.node.directory, config, services.store, services.exporter, lambda: services.now).deliver(request)

    def links(self) -> ClaimLinkService:
        exporter = self.node.services.exporter
        return ClaimLinkService(
            self.node.services.store, "https://uni.example", lambda entry: exporter.credential_file(entry).to_bytes()
        )

    def link(self) -> None:
        entry = self.any_id()
        if entry is not None:
            self.secrets.append(self.links().make(entry, self.node.services.now, 1).url.partition("#")[2])

    def claim(self) -> None:
        if self.secrets:
            from node.delivery.links import decode_secret

            secret = decode_secret(self.dice.choice(self.secrets), 32)
            assert secret is not None
            self.links().open(secret, bytes(16), self.node.services.now)

    def bounce(self) -> None:
        entry = self.any_id()
        mails = self.node.services.store.mails.of(entry) if entry is not None else []
        record_bounces(self.node.services.store, [notice(mail) for mail in mails[-1:]], self.node.services.now)

    def by_hand(self) -> None:
        entry = self.any_id()
        if entry is not None:
            hand_over(self.node.services.store, [entry], self.node.services.now)

    def export(self) -> None:
        if self.node.services.store.log.size():
            self.node.services.export(None, self.node.directory / "out")

    def wait(self) -> None:
        self.node.clock.now += self.dice.choice((60, 3600, 90_000, 600_000))


ACTS = tuple(name for name in vars(World) if not name.startswith("_") and name not in ("any_id", "links"))


@pytest.mark.parametrize("seed", range(4))
def test_it_adds_up_after_any_sequence(node: Node, seed: int) -> None:
    dice = random.Random(seed)
    seen: set[str] = set()
    with mail_server() as server:
        world = World(node, server, dice)
        for step in range(60):
            act = "issue" if step == 0 else dice.choice(ACTS)
            # What is refused must leave the ledger whole, too.
            with contextlib.suppress(ConflictError, InputError, UndeterminedError, Unclaimable):
                getattr(world, act)()
            total = account(node)
            assert total.fates.total() == sum(node.services.store.entries.counts().values()), (seed, step, act)
            seen |= {code for code, count in total.fates.items() if count}
    assert len(seen) >= 6
    assert seen <= set(FATES)
