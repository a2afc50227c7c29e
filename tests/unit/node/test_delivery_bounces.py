"""Mail that comes back is matched by what only we and the mail system know, and recorded without addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

from node.delivery.bounces import read_bounces, record_bounces
from node.delivery.ledger import delivery_ledger
from node.delivery.mailing import Mailer, MailRequest
from node.store.delivery import Mail
from rootseal.errors import InputError
from tests.support.mail_server import MailServer, mail_server
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster

NOTICE = """From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your mail to <l0@example.edu> could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Sat, 3 Oct 2026 04:00:00 +0000

Final-Recipient: rfc822; l0@example.edu
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <l0@example.edu>: user unknown

--b
Content-Type: {kind}

From: registrar@uni.example
To: l0@example.edu
Message-ID: {message_id}
Subject: x

--b--
"""


def notice(mail: Mail, *, action: str = "failed", by: str = "message_id", kind: str = "text/rfc822-headers") -> Message:
    """What a mail system answers, naming the mail by its Message-ID or by the envelope's token."""
    to = f"bounces+{mail.token}@uni.example" if by == "token" else "registrar@uni.example"
    message_id = mail.message_id if by == "message_id" else "<other@example.org>"
    return message_from_string(NOTICE.format(to=to, action=action, message_id=message_id, kind=kind))


@pytest.fixture
def mailed(node: Node) -> Iterator[list[Mail]]:
    with mail_server() as server:
        yield mails(node, server)


def mails(node: Node, server: MailServer) -> list[Mail]:
    ids = [row.id for row in node.services.issue(roster(2), "r.csv").issued]
    node.services.seal()
    assert node.services.anchor().reached
    services = node.services
    config = replace(services.config, smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="registrar@uni.example")
    outcome = Mailer(node.directory, config, services.store, services.exporter, lambda: services.now).deliver(
        MailRequest()
    )
    assert outcome.handed_over == 2
    return [services.store.mails.of(entry)[0] for entry in ids]


@pytest.mark.parametrize("by", ["message_id", "token"])
@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_a_returned_mail_is_a_failure_once(node: Node, mailed: list[Mail], by: str, kind: str) -> None:
    store, message = node.services.store, notice(mailed[0], by=by, kind=kind)
    outcome = record_bounces(store, [message], node.services.now)
    assert (outcome.bounced, outcome.known, outcome.foreign) == ((mailed[0].entry,), (), 0)
    assert store.mails.of(mailed[0].entry)[0].bounce == "5.1.1 550 5.1.1 [address]: user unknown"
    total = delivery_ledger(store, node.services.now).total
    assert (total.fates["bounced"], total.fates["mailed"]) == (1, 1)
    assert record_bounces(store, [message], node.services.now).known == (mailed[0].entry,)


def test_delays_and_strangers_change_nothing(node: Node, mailed: list[Mail]) -> None:
    store = node.services.store
    stranger = notice(replace(mailed[0], message_id="<" + "0" * 24 + "@uni.example>", token="0" * 24))
    plain = message_from_string(f"To: a@b.example\nSubject: hello\n\n{mailed[0].message_id}\n")
    forged = message_from_string(f"To: bounces+{mailed[0].token}@uni.example\n\nout of office\n")
    outcome = record_bounces(store, [notice(mailed[0], action="delayed"), stranger, plain, forged], node.services.now)
    assert (outcome.bounced, outcome.delayed, outcome.foreign) == ((), 1, 3)
    assert delivery_ledger(store, node.services.now).total.of("delivered") == 2


def test_one_mail_or_a_whole_mailbox(node: Node, mailed: list[Mail], tmp_path: Path) -> None:
    one, box = tmp_path / "one.eml", tmp_path / "box.mbox"
    one.write_bytes(notice(mailed[0]).as_bytes())
    box.write_bytes(b"".join(b"From MAILER-DAEMON\n" + notice(mail).as_bytes() + b"\n" for mail in mailed))
    assert record_bounces(node.services.store, read_bounces(one), node.services.now).bounced == (mailed[0].entry,)
    outcome = record_bounces(node.services.store, read_bounces(box), node.services.now)
    assert (outcome.bounced, outcome.known) == ((mailed[1].entry,), (mailed[0].entry,))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_bounces(tmp_path / "nothing"))


def test_anything_at_all_can_be_read(node: Node, mailed: list[Mail], tmp_path: Path) -> None:
    whole = notice(mailed[0]).as_bytes()
    for cut in range(0, len(whole), 37):
        (tmp_path / "x").write_bytes(whole[:cut] + b"\xff\x00" + whole[cut + 5 :])
        record_bounces(node.services.store, read_bounces(tmp_path / "x"), node.services.now)
    (tmp_path / "x").write_bytes(bytes(range(256)) * 40)
    assert record_bounces(node.services.store, read_bounces(tmp_path / "x"), node.services.now).foreign == 1
