"""Issuing over HTTP: awards and lists, each once and on disk before it is answered."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from hashlib import sha256, sha512
from typing import Any

import pytest

from node.app import create_app
from node.store import EntryState
from tests.support.api_caller import AWARD, Caller, refused
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


def anchored(node: Node) -> None:
    node.services.seal()
    node.services.anchor()


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
    node.services.settle()
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
    assert "0d3c6a5e" not in repr(node.services.store._database.rows("SELECT * FROM intake"))
    node.services.settle()
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
    direct = Caller(create_app(node.services).test_client(), petra.token)  # over a socket: test_http_worker
    answer = direct(
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
