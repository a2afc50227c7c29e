"""The HTTP interface from outside: the typed client against a live node, its OpenAPI document, and kill -9."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from jsonschema import Draft202012Validator

from node.access import Access, Role
from node.app import create_app
from node.client import NodeClient, NodeRefused, NodeUnreachable, WrongSignature, verify_webhook
from node.client.models import AwardRow
from node.services import Services
from node.store import EntryState
from tests.support.live_node import LiveNode, live_node
from tests.unit.node.nodes import HEADER, TEMPLATES, Clock, make_node, open_node, roster

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "docs" / "spec" / "openapi.json"


def award(number: int, **more: Any) -> AwardRow:
    return AwardRow(
        learner_id=f"{number:08}",
        given_name="Ana",
        family_name="Kovač",
        email=f"l{number}@example.edu",
        micro_credential="ledgers",
        awarded_on="2026-10-01",
        **more,
    )


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNode]:
    with live_node(tmp_path_factory.mktemp("live") / "node") as running:
        yield running


@pytest.fixture
def client(live: LiveNode) -> Iterator[NodeClient]:
    with NodeClient(live.url, live.token) as made:
        yield made


# --- the document ------------------------------------------------------------------------------------


def test_the_committed_document_is_the_one_that_is_served(tmp_path: Path) -> None:
    chain = make_node(tmp_path / "node")
    with open_node(tmp_path / "node", chain) as services:
        served = create_app(services).test_client().get("/openapi.json").json
    text = json.dumps(served, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("ROOTSEAL_WRITE_OPENAPI") == "1":
        SPEC.write_text(text, encoding="utf-8")
    assert SPEC.read_text(encoding="utf-8") == text, (
        "run this test with ROOTSEAL_WRITE_OPENAPI=1 and look at the difference"
    )


def test_the_document_is_valid_and_says_who_may() -> None:
    document = json.loads(SPEC.read_bytes())
    schemathesis.openapi.from_dict(document).validate()
    assert document["openapi"] == "3.1.0"
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    references = set(re.findall(r'"#/components/schemas/(\w+)"', SPEC.read_text()))
    assert references <= set(document["components"]["schemas"])
    guarded = [
        operation for path in document["paths"].values() for operation in path.values() if "security" in operation
    ]
    assert len(guarded) > 20
    for operation in guarded:
        assert operation["security"] == [{"token": []}]
        assert {"401", "403"} <= set(operation["responses"])
    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(ids)) == len(ids)


# --- the client ----------------------------------------------------------------------------------------


def test_the_client_issues_follows_and_withdraws(client: NodeClient) -> None:
    accepted = client.issue(award(1000))
    assert not accepted.already
    assert client.issue(award(1000)).already
    assert client.credential(accepted.id).state == "accepted"
    assert client.withdraw(accepted.id).state == "withdrawn"
    final = list(client.credentials(state="anchored", page=2))
    assert [found.learner_id for found in final] == sorted(f"{n:08}" for n in range(5))
    assert json.loads(client.credential_file(final[0].id))["format"] == "rootseal/credential/1"


def test_the_client_sends_lists_and_reads_reports(client: NodeClient) -> None:
    data = roster(3, first=2000)
    assert client.issue_list(data, dry_run=True).sample is not None
    report = client.issue_list(data)
    assert (report.counts.issued, report.counts.refused) == (3, 0)
    ids = [row.id for row in report.rows if row.id is not None]
    assert client.seal().checkpoint is not None
    assert not client.anchor().anchored
    with pytest.raises(NodeRefused) as refused:
        client.change_status("revoke", ids)
    assert refused.value.status == 409
    assert client.change_status_by_list("revoke", b"id\n" + ids[0].encode(), dry_run=True).counts["refused"] == 1


def test_the_client_sees_the_node(client: NodeClient, live: LiveNode) -> None:
    assert client.status().healthy
    assert [item.key for item in client.templates().items] == sorted(TEMPLATES)
    template = client.template("endnote").template
    assert client.put_template("endnote", template).version == 1
    assert client.submissions().items is not None
    assert any(row.person == "Petra" for row in client.tokens().items)
    other = Access(live.services.store, lambda: live.services.now).add("Ivo", [Role.READ])
    assert client.revoke_token(other.id).revoked_at is not None
    acts = list(client.acts(page=3))
    assert [act.position for act in acts] == sorted(act.position for act in acts)
    assert {"token-revoke"} <= {act.act for act in acts}


def test_a_refusal_names_the_field(client: NodeClient) -> None:
    with pytest.raises(NodeRefused, match="e-mail") as refused:
        client.issue(award(3000).model_copy(update={"email": "nobody"}))
    assert refused.value.status == 422
    assert refused.value.problem.errors is not None
    assert refused.value.problem.errors[0].where == "email"


def test_a_lost_answer_is_asked_for_again_with_the_same_key(live: LiveNode) -> None:
    """The node does it, the answer is lost on its way, and the repetition gets it."""

    class Lossy(httpx.HTTPTransport):
        keys: list[str]
        lost = 0

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            self.keys.append(request.headers["Idempotency-Key"])
            response = super().handle_request(request)
            response.read()
            if self.lost < 2:
                self.lost += 1
                raise httpx.ReadError("lost on its way")
            return response

    transport = Lossy()
    transport.keys = []
    pauses: list[float] = []
    before = live.services.store.entries.counts()[EntryState.ACCEPTED]
    with NodeClient(live.url, live.token, transport=transport, sleep=pauses.append) as client:
        accepted = client.issue(award(4000))
    assert not accepted.already  # as the first time, not as another request for the same row
    assert len(set(transport.keys)) == 1
    assert len(transport.keys) == 3
    assert len(pauses) == 2
    assert live.services.store.entries.counts()[EntryState.ACCEPTED] == before + 1


def test_nobody_there_is_said_with_the_key() -> None:
    client = NodeClient("http://127.0.0.1:9", "rst_x", attempts=2, sleep=lambda _: None)
    with client, pytest.raises(NodeUnreachable) as unreachable:
        client.issue(award(1), key="my-key")
    assert unreachable.value.idempotency_key == "my-key"


def test_many_at_once_share_commits_and_all_are_there(live: LiveNode) -> None:
    ids: list[str] = []
    failures: list[Exception] = []

    def send(first: int) -> None:
        try:
            with NodeClient(live.url, live.token) as client:
                ids.extend(client.issue(award(first + place)).id for place in range(10))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(10_000 * number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(set(ids)) == 80
    assert all(live.services.store.finding.one(found) is not None for found in ids)


# --- webhooks -------------------------------------------------------------------------------------------


def signed(body: bytes, key: bytes, at: int, message: str = "msg_1") -> dict[str, str]:
    mac = hmac.new(key, f"{message}.{at}.".encode() + body, sha256).digest()
    return {
        "Webhook-Id": message,
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": f"v1a,xx v1,{base64.b64encode(mac).decode()}",
    }


def test_a_webhook_is_believed_only_with_its_signature() -> None:
    key, body, at = b"k" * 24, b'{"format":"rootseal/event/1"}', 1_800_000_000
    secret = "whsec_" + base64.b64encode(key).decode()
    good = signed(body, key, at)
    assert verify_webhook(body, good, secret, at + 10)["format"] == "rootseal/event/1"
    for wrong_body, headers, now in (
        (body + b" ", good, at),
        (body, signed(body, b"x" * 24, at), at),
        (body, {**good, "Webhook-Id": "msg_2"}, at),
        (body, {**good, "Webhook-Timestamp": str(at + 1)}, at),
        (body, {**good, "Webhook-Signature": ""}, at),
        (body, {name: value for name, value in good.items() if name != "Webhook-Id"}, at),
        (body, good, at + 301),
        (body, good, at - 301),
    ):
        with pytest.raises(WrongSignature):
            verify_webhook(wrong_body, headers, secret, now)
    with pytest.raises(WrongSignature):
        verify_webhook(body, good, "whsec_not base64", at)


def test_the_node_signs_what_the_client_verifies() -> None:
    from node.webhooks import signature

    key, body, at = b"k" * 24, b"{}", 1_800_000_000
    headers = {"webhook-id": "m", "webhook-timestamp": str(at), "webhook-signature": signature(key, "m", at, body)}
    assert verify_webhook(body, headers, "whsec_" + base64.b64encode(key).decode(), at) == {}


# --- the page for integrators -----------------------------------------------------------------------------


def test_the_examples_of_the_page_work(live: LiveNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(examples) == 6
    monkeypatch.chdir(tmp_path)
    Path("june.csv").write_bytes(roster(2, first=7000))
    key, body, now = b"k" * 24, b'{"format":"rootseal/event/1"}', int(time.time())
    bound = f"{HEADER}7100,Ana,Kovač,l@example.edu,ledgers,2026-10-01,,0x{'5b' * 20}\n".encode()
    (issued,) = live.services.issue(bound, "bound.csv").issued
    live.services.seal()
    names: dict[str, Any] = {
        "credential_id": issued.id,
        "new_address": "0x" + "5c" * 20,
        "another_address": "0x" + "5d" * 20,
        "url": live.url,
        "token": live.token,
        "body": body,
        "headers": signed(body, key, now),
        "secret": "whsec_" + base64.b64encode(key).decode(),
    }
    for number, example in enumerate(examples):
        exec(compile(example, f"docs/integrating.md example {number + 1}", "exec"), names)


# --- kill -9 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["begin", "commit", "committed"])
def test_a_request_survives_the_end_of_the_process(tmp_path: Path, point: str) -> None:
    """The process dies at each point of the write; the repetition answers the same and doubles nothing."""
    directory = tmp_path / "node"
    chain = make_node(directory)
    with open_node(directory, chain, Clock()) as services:
        token = Access(services.store, lambda: services.now).add("Petra", tuple(Role)).text
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "the-one"}
        create_app(services).test_client().get("/v1/node", headers=headers)  # the day of use is written down
    child = os.fork()
    if child == 0:
        try:
            _send_and_die(directory, headers, point)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with open_node(directory, chain, Clock()) as services:
        there = services.store.entries.counts()[EntryState.ACCEPTED]
        assert there == (1 if point == "committed" else 0)
        client = create_app(services).test_client()
        answers = [client.post("/v1/credentials", json=award(1).model_dump(), headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].data == answers[1].data
        assert ("Idempotent-Replayed" in answers[0].headers) == (point == "committed")
        assert services.store.entries.counts()[EntryState.ACCEPTED] == 1


def _send_and_die(directory: Path, headers: dict[str, str], point: str) -> None:
    def fault(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    services = Services.open(directory, clock=Clock())
    client = create_app(services).test_client()
    services.store._database._fault = fault
    client.post("/v1/credentials", json=award(1).model_dump(), headers=headers)
