"""The typed client against a live node: handing out, the office, webhooks, and whether all is well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from node.client import NodeClient, NodeRefused, verify_webhook
from node.errands import Errands
from node.webhooks import Webhooks
from rootseal.files import CredentialFile
from rootseal.reason import Reason
from tests.support.live_node import LiveNode, live_node
from tests.support.mail_server import mail_server
from tests.support.webhook_receiver import receiver
from tests.unit.node.nodes import roster
from tests.unit.node.test_delivery_bounces import notice


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveNode]:
    with live_node(tmp_path / "node") as running:
        yield running


@pytest.fixture
def client(live: LiveNode) -> Iterator[NodeClient]:
    with NodeClient(live.url, live.token) as made:
        yield made


def test_mail_goes_out_and_what_came_of_it_is_told(live: LiveNode, client: NodeClient) -> None:
    services = live.services
    with pytest.raises(NodeRefused, match="smtp_url"):
        client.mail()
    with mail_server() as server:
        services.config = replace(
            services.config, smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="registrar@uni.example"
        )
        ids = [item.id for item in client.credentials(state="anchored")]
        assert client.mail(dry_run=True).sample is not None
        report = client.mail(ids[:3])
        assert (report.queued, report.waiting, report.already) == (3, 3, [])
        Errands(services).round()
        assert len(server.taken) == 3
    assert client.delivery(ids[0]).mails[0].state == "handed_over"
    came_back = notice(services.store.mails.of(ids[1])[0]).as_bytes()
    assert client.bounces(came_back).bounced == [ids[1]]
    box = b"From MAILER-DAEMON Sat Oct  3 04:00:00 2026\n" + came_back
    assert client.bounces(box).known == [ids[1]]
    assert client.handed_over(ids[3:]).counted == ids[3:]
    groups = {one.id: one.group for one in client.credential_deliveries()}
    assert [groups[entry] for entry in ids] == ["delivered", "failed", "delivered", "delivered", "delivered"]
    assert [one.id for one in client.credential_deliveries("failed")] == [ids[1]]
    ledger = client.deliveries()
    assert ledger.adds_up
    assert (ledger.total.delivered, ledger.total.failed, ledger.total.waiting) == (4, 1, 1)
    assert [one.list for one in client.lists_delivered()] == [1, 2]


def test_a_claim_link_whose_answer_was_lost_is_the_same_link(live: LiveNode, tmp_path: Path) -> None:
    class Lossy(httpx.HTTPTransport):
        lost: list[bytes]

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = super().handle_request(request)
            if request.method == "POST" and not self.lost:
                self.lost.append(response.read())
                raise httpx.ReadError("lost on its way")
            return response

    transport = Lossy()
    transport.lost = []
    with live_node(tmp_path / "public", public_url="https://registrar.example") as public:
        with NodeClient(public.url, public.token, transport=transport, sleep=lambda _: None) as client:
            entry = next(client.credentials(state="anchored")).id
            found = client.claim_link(entry, days=3)
        assert found.link is not None
        assert found.link.encode() in transport.lost[0]
        secret = found.link.partition("#")[2]
        opened = httpx.post(f"{public.url}/v1/claims", json={"secret": secret, "resume": "A" * 22})
        assert CredentialFile.from_bytes(opened.content).credential["id"] == entry


def test_the_office(live: LiveNode, client: NodeClient) -> None:
    one, two, three, *_ = [item.id for item in client.credentials(state="anchored")]
    holder = "0x" + "5b" * 20
    name, how = "M. Novak", "passport at the desk"
    assert client.reissue(one, holder, checked_by=name, how=how, dry_run=True).new is None
    new = client.reissue(one, holder, checked_by=name, how=how).new
    assert new is not None
    shown = client.document(new)
    assert (shown.holder, shown.document is not None) == (holder, True)
    client.change_status("revoke", [two], note="Examination board, 3 October")
    assert Reason.from_bytes(client.reason(two)).reason == "Examination board, 3 October"
    with pytest.raises(NodeRefused, match="confirm"):
        client.erase(three, confirm=two)
    assert client.erase(three, confirm=three, dry_run=True).erased_at is None
    assert client.erase(three, confirm=three).erased_at is not None
    assert client.document(three).document is None
    assert client.diagnosis(client.credential_file(two))["failed"] is None
    assert [copy.id for copy in client.copies(two).copies] == [two]


def test_the_node_and_what_it_awards(client: NodeClient) -> None:
    status = client.status()
    assert (status.awaiting_approval, status.next_anchor.due) == (0, False)
    assert client.put_department("ledgers", "Economics").department == "economics"
    assert [item.department for item in client.templates().items] == [None, "economics"]
    assert client.put_department("ledgers", None).department is None
    assert client.sample_list("ledgers").startswith(b"\xef\xbb\xbflearner_id")
    assert client.sample_list("ledgers", "xlsx").startswith(b"PK")
    assert client.forecast(per_year=100, batches=4, gas_price="2").anchors == 4
    assert client.fsck().clean
    assert {check.check for check in client.doctor().checks} >= {"settings", "database", "promises"}
    assert [key.own for key in client.keys().items] == [True]
    client.issue_list(roster(3, first=100))
    (waiting,) = client.submissions().items[-1:]
    assert [row.learner_id for row in client.submission_rows(waiting.id)] == [f"{n:08}" for n in range(100, 103)]


def test_webhooks_from_adding_to_removing(live: LiveNode, client: NodeClient) -> None:
    made = client.add_webhook("https://sis.example/hook", ["final"])
    assert made.secret is not None
    assert [hook.id for hook in client.webhooks().items] == [made.id]
    assert client.remove_webhook(made.id).removed_at is not None
    service = Webhooks(live.services.store, live.services.home, test=True, clock=lambda: live.services.now)
    with receiver() as there:
        hook, secret = service.add(there.url, [], allow_private=True)
        assert client.try_webhook(hook.id).ok
        assert client.seal().checkpoint is not None
        service.round()
        events = [verify_webhook(body, headers, secret, live.services.now) for headers, body in there.got]
    assert [event["type"] for event in events] == ["test", "sealed"]
    (told,) = client.webhook_deliveries(hook.id)
    assert (told.type, told.state) == ("sealed", "delivered")
