"""Mail over a real SMTP server: nothing doubled, nothing lost, and what is not known is said."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from node.delivery.ledger import delivery_ledger
from node.delivery.mailing import MailOutcome, MailRequest
from node.delivery.posting import Session
from rootseal.errors import ConflictError, UndeterminedError
from rootseal.files import CredentialFile
from tests.support.mail_server import MailServer, mail_server
from tests.unit.node.conftest import Node
from tests.unit.node.mails import deliver, final, mailer, settings, states
from tests.unit.node.nodes import roster


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


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


def test_a_server_that_does_not_take_our_sender_is_nobodys_refusal(node: Node, server: MailServer) -> None:
    final(node, 2)
    server.sender_reply = "550 5.7.1 <registrar@uni.example> may not send here"
    outcome = deliver(node, server)
    assert (outcome.refused, outcome.waiting, outcome.exit_code) == (0, 2, 3)
    assert outcome.problem is not None and "registrar@" not in outcome.problem


def test_no_personal_data_in_the_rows(node: Node, server: MailServer) -> None:
    final(node, 1)
    server.data_replies["l0@example.edu"] = "550 5.1.1 l0@example.edu unknown"
    deliver(node, server)
    rows = node.services.store._database.rows("SELECT * FROM mails")
    assert "example.edu" not in json.dumps(rows)
    assert "Ana" not in json.dumps(rows)
