"""The writing routes over a node on the fake chain: who may, what is done, what is refused, and in what shape."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256, sha512
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from node.access import Access, Role
from node.app import create_app
from node.config import write_config
from node.store import EntryState
from node.store.group_commit import GroupCommit
from rootseal.errors import ConflictError
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import TEMPLATES, roster

ALL = tuple(Role)
AWARD = {
    "learner_id": "00784483",
    "given_name": "Ana",
    "family_name": "Kovač",
    "email": "ana@example.edu",
    "micro_credential": "ledgers",
    "awarded_on": "2026-10-01",
}


class Caller:
    """A person with a token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.token = client, token
        self.keys = iter(range(10**6))

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.client.open(f"/v1{path}", method=method, headers=headers, **options)

    def issue(self, key: str | None = None, **award: Any) -> TestResponse:
        return self("POST", "/credentials", json={**AWARD, **award}, headers=self.key(key))

    def upload(
        self, data: bytes, media_type: str = "text/csv", key: str | None = None, query: str = ""
    ) -> TestResponse:
        headers = {**self.key(key), "Content-Type": media_type}
        return self("POST", f"/credentials{query}", data=data, headers=headers)

    def key(self, key: str | None = None) -> dict[str, str]:
        return {"Idempotency-Key": key or f"key-{self.token[4:14]}-{next(self.keys)}"}


@pytest.fixture
def client(node: Node) -> FlaskClient:
    return create_app(node.services).test_client()


@pytest.fixture
def person(node: Node, client: FlaskClient) -> Callable[..., Caller]:
    access = Access(node.services.store, node.clock)

    def make(*roles: Role, departments: tuple[str, ...] = (), name: str = "Petra") -> Caller:
        return Caller(client, access.add(name, roles or ALL, departments).text)

    return make


@pytest.fixture
def petra(person: Callable[..., Caller]) -> Caller:
    return person()


