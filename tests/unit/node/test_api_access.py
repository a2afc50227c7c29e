"""The writing routes: who may, who sees what, what other origins see, and how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from node.access import Access, Role
from node.app import create_app
from tests.support.api_caller import Caller, refused
from tests.unit.node.conftest import Node


def anchored(node: Node) -> None:
    node.services.seal()
    node.services.anchor()


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


def test_a_department_does_not_end_the_grace_time_of_others(node: Node, person: Callable[..., Caller]) -> None:
    access = Access(node.services.store, node.clock)
    access.set_department("endnote", "Library")
    everybody, library = person(), person(departments=("library",))
    everybody.issue()
    library.issue(learner_id="2", micro_credential="endnote")
    for path in ("/seal", "/anchor"):
        assert refused(library("POST", path), 403)["code"] == "token.department"
    assert node.services.newest_checkpoint() is None
    assert everybody("POST", "/seal").get_json()["checkpoint"]["size"] == 2


def test_only_who_is_for_all_departments_says_whose_a_micro_credential_is(
    node: Node, person: Callable[..., Caller]
) -> None:
    everybody, library = person(), person(departments=("library",))
    refused(library("PUT", "/templates/ledgers/department", json={"department": "library"}), 403)
    refused(library("GET", "/templates/ledgers"), 404)
    said = everybody("PUT", "/templates/ledgers/department", json={"department": " Library "})
    assert said.get_json()["department"] == "library"
    assert library.read("/templates/ledgers")["template"]["key"] == "ledgers"
    assert everybody("PUT", "/templates/ledgers/department", json={"department": None}).get_json()["department"] is None
    refused(library("GET", "/templates/ledgers"), 404)
    refused(everybody("PUT", "/templates/nothing/department", json={"department": None}), 404)
    refused(everybody("PUT", "/templates/ledgers/department", json={"department": " "}), 422)
    refused(everybody("PUT", "/templates/ledgers/department", json={}), 400)


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
    one, two = (Caller(bounded, access.add("Petra", tuple(Role)).text) for _ in range(2))
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
