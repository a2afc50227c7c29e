"""What stands in a mail: headers that no name can write to, texts in three languages, and an institution's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from node.delivery.mailing import MailRequest
from rootseal.errors import ConfigError
from tests.support.mail_server import MailServer, mail_server
from tests.unit.node.conftest import Node
from tests.unit.node.mails import deliver, final, mailer, settings, states
from tests.unit.node.nodes import HEADER


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def test_hostile_names_reach_no_header(node: Node, server: MailServer) -> None:
    template = replace(node.services.templates()["ledgers"], title="Bcc: all@uni.example, =?utf-8?q?x?=")
    node.services.add_templates({"ledgers": template})
    lines = [
        '1,"=?utf-8?q?Ana=0D=0ABcc:_x?=","Kovač, Bcc: y@example.edu",l1@example.edu,ledgers,2026-10-01,,',
        '2,"$link ${name}",Ω,ana+x@bücher.example,ledgers,2026-10-01,,',
        "3,Ana,Kovač,aña@example.edu,ledgers,2026-10-01,,",
    ]
    outcome = node.services.issue((HEADER + "\n".join(lines) + "\n").encode(), "r.csv")
    assert not outcome.refused
    node.services.seal()
    assert node.services.anchor().reached
    assert deliver(node, server).handed_over == 3
    by_address = {mail.recipients[0]: mail for mail in server.taken}
    assert set(by_address) == {"l1@example.edu", "ana+x@xn--bcher-kva.example", "aña@example.edu"}
    for mail in server.taken:
        message = mail.message
        assert message["Bcc"] is None
        assert message["To"] == mail.recipients[0]
        assert sorted(message.keys()) == sorted(set(message.keys()))
        assert mail.sender == "registrar@uni.example"
    text = by_address["ana+x@xn--bcher-kva.example"].message.get_body()
    assert text is not None and "$link ${name} Ω" in text.get_content()


def test_an_unusable_address_is_refused_before_any_server_sees_it(node: Node, server: MailServer) -> None:
    ids = final(node, 1)
    node.services.store._database.change("UPDATE entries SET email = ?", ("a@b.example\r\nRCPT TO:<c@d.example>",))
    assert deliver(node, server).refused == 1
    assert node.services.store.mails.of(ids[0])[0].answer == "is no address that mail can be sent to"
    assert server.taken == []


def test_the_envelope_carries_a_token_where_there_is_a_mailbox_for_it(node: Node, server: MailServer) -> None:
    entry = final(node, 1)[0]
    deliver(node, server, mail_bounce_address="bounces@uni.example", mail_reply_to="help@uni.example")
    mail = node.services.store.mails.of(entry)[0]
    assert server.taken[0].sender == f"bounces+{mail.token}@uni.example"
    assert server.taken[0].message["Reply-To"] == "help@uni.example"
    assert mail.message_id == server.taken[0].message["Message-ID"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Subject: x\n\n$nmae", r"\$nmae is no placeholder"),
        ("Subject: x\n\ncosts 5 $", "write \\$\\$"),
        ("Subject: x\n\nfetch $link", "mail_carries is file"),
        ("Hello\n\nthere", "must begin with one line"),
        ("Subject: x\n\n \n", "no text"),
    ],
)
def test_a_wrong_template_is_refused_before_the_first_mail(
    node: Node, server: MailServer, text: str, problem: str
) -> None:
    final(node, 1)
    (node.directory / "mail.txt").write_text(text)
    with pytest.raises(ConfigError, match=problem):
        deliver(node, server, mail_template="mail.txt")
    assert states(node) == []


def test_an_own_template_is_used(node: Node, server: MailServer) -> None:
    final(node, 1)
    (node.directory / "mail.txt").write_text("Subject: Für $learner\r\n\r\n.\r\n$name costs $$5 at $institution\r\n")
    rehearsed = mailer(node, settings(node.services, server, mail_template="mail.txt")).rehearse(MailRequest())
    assert rehearsed.sample is not None
    subject, body_text = rehearsed.sample
    assert subject == "TEST: Für Ana 0 Kovač"
    assert body_text.startswith("*** TEST: this is a rehearsal")
    assert body_text.endswith("***\n\n.\nLedgers for registrars costs $5 at Example University\n")
    assert (server.taken, states(node)) == ([], [])
    deliver(node, server, mail_template="mail.txt")
    assert server.taken[0].message["Subject"] == rehearsed.sample[0]
    body = server.taken[0].message.get_body()
    assert body is not None and body.get_content().replace("\r\n", "\n") == rehearsed.sample[1]


@pytest.mark.parametrize("language", ["en", "de", "sl"])
@pytest.mark.parametrize("carries", ["file", "link"])
def test_every_built_in_text_is_complete(node: Node, server: MailServer, language: str, carries: str) -> None:
    final(node, 1)
    config = settings(
        node.services, server, mail_language=language, mail_carries=carries, public_url="https://uni.example"
    )
    sample = mailer(node, config).rehearse(MailRequest()).sample
    assert sample is not None
    assert "Ledgers for registrars" in sample[0]
    assert "Ana 0 Kovač" in sample[1]
    assert ("https://uni.example/claim#" in sample[1]) == (carries == "link")
    assert "$" not in sample[1]


@pytest.mark.parametrize(("then", "now"), [("file", "link"), ("link", "file")])
def test_a_mail_goes_out_by_the_settings_of_the_day_it_goes(
    node: Node, server: MailServer, then: str, now: str
) -> None:
    entry = final(node, 1)[0]
    server.sender_reply = "451 4.3.0 not now"
    deliver(node, server, mail_carries=then, public_url="https://uni.example")
    server.sender_reply = None
    outcome = deliver(node, server, mail_carries=now, public_url="https://uni.example")
    assert outcome.handed_over == 1
    [mail] = node.services.store.mails.of(entry)
    assert (mail.carries, b"https://uni.example/claim#" in server.taken[0].data) == (now, now == "link")


def test_missing_settings_are_named(node: Node, server: MailServer) -> None:
    for missing in ("smtp_url", "mail_from"):
        with pytest.raises(ConfigError, match=missing):
            mailer(node, settings(node.services, server, **{missing: None})).deliver(MailRequest())
    with pytest.raises(ConfigError, match="public_url"):
        deliver(node, server, mail_carries="link")