def refused(answer: TestResponse, status: int) -> dict[str, Any]:
    """The problem, in the one shape."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    value: dict[str, Any] = json.loads(answer.data)
    assert value["status"] == status
    return value


def anchored(node: Node) -> None:
    node.services.seal()
    node.services.anchor()


# --- who may ---------------------------------------------------------------------------------------


def test_no_token_is_401_with_a_challenge(client: FlaskClient) -> None:
    answer = client.get("/v1/credentials")
    refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="rootseal"'


@pytest.mark.parametrize("token", ["", "x", "rst_0123456789_" + "A" * 43])
def test_a_wrong_token_is_401(client: FlaskClient, token: str) -> None:
    answer = Caller(client, token)("GET", "/node")
    refused(answer, 401)
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_a_missing_role_is_403_and_named(person: Callable[..., Caller]) -> None:
    assert "issue" in refused(person(Role.READ).issue(), 403)["detail"]
    assert "read" in refused(person(Role.ISSUE)("GET", "/credentials"), 403)["detail"]


def test_a_revoked_token_is_worth_nothing_at_once(petra: Caller) -> None:
    token_id = petra.token.split("_")[1]
    assert petra("DELETE", f"/tokens/{token_id}").status_code == 200
    refused(petra("GET", "/node"), 401)


def test_a_department_sees_and_issues_its_own_only(node: Node, person: Callable[..., Caller]) -> None:
    access = Access(node.services.store, node.clock)
    access.set_department("ledgers", "Economics")
    access.set_department("endnote", "Library")
    everybody, library = person(), person(departments=("library",))
    ledgers = everybody.issue().json
    assert ledgers is not None
    assert "department" in refused(library.issue(learner_id="2"), 422)["detail"]
    own = library.issue(learner_id="2", micro_credential="endnote").json
    assert own is not None
    refused(library("GET", f"/credentials/{ledgers['id']}"), 404)
    refused(library("DELETE", f"/credentials/{ledgers['id']}"), 404)
    listed = library("GET", "/credentials").json
    assert listed is not None
    assert [item["id"] for item in listed["items"]] == [own["id"]]
    templates = library("GET", "/templates").json
    assert templates is not None
    assert [item["key"] for item in templates["items"]] == ["endnote"]
    refused(library("GET", "/templates/ledgers"), 404)
    for path in ("/tokens", "/acts"):
        refused(library("GET", path), 403)
    anchored(node)
    refused(library("POST", f"/credentials/{ledgers['id']}/revoke"), 404)
    refused(library("POST", "/status-changes", json={"act": "revoke", "ids": [ledgers["id"]]}), 404)


# --- issuing -----------------------------------------------------------------------------------------


def test_an_award_is_accepted_durably_and_once(node: Node, petra: Caller) -> None:
    first = petra.issue("one")
    assert first.status_code == 201
    assert first.json is not None
    again = petra.issue("one")
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    same_row = petra.issue("two")
    assert (same_row.status_code, same_row.json) == (200, {**first.json, "already": True})
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 1


def test_the_audit_log_says_who_issued(node: Node, petra: Caller) -> None:
    petra.issue()
    act = next(act for act in node.services.store.acts.all() if act.act == "issue")
    assert json.loads(act.detail)["by"]["person"] == "Petra"


def test_an_award_that_cannot_be_is_422_and_names_the_column(node: Node, petra: Caller) -> None:
    value = refused(petra.issue(email="nobody"), 422)
    assert value["errors"] == [{"where": "email", "problem": "is no e-mail address"}]
    assert refused(petra.issue(micro_credential="unknown"), 422)["errors"][0]["where"] == "micro_credential"
    assert "nobody" not in json.dumps(value)
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"learner_id":1}', json.dumps({**AWARD, "colour": "red"}).encode(), b"\xff"]
)
def test_a_body_of_another_shape_is_400(petra: Caller, body: bytes) -> None:
    refused(petra.upload(body, "application/json"), 400)


def test_a_key_is_needed_and_belongs_to_one_request(petra: Caller) -> None:
    refused(petra("POST", "/credentials", json=AWARD), 400)
    assert petra.issue("k").status_code == 201
    assert refused(petra.issue("k", learner_id="2"), 422)["code"] == "request.key_reused"
    refused(petra.issue("white space"), 400)


def test_the_key_of_another_token_is_another_key(person: Callable[..., Caller]) -> None:
    assert person().issue("k").status_code == 201
    assert person().issue("k", learner_id="2").status_code == 201


def test_keys_are_forgotten_after_a_week_and_not_before(node: Node, petra: Caller) -> None:
    first = petra.issue("k")
    node.clock.now += 7 * 86_400 - 10
    assert petra.issue("k").headers["Idempotent-Replayed"] == "true"
    node.clock.now += 20
    petra.issue("other", learner_id="2")
    assert "Idempotent-Replayed" not in petra.issue("k").headers
    assert first.json is not None


def test_a_key_at_rest_gives_nothing_away(node: Node, petra: Caller) -> None:
    petra.issue("0d3c6a5e-secret")
    rows = node.services.store._database.rows("SELECT * FROM requests")
    text = repr(rows)
    assert len(rows) == 1
    assert "0d3c6a5e" not in text
    assert "Kova" not in text
    assert "ana@" not in text


def test_a_list_accounts_for_every_row(petra: Caller) -> None:
    data = roster(3) + b"9,,,bad,ledgers,2026-10-01,,\n"
    answer = petra.upload(data).json
    assert answer is not None
    assert answer["counts"] == {"issued": 3, "already": 0, "refused": 1, "blank": 0}
    assert [row["outcome"] for row in answer["rows"]] == ["issued", "issued", "issued", "refused"]
    again = petra.upload(data).json
    assert again is not None
    assert again["counts"]["already"] == 3
    assert [row["id"] for row in again["rows"][:3]] == [row["id"] for row in answer["rows"][:3]]


def test_a_dry_run_stores_nothing_and_shows_a_document(node: Node, petra: Caller) -> None:
    answer = petra.upload(roster(2), query="?dry_run=true").json
    assert answer is not None
    assert answer["dryRun"]
    assert answer["sample"]["type"]
    assert {row["id"] for row in answer["rows"]} == {None}
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0


def test_a_form_and_json_lines_are_lists_too(petra: Caller) -> None:
    form = petra("POST", "/credentials", data={"file": (io.BytesIO(roster(2)), "june.csv")}, headers=petra.key("f"))
    assert form.json is not None
    assert form.json["counts"]["issued"] == 2
    # Another boundary, the same file: the same request.
    again = petra("POST", "/credentials", data={"file": (io.BytesIO(roster(2)), "june.csv")}, headers=petra.key("f"))
    assert again.headers["Idempotent-Replayed"] == "true"
    lines = petra.upload(json.dumps({**AWARD, "learner_id": "77"}).encode() + b"\n", "application/jsonl")
    assert lines.json is not None
    assert lines.json["counts"]["issued"] == 1


@pytest.mark.parametrize(
    ("data", "media_type", "status"),
    [
        (b"<html>", "text/csv", 422),
        (b"", "text/csv", 422),
        (b"learner_id\n", "text/csv", 422),
        (b"\xff\xfe\xfa", "text/csv", 422),
        (b"x", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 422),
        (b"x", "application/pdf", 415),
        (b"x", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=x", 400),
        (
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
            400,
        ),
    ],
)
def test_what_is_no_list_is_refused_as_a_whole(petra: Caller, data: bytes, media_type: str, status: int) -> None:
    refused(petra.upload(data, media_type), status)


def test_a_list_that_is_too_large_is_413_with_a_sentence(petra: Caller) -> None:
    detail = refused(petra.upload(b"x" * (21 << 20)), 413)["detail"]
    assert "20 MiB" in detail
    assert "split" in detail


@pytest.mark.parametrize("name, hashed", [("sha-256", sha256), ("sha-512", sha512)])
def test_a_body_that_changed_on_its_way_is_refused(node: Node, petra: Caller, name: str, hashed: Any) -> None:
    data = roster(2)
    right = base64.b64encode(hashed(data).digest()).decode()
    wrong = base64.b64encode(hashed(data + b"\n").digest()).decode()
    headers = {"Content-Type": "text/csv"}
    for digest in (f"{name}=:{wrong}:", f"{name}={right}", f"{name}=:!:", f"{name}=:{right}:, sha-256=:AAAA:"):
        answer = petra("POST", "/credentials", data=data, headers={**headers, **petra.key(), "Content-Digest": digest})
        refused(answer, 400)
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0
    digest = f"unknown=:AAAA:, {name}=:{right}:"
    answer = petra("POST", "/credentials", data=data, headers={**headers, **petra.key(), "Content-Digest": digest})
    assert answer.status_code == 200


def test_a_body_that_was_cut_off_is_refused(node: Node, petra: Caller) -> None:
    data = roster(3)
    answer = petra(
        "POST",
        "/credentials",
        data=data[:-30],
        headers={**petra.key(), "Content-Type": "text/csv"},
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(data))},
    )
    refused(answer, 400)
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0


def test_a_correction_over_http(node: Node, petra: Caller) -> None:
    old = petra.issue().json
    assert old is not None
    anchored(node)
    answer = petra(
        "POST",
        f"/credentials?supersedes={old['id']}",
        json={**AWARD, "family_name": "Novak"},
        headers=petra.key(),
    )
    assert answer.status_code == 201
    new = answer.json
    assert new is not None
    shown = petra("GET", f"/credentials/{new['id']}").json
    assert shown is not None
    assert shown["supersedes"] == old["id"]
    refused(petra("POST", f"/credentials?supersedes={old['id']}", json=AWARD, headers=petra.key()), 409)


# --- idempotency and group commit --------------------------------------------------------------------


def test_one_key_at_the_same_time_is_409_and_nothing_doubles(node: Node, petra: Caller) -> None:
    inside, go_on = threading.Event(), threading.Event()
    add = node.services.store.accepts.add

    def slow(*arguments: Any) -> list[bool]:
        inside.set()
        assert go_on.wait(10)
        return add(*arguments)

    node.services.store.accepts.add = slow  # type: ignore[method-assign]
    answers: list[TestResponse] = []
    thread = threading.Thread(target=lambda: answers.append(petra.issue("k")))
    thread.start()
    assert inside.wait(10)
    answer = petra.issue("k")
    assert refused(answer, 409)["code"] == "request.running"
    assert answer.headers["Retry-After"] == "1"
    go_on.set()
    thread.join()
    assert answers[0].status_code == 201
    assert petra.issue("k").data == answers[0].data


def test_many_share_one_commit_and_one_failure_is_its_own(node: Node) -> None:
    store = node.services.store
    commits: list[str] = []
    store._database._fault = commits.append
    group, hold, held = GroupCommit(store), threading.Event(), threading.Event()

    def first() -> None:
        held.set()
        assert hold.wait(10)

    def write(number: int) -> int:
        store.facts.put(f"n{number}", b"x")
        if number == 3:
            raise ConflictError("three")
        return number

    outcomes: dict[int, object] = {}

    def ask(number: int) -> None:
        try:
            outcomes[number] = group.run(lambda: write(number))
        except ConflictError as error:
            outcomes[number] = error

    threads = [threading.Thread(target=lambda: group.run(first))]
    threads[0].start()
    assert held.wait(10)
    threads += [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads[1:]:
        thread.start()
    while group._waiting.qsize() < 8:
        threading.Event().wait(0.01)
    hold.set()
    for thread in threads:
        thread.join()
    assert commits.count("committed") == 2
    assert isinstance(outcomes.pop(3), ConflictError)
    assert outcomes == {number: number for number in range(8) if number != 3}
    assert [store.facts.get(f"n{number}") is not None for number in range(8)] == [n != 3 for n in range(8)]
    group.close()
    assert group.run(lambda: 5) == 5  # it begins anew
    group.close()


def test_a_commit_that_fails_is_told_to_all_and_nothing_is_there(node: Node, petra: Caller) -> None:
    def fault(point: str) -> None:
        if point == "commit":
            raise ConflictError("disk")

    assert petra("GET", "/node").status_code == 200  # the day of the token's use is written down
    node.services.store._database._fault = fault
    refused(petra.issue("k"), 409)
    node.services.store._database._fault = lambda _: None
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0
    assert petra.issue("k").status_code == 201


# --- what became of them -------------------------------------------------------------------------------


def test_pages_link_to_the_next_one_and_cover_all_once(petra: Caller) -> None:
    petra.upload(roster(7))
    seen: list[str] = []
    path = "/credentials?limit=3&state=accepted"
    for _ in range(10):
        answer = petra("GET", path)
        assert answer.json is not None
        seen += [item["learnerId"] for item in answer.json["items"]]
        if answer.json["next"] is None:
            assert "Link" not in answer.headers
            break
        target, _, relation = answer.headers["Link"].partition("; ")
        assert relation == 'rel="next"'
        path = target.strip("<>").removeprefix("/v1")
        assert f"cursor={answer.json['next']}" in path
    assert seen == [f"{n:08}" for n in range(7)]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=-1", "state=lost", "since=x", "colour=red", "dry_run=1"]
)
def test_a_wrong_parameter_is_400_and_named(petra: Caller, query: str) -> None:
    value = refused(petra("GET", f"/credentials?{query}"), 400)
    assert value["errors"][0]["where"] == query.split("=")[0]


def test_filters(node: Node, petra: Caller) -> None:
    petra.upload(roster(2))
    anchored(node)
    node.clock.now += 1000
    petra.upload(roster(1, first=5, template="endnote"))

    def count(query: str) -> int:
        answer = petra("GET", f"/credentials?{query}").json
        assert answer is not None
        return len(answer["items"])

    assert [count(f"state={state}") for state in ("accepted", "sealed", "anchored", "withdrawn")] == [1, 0, 2, 0]
    assert count("micro_credential=endnote") == 1
    found = petra("POST", "/credential-searches", json={"learner_id": "00000001"}).json
    assert found is not None and [item["learnerId"] for item in found["items"]] == ["00000001"]
    refused(petra("GET", "/credentials?learner=00000001"), 400)
    assert count(f"since={int(node.clock.now)}") == 1


def test_a_credential_has_promise_anchor_and_history(node: Node, petra: Caller) -> None:
    issued = petra.issue().json
    assert issued is not None
    path = f"/credentials/{issued['id']}"
    refused(petra("GET", f"{path}/file"), 409)
    anchored(node)
    assert petra("POST", f"{path}/suspend").status_code == 202
    shown = petra("GET", path).json
    assert shown is not None
    assert (shown["state"], shown["status"], shown["statusFinal"]) == ("anchored", "suspended", False)
    node.services.anchor()
    shown = petra("GET", path).json
    assert shown is not None
    assert shown["statusFinal"]
    assert {event["event"] for event in shown["history"]} == {"accepted", "sealed", "anchored", "suspend"}
    assert shown["anchor"]["size"] == shown["promise"]["size"] == 1
    file = petra("GET", f"{path}/file")
    assert file.json is not None
    assert file.json["format"] == "rootseal/credential/1"
    assert file.headers["Cache-Control"] == "no-store"
    refused(petra("GET", "/credentials/00000000-0000-4000-8000-000000000000"), 404)
    refused(petra("GET", "/credentials/nothing"), 400)


def test_withdrawing_ends_where_sealing_begins(node: Node, petra: Caller) -> None:
    one, two = (petra.issue(learner_id=str(number)).json for number in (1, 2))
    assert one is not None
    assert two is not None
    assert petra("DELETE", f"/credentials/{one['id']}").json["state"] == "withdrawn"  # type: ignore[index]
    assert petra("DELETE", f"/credentials/{one['id']}").status_code == 200
    assert petra("POST", "/seal").json["checkpoint"]["size"] == 1  # type: ignore[index]
    assert petra("POST", "/seal").json["checkpoint"] is None  # type: ignore[index]
    refused(petra("DELETE", f"/credentials/{two['id']}"), 409)


def test_status_by_ids_is_all_or_none_and_by_list_row_by_row(node: Node, petra: Caller) -> None:
    report = petra.upload(roster(3)).json
    assert report is not None
    ids = [row["id"] for row in report["rows"]]
    refused(petra("POST", f"/credentials/{ids[0]}/revoke"), 409)
    anchored(node)
    asked = {"act": "revoke", "ids": ids[:2], "reason": "superseded"}
    answer = petra("POST", "/status-changes", json=asked, headers=petra.key("r"))
    assert (answer.status_code, answer.json["requested"]) == (202, ids[:2])  # type: ignore[index]
    again = petra("POST", "/status-changes", json=asked, headers=petra.key("r"))
    assert (again.data, again.headers["Idempotent-Replayed"]) == (answer.data, "true")
    unknown = [ids[2], "00000000-0000-4000-8000-000000000000"]
    refused(petra("POST", "/status-changes", json={"act": "revoke", "ids": unknown}), 422)
    rows = "id\n" + "\n".join(ids) + "\nnothing\n"
    header = {"Content-Type": "text/csv"}
    listed = petra("POST", "/status-changes?act=revoke&dry_run=true", data=rows, headers=header).json
    assert listed is not None
    assert listed["counts"] == {"queued": 1, "already": 2, "twice": 0, "refused": 1}
    assert listed["intents"] == []
    listed = petra("POST", "/status-changes?act=revoke", data=rows, headers=header).json
    assert listed is not None
    assert len(listed["intents"]) == 1
    refused(petra("POST", "/status-changes", data=rows, headers=header), 422)
    refused(petra("POST", f"/credentials/{ids[0]}/reinstate"), 409)
    refused(petra("POST", f"/credentials/{ids[2]}/suspend?reason=superseded"), 422)


def test_anchor_is_a_wish_that_the_next_round_fulfils(node: Node, person: Callable[..., Caller]) -> None:
    write_config(node.directory, replace(node.services.config, anchor_interval_seconds=86_400 * 30))
    petra = Caller(create_app(node.reopened()).test_client(), person().token)
    latest = node.chain.block("latest")
    assert latest is not None
    node.clock.now = float(latest.timestamp)
    petra.upload(roster(1, date="2020-01-01"))
    anchored(node)
    petra.upload(roster(1, first=1, date="2020-01-01"))
    petra("POST", "/seal")
    node.services.tick()
    assert node.services.store.outbox.get("anchor/2") is None  # the interval is not over
    answer = petra("POST", "/anchor")
    assert (answer.status_code, answer.json["anchored"]) == (202, False)  # type: ignore[index]
    for _ in range(5):
        node.services.tick()
        node.clock.sleep(15)
    assert petra("POST", "/anchor").json["anchored"]  # type: ignore[index]


def test_node_templates_tokens_and_acts(node: Node, petra: Caller) -> None:
    petra.issue()
    status = petra("GET", "/node").json
    assert status is not None
    assert (status["accepted"], status["healthy"]) == (1, True)
    template = petra("GET", "/templates/ledgers").json
    assert template is not None
    assert template["template"] == TEMPLATES["ledgers"].to_json()
    changed = {**template["template"], "title": "Ledgers, advanced"}
    stored = petra("PUT", "/templates/ledgers", json=changed).json
    assert stored is not None
    assert stored["version"] == 2
    assert petra("PUT", "/templates/ledgers", json=changed).json["version"] == 2  # type: ignore[index]
    refused(petra("PUT", "/templates/other", json=changed), 422)
    refused(petra("PUT", "/templates/ledgers", json={}), 422)
    refused(petra("PUT", "/templates/ledgers", json=[]), 400)
    # The new version is what the next award is made from.
    issued = petra.issue(learner_id="9").json
    assert issued is not None
    document = json.loads(node.services.entry(issued["id"]).document)
    assert document["credentialSubject"]["achievement"]["name"] == "Ledgers, advanced"
    tokens = petra("GET", "/tokens")
    assert petra.token.split("_", 2)[2] not in tokens.text
    acts = petra("GET", "/acts?limit=1").json
    assert acts is not None
    assert len(acts["items"]) == 1
    assert acts["next"] is not None


def test_only_revoke_may_revoke_the_tokens_of_others(person: Callable[..., Caller]) -> None:
    one, two = person(Role.READ, name="Ivo"), person(Role.REVOKE, name="Eva")
    refused(one("DELETE", f"/tokens/{two.token.split('_')[1]}"), 403)
    assert two("DELETE", f"/tokens/{one.token.split('_')[1]}").status_code == 200
    refused(one("GET", "/node"), 401)
    refused(two("DELETE", "/tokens/0000000000"), 404)


def test_a_second_person_approves_over_http(node: Node, person: Callable[..., Caller]) -> None:
    services = node.services
    services.config = replace(services.config, second_approver=True)
    petra, ivo = person(name="Petra"), person(name="Ivo")
    petra.upload(roster(2))
    assert petra("POST", "/seal").json["checkpoint"] is None  # type: ignore[index]
    waiting = ivo("GET", "/submissions").json
    assert waiting is not None
    number = waiting["items"][0]["id"]
    refused(petra("POST", f"/submissions/{number}/approve"), 403)
    assert ivo("POST", f"/submissions/{number}/approve").json["state"] == "approved"  # type: ignore[index]
    petra.upload(roster(1, first=5))
    other = ivo("GET", "/submissions").json["items"][0]["id"]  # type: ignore[index]
    rejected = ivo("POST", f"/submissions/{other}/reject", json={"reason": "wrong term"}).json
    assert rejected is not None
    assert (rejected["state"], rejected["withdrawn"]) == ("rejected", 1)
    refused(ivo("POST", f"/submissions/{other}/approve"), 409)
    refused(ivo("GET", "/submissions/99"), 404)
    refused(ivo("POST", f"/submissions/{other}/reject", json={}), 400)


# --- the surface -----------------------------------------------------------------------------------------


def test_only_public_pages_are_open_to_other_origins(petra: Caller, client: FlaskClient) -> None:
    assert client.get("/v1/issuer").headers["Access-Control-Allow-Origin"] == "*"
    for answer in (petra("GET", "/node"), petra.issue(), client.get("/v1/node"), client.post("/v1/issuer")):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_log_of_requests_names_no_credential_and_no_token(
    petra: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    issued = petra.issue().json
    assert issued is not None
    petra("GET", f"/credentials/{issued['id']}")
    written = capsys.readouterr().err
    assert "/v1/credentials/<id>" in written
    for secret in (issued["id"][-12:], petra.token[-20:], "Kova", "00784483", "Petra"):
        assert secret not in written


@pytest.fixture
def bounded(node: Node) -> Iterator[FlaskClient]:
    services = node.services
    services.config = replace(services.config, requests_per_token=3, requests_per_address=2, trusted_proxies=1)
    yield create_app(services).test_client()


def test_too_many_requests_are_429_by_token_and_by_address(node: Node, bounded: FlaskClient) -> None:
    access = Access(node.services.store, node.clock)
    one, two = (Caller(bounded, access.add("Petra", ALL).text) for _ in range(2))
    assert [one("GET", "/node").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = one("GET", "/node")
    refused(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert two("GET", "/node").status_code == 200

    def ask(address: str) -> int:
        return bounded.get("/healthz", headers={"X-Forwarded-For": address}).status_code

    assert [ask("192.0.2.1") for _ in range(3)] == [200, 200, 429]
    assert ask("192.0.2.2") == 200


def test_a_server_before_us_on_this_machine_is_not_taken_for_one_visitor(node: Node) -> None:
    services = node.services
    services.config = replace(services.config, requests_per_address=1)
    client = create_app(services).test_client()
    assert {client.get("/healthz").status_code for _ in range(5)} == {200}


def test_webhooks_and_the_delivery_ledger(node: Node, petra: Caller, person: Callable[..., Caller]) -> None:
    petra.upload(roster(2))
    ledger = petra("GET", "/deliveries").json
    assert ledger is not None
    assert ledger["addsUp"]
    assert (ledger["total"]["rows"], ledger["total"]["waiting"]) == (2, 2)
    hook = {"url": "https://sis.example/hook", "kinds": ["final"]}
    added = petra("POST", "/webhooks", json=hook, headers=petra.key("h"))
    assert added.status_code == 201
    assert added.json is not None
    assert added.json["secret"].startswith("whsec_")
    assert petra("POST", "/webhooks", json=hook, headers=petra.key("h")).data == added.data
    listed = petra("GET", "/webhooks").json
    assert listed is not None
    assert [(item["id"], item["secret"]) for item in listed["items"]] == [(added.json["id"], None)]
    for inside in ("https://10.0.0.1/", "http://127.0.0.1/", "http://sis.example/"):
        refused(petra("POST", "/webhooks", json={"url": inside}), 422)
    assert petra("DELETE", f"/webhooks/{added.json['id']}").json["removedAt"] is not None  # type: ignore[index]
    refused(petra("DELETE", "/webhooks/wh_0000000000000000"), 404)
    refused(person(departments=("library",))("GET", "/webhooks"), 403)
