"""Mail over a real SMTP server: nothing doubled, nothing lost, and what is not known is said."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from node.config import NodeConfig
from node.delivery.ledger import delivery_ledger
from node.delivery.mailing import Mailer, MailOutcome, MailRequest
from node.delivery.posting import MailServerDown, Session, session
from node.delivery.settings import SmtpServer
from node.services import Services
from rootseal.errors import ConfigError, ConflictError, UndeterminedError
from rootseal.files import CredentialFile
from tests.support.mail_server import MailServer, mail_server
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import HEADER, roster


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def settings(services: Services, server: MailServer, **more: object) -> NodeConfig:
    base: dict[str, object] = {"smtp_url": f"smtp://127.0.0.1:{server.port}", "mail_from": "registrar@uni.example"}
    return replace(services.config, **(base | more))  # type: ignore[arg-type]


def mailer(node: Node, config: NodeConfig) -> Mailer:
    services = node.services
    return Mailer(node.directory, config, services.store, services.exporter, lambda: services.now)


def deliver(node: Node, server: MailServer, request: MailRequest | None = None, **more: object) -> MailOutcome:
    return mailer(node, settings(node.services, server, **more)).deliver(request or MailRequest())


def final(node: Node, count: int, **more: int) -> list[str]:
    issued = node.services.issue(roster(count, **more), "r.csv").issued
    node.services.seal()
    assert node.services.anchor().reached
    return [row.id for row in issued]


def states(node: Node) -> list[str]:
    ids = [entry.id for entry in node.services.store.entries.numbered(0, 1000)]
    return [mail.state for entry in ids for mail in node.services.store.mails.of(entry)]


def test_each_learner_gets_the_own_file_once_and_only_when_it_is_final(node: Node, server: MailServer) -> None:
    node.services.issue(roster(3), "r.csv")
    node.services.seal()
    assert deliver(node, server) == MailOutcome()
    assert node.services.anchor().reached
    outcome = deliver(node, server)
    assert (outcome.handed_over, outcome.exit_code) == (3, 0)
    assert deliver(node, server).handed_over == 0
    assert sorted(mail.recipients[0] for mail in server.taken) == [f"l{n}@example.edu" for n in range(3)]
    for mail in server.taken:
        message = mail.message
        assert message["To"] == mail.recipients[0]
        assert message["Subject"].startswith("TEST: Your micro-credential: Ledgers")
        attached = next(iter(message.iter_attachments()))
        file = CredentialFile.from_bytes(attached.get_content())
        assert file.proofs.anchors
        entry = node.services.entry(str(file.credential["id"]))
        assert entry.email == mail.recipients[0]
        assert attached.get_filename() == f"{entry.uuid}.credential.json"
        assert "Ana" in message.get_body().get_content()  # type: ignore[union-attr]
    assert len({mail.message["Message-ID"] for mail in server.taken}) == 3


def test_before_final_only_when_asked(node: Node, server: MailServer) -> None:
    node.services.issue(roster(1), "r.csv")
    assert deliver(node, server, MailRequest(before_final=True)).handed_over == 0  # accepted: there is no file
    node.services.seal()
    entry = node.services.store.entries.numbered(0, 1)[0].id
    with pytest.raises(ConflictError, match="--before-final"):
        deliver(node, server, MailRequest(only=entry))
    assert deliver(node, server, MailRequest(before_final=True)).handed_over == 1


def test_a_mail_queued_early_still_waits_for_finality(node: Node, server: MailServer) -> None:
    node.services.issue(roster(1), "r.csv")
    node.services.seal()
    server.replies["l0@example.edu"] = "451 4.7.1 greylisted"
    assert deliver(node, server, MailRequest(before_final=True)).later == 1
    server.replies.clear()
    node.clock.now += 3600
    assert deliver(node, server).handed_over == 0
    assert node.services.anchor().reached
    assert deliver(node, server).handed_over == 1


def test_a_refusal_is_recorded_without_the_address_and_does_not_stop_the_others(node: Node, server: MailServer) -> None:
    ids = final(node, 3)
    server.replies["l1@example.edu"] = "550 5.1.1 <l1@example.edu>: no such user"
    server.data_replies["l2@example.edu"] = "554 5.7.1 looks like spam"
    outcome = deliver(node, server)
    assert (outcome.handed_over, outcome.refused, outcome.exit_code) == (1, 2, 1)
    answers = [node.services.store.mails.of(entry)[0].answer for entry in ids]
    assert answers[1:] == ["550 5.1.1 [address]: no such user", "554 5.7.1 looks like spam"]
    assert deliver(node, server).handed_over == 0
    server.replies.clear()
    assert deliver(node, server, MailRequest(only=ids[1])).handed_over == 0
    assert deliver(node, server, MailRequest(only=ids[1], again=True)).handed_over == 1


def test_what_is_put_off_is_tried_later_and_given_up_after_five_days(node: Node, server: MailServer) -> None:
    final(node, 2)
    server.replies["l0@example.edu"] = "451 4.7.1 come back later"
    outcome = deliver(node, server)
    assert (outcome.handed_over, outcome.later, outcome.waiting, outcome.exit_code) == (1, 1, 1, 3)
    assert deliver(node, server).later == 0  # not due yet
    node.clock.now += 301
    assert deliver(node, server).later == 1
    node.clock.now += 6 * 86_400
    assert deliver(node, server).failed == 1
    assert sorted(states(node)) == ["failed", "handed_over"]


def test_the_server_goes_down_half_way_and_the_rest_waits(node: Node, server: MailServer) -> None:
    final(node, 5)
    server.close_at = 3
    outcome = deliver(node, server)
    assert (outcome.handed_over, outcome.waiting, outcome.uncertain, outcome.exit_code) == (2, 3, 0, 3)
    assert outcome.problem is not None and "takes no mail just now: 421" in outcome.problem
    assert deliver(node, server).handed_over == 3
    assert len({mail.recipients[0] for mail in server.taken}) == len(server.taken) == 5


def test_no_server_at_all_changes_nothing(node: Node) -> None:
    final(node, 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        outcome = deliver(node, MailServer(port=taken.getsockname()[1]))
    assert (outcome.waiting, outcome.exit_code) == (1, 3)
    assert states(node) == ["waiting"]


def test_a_connection_cut_after_the_mail_is_uncertain_and_never_sent_again_by_itself(
    node: Node, server: MailServer
) -> None:
    final(node, 3)
    server.drop_at = 2
    outcome = deliver(node, server)
    assert (outcome.handed_over, outcome.uncertain, outcome.waiting, outcome.exit_code) == (1, 1, 1, 3)
    outcome = deliver(node, server)
    assert (outcome.handed_over, outcome.uncertain, outcome.exit_code) == (1, 1, 3)
    assert len(server.taken) == 3
    assert delivery_ledger(node.services.store, node.services.now).total.fates["uncertain"] == 1
    lost = server.taken[1]
    assert deliver(node, server, MailRequest(resend_uncertain=True)).handed_over == 1
    assert server.taken[3].message["Message-ID"] == lost.message["Message-ID"]
    assert server.taken[3].recipients == lost.recipients


def test_a_crash_between_the_servers_answer_and_the_commit_is_uncertain(
    node: Node, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    final(node, 2)

    class Died(BaseException):
        pass

    post = Session.post

    def dies(self: Session, mail: object) -> object:
        post(self, mail)  # type: ignore[arg-type]
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(Session, "post", dies)
        with pytest.raises(Died):
            deliver(node, server)
    node.reopened()
    outcome = deliver(node, server)
    assert (outcome.handed_over, outcome.uncertain) == (1, 1)
    assert len(server.taken) == 2


def test_two_processes_never_mail_at_once(node: Node, server: MailServer) -> None:
    final(node, 1)
    first = mailer(node, settings(node.services, server))
    with first.alone(), pytest.raises(UndeterminedError, match="another process sends mail"):
        deliver(node, server)


def test_revoked_or_erased_meanwhile_is_not_mailed(node: Node, server: MailServer) -> None:
    ids = final(node, 3)
    server.close_at = 1
    assert deliver(node, server).waiting == 3
    node.services.revoke([ids[0]])
    with node.services.store.writing():
        node.services.store.erasures.erase(node.services.entry(ids[1]), node.services.now)
    outcome = deliver(node, server)
    assert (outcome.handed_over, outcome.failed) == (1, 2)
    assert [mail.recipients for mail in server.taken] == [["l2@example.edu"]]


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


def test_a_server_that_does_not_take_our_sender_is_nobodys_refusal(node: Node, server: MailServer) -> None:
    final(node, 2)
    server.sender_reply = "550 5.7.1 <registrar@uni.example> may not send here"
    outcome = deliver(node, server)
    assert (outcome.refused, outcome.waiting, outcome.exit_code) == (0, 2, 3)
    assert outcome.problem is not None and "registrar@" not in outcome.problem


# Encryption and login


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context for 127.0.0.1, and the certificate that makes it trusted."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context, pem


def far(port: int, **more: object) -> SmtpServer:
    """As for a server elsewhere: not plain."""
    base = SmtpServer("127.0.0.1", port, False, False, None, None, "uni.example")
    return replace(base, **more)  # type: ignore[arg-type]


def test_without_starttls_nothing_is_said_to_a_server_elsewhere(server: MailServer, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("pass\n")
    wanted = far(server.port, user="node", password_file=tmp_path / "secret")
    with pytest.raises(MailServerDown, match="no STARTTLS"), session(wanted):
        pass
    assert server.logins == []


def test_starttls_and_login_against_a_trusted_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, pem = certificate(tmp_path)
    (tmp_path / "secret").write_text("pass\n")
    with mail_server(tls=context, password="pass") as server:
        wanted = far(server.port, user="node", password_file=tmp_path / "secret")
        with pytest.raises(MailServerDown, match="its certificate is not valid"), session(wanted):
            pass
        assert server.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        with session(wanted):
            assert server.logins == ["node"]
        (tmp_path / "secret").write_text("wrong\n")
        with pytest.raises(MailServerDown, match="535"), session(wanted):
            pass


def test_no_personal_data_in_the_rows(node: Node, server: MailServer) -> None:
    final(node, 1)
    server.data_replies["l0@example.edu"] = "550 5.1.1 l0@example.edu unknown"
    deliver(node, server)
    rows = node.services.store._database.rows("SELECT * FROM mails")
    assert "example.edu" not in json.dumps(rows)
    assert "Ana" not in json.dumps(rows)
