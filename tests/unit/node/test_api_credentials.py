"""What became of credentials over HTTP: pages, history, status, and the node's work."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from node.access import Role
from node.app import create_app
from node.config import write_config
from tests.support.api_caller import Caller, refused
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import TEMPLATES, roster


def anchored(node: Node) -> None:
    node.services.seal()
    node.services.anchor()


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
    petra("POST", "/status-changes", json={"act": "revoke", "ids": [issued["id"]], "reason": "superseded"})
    last = petra.read(path)["history"][-1]
    assert (last["event"], last["reason"]) == ("revoke", "superseded")
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
    for state, found in (("withdrawn", one), ("accepted", two)):
        (listed,) = petra.read(f"/credentials?state={state}")["items"]
        assert (listed["id"], listed["status"], listed["statusFinal"]) == (found["id"], None, False), (
            "the chain has none"
        )
    shown = petra.read(f"/credentials/{one['id']}")
    assert shown["status"] is None
    assert [(event["event"], event["at"]) for event in shown["history"]][1:] == [("withdrawn", node.services.now)]
    assert petra("POST", "/seal").json["checkpoint"]["size"] == 1  # type: ignore[index]
    assert petra("POST", "/seal").json["checkpoint"] is None  # type: ignore[index]
    for sealed in (petra.read(f"/credentials/{two['id']}"), petra.read("/credentials?state=sealed")["items"][0]):
        assert (sealed["state"], sealed["status"], sealed["statusFinal"]) == ("sealed", None, False), "nor of a promise"
    node.services.anchor()
    final = petra.read(f"/credentials/{two['id']}")
    assert (final["state"], final["status"], final["statusFinal"]) == ("anchored", "valid", True)
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


def test_who_approves_sees_every_row_and_document(node: Node, person: Callable[..., Caller]) -> None:
    node.services.config = replace(node.services.config, second_approver=True)
    petra, ivo, reader = person(name="Petra"), person(Role.APPROVE, name="Ivo"), person(Role.READ)
    petra.upload(roster(5))
    (number,) = (item["id"] for item in ivo.read("/submissions")["items"])
    path, seen = f"/submissions/{number}/rows?limit=2", list[dict[str, object]]()
    petra("DELETE", f"/credentials/{ivo.read(path)['items'][1]['id']}")
    while path:
        page = ivo.read(path)
        seen += page["items"]
        path = f"/submissions/{number}/rows?limit=2&cursor={page['next']}" if page["next"] else ""
    assert [row["learnerId"] for row in seen] == [f"{n:08}" for n in (0, 2, 3, 4)]
    assert {row["learner"] for row in seen} == {f"Ana {n} Kovač" for n in (0, 2, 3, 4)}
    shown = ivo.read(f"/credentials/{seen[0]['id']}/document")
    assert (shown["submission"], shown["line"], shown["email"]) == (number, 2, "l0@example.edu")
    assert shown["document"]["id"] == seen[0]["id"]
    assert reader.read(f"/credentials/{seen[0]['id']}/document") == shown
    refused(ivo("GET", f"/credentials/{seen[0]['id']}"), 403)
    refused(reader("GET", f"/submissions/{number}/rows"), 403)
    refused(person(Role.ISSUE)("GET", f"/credentials/{seen[0]['id']}/document"), 403)


def test_every_list_comes_in_pages(node: Node, petra: Caller, person: Callable[..., Caller]) -> None:
    node.services.config = replace(node.services.config, second_approver=True)
    for number in range(3):
        petra.issue(learner_id=str(number))
        person(name=f"Person {number}")
    for path in ("/submissions", "/tokens", "/templates", "/credentials", "/acts", "/deliveries"):
        whole = petra.read(path)
        member = "lists" if path == "/deliveries" else "items"
        assert whole["next"] is None, path
        parts: list[object] = []
        cursor = "0"
        while cursor is not None:
            page = petra.read(f"{path}?limit=1&cursor={cursor}")
            assert len(page[member]) == 1
            parts, cursor = [*parts, *page[member]], page["next"]
        assert parts == whole[member], path
        assert len(parts) > 1
        refused(petra("GET", f"{path}?limit=0"), 400)
