"""Webhooks over HTTP: a secret that no stored answer holds, one event to try, and what was told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

from node.announcing import KINDS, announce, announce_revocations
from node.errands import Errands
from node.webhooks import Webhooks
from tests.support.api_caller import Caller, refused
from tests.support.webhook_receiver import receiver, webhooks
from tests.unit.node.conftest import Node

HOOK = {"url": "https://sis.example/hook", "kinds": ["final"]}
DAY = 86_400


def test_a_secret_is_in_the_answer_and_in_no_stored_one(node: Node, petra: Caller) -> None:
    added = petra("POST", "/webhooks", json=HOOK, headers=petra.key("h"))
    assert added.status_code == 201
    report = added.get_json()
    again = petra("POST", "/webhooks", json=HOOK, headers=petra.key("h"))
    assert (again.data, again.headers["Idempotent-Replayed"]) == (added.data, "true")
    kept = node.services.store.announcements.webhook(report["id"]).secret
    assert base64.b64decode(report["secret"].removeprefix("whsec_")) == kept
    bodies = [body for (body,) in node.services.store._database.rows("SELECT body FROM requests")]
    assert bodies and not any(b"whsec_" in body for body in bodies)
    assert [(item["id"], item["secret"]) for item in petra.read("/webhooks")["items"]] == [(report["id"], None)]
    assert petra("DELETE", f"/webhooks/{report['id']}").get_json()["removedAt"] is not None
    forgotten = petra("POST", "/webhooks", json=HOOK, headers=petra.key("h"))
    assert forgotten.get_json() == {**report, "secret": None}
    assert petra.read("/webhooks")["items"] == []


def test_no_kinds_means_all_for_ever_and_named_ones_mean_those(node: Node, petra: Caller) -> None:
    store = node.services.store
    every = petra("POST", "/webhooks", json={"url": HOOK["url"]}).get_json()
    named = petra("POST", "/webhooks", json={**HOOK, "kinds": list(KINDS)}).get_json()
    assert [(one["kinds"], one["allKinds"]) for one in (every, named)] == [(list(KINDS), True), (list(KINDS), False)]
    assert [one["allKinds"] for one in petra.read("/webhooks")["items"]] in ([True, False], [False, True])
    store.announcements.add("of a later version", "x", {}, node.services.now)
    assert [one.webhook for one in store.announcements.deliveries(None, 9)] == [every["id"]]
    kinds = [json.loads(act.detail)["kinds"] for act in store.acts.all() if act.act == "webhook add"]
    assert kinds == ["all", list(KINDS)]


def test_what_cannot_be_a_webhook(node: Node, petra: Caller, person: Callable[..., Caller]) -> None:
    for inside in ("https://10.0.0.1/", "http://127.0.0.1/", "http://sis.example/"):
        refused(petra("POST", "/webhooks", json={"url": inside}), 422)
    for method, path in (("DELETE", ""), ("POST", "/test")):
        refused(petra(method, f"/webhooks/wh_0000000000000000{path}"), 404)
    refused(petra("GET", "/webhook-deliveries?webhook=wh_0000000000000000"), 404)
    library = person(departments=("library",))
    for path in ("/webhooks", "/webhook-deliveries"):
        refused(library("GET", path), 403)


def test_one_event_is_posted_now_and_what_was_told_is_listed(node: Node, petra: Caller) -> None:
    with receiver() as there:
        hook, _ = webhooks(node).add(there.url, [], allow_private=True)
        there.statuses = [500]
        tried = petra("POST", f"/webhooks/{hook.id}/test").get_json()
        assert (tried["ok"], tried["status"]) == (False, 500)
        for number in range(5):
            announce(node.services.store, "final", f"anchor/{number}", {"n": number}, node.services.now)
        Errands(node.services).round()
    assert len(there.got) == 6
    seen: list[str] = []
    path = f"/webhook-deliveries?limit=2&webhook={hook.id}"
    while path:
        page = petra.read(path)
        seen += [item["subject"] for item in page["items"]]
        assert {item["state"] for item in page["items"]} == {"delivered"}
        path = f"/webhook-deliveries?limit=2&webhook={hook.id}&cursor={page['next']}" if page["next"] else ""
    assert seen == [f"anchor/{number}" for number in (4, 3, 2, 1, 0)]
    petra("DELETE", f"/webhooks/{hook.id}")
    refused(petra("POST", f"/webhooks/{hook.id}/test"), 422)


def test_pages_of_webhooks_survive_a_removal(node: Node, petra: Caller) -> None:
    service = Webhooks(node.services.store, node.services.home, test=True, clock=node.clock)
    ids = []
    for number in range(5):
        ids.append(service.add(f"https://sis.example/{number}", [], allow_private=False)[0].id)
        node.clock.now += 1
    first = petra.read("/webhooks?limit=2")
    petra("DELETE", f"/webhooks/{ids[0]}")
    rest = petra.read(f"/webhooks?limit=3&cursor={first['next']}")
    assert [item["id"] for item in (*first["items"], *rest["items"])] == ids
    assert rest["next"] is None


def test_what_was_told_long_ago_is_forgotten_and_not_told_again(node: Node, petra: Caller) -> None:
    store = node.services.store
    errands = Errands(node.services)
    with receiver() as there:
        webhooks(node).add(there.url, [], allow_private=True)
        report = petra.issue("k").get_json()
        node.services.seal()
        node.services.anchor()
        petra("POST", f"/credentials/{report['id']}/revoke")
        node.services.anchor()
        errands.round()
        told = len(there.got)
        assert {kind for (kind,) in store._database.rows("SELECT kind FROM announcements")} == {
            "sealed", "final", "revoked",
        }  # fmt: skip
        there.statuses = [500] * 50
        announce(store, "overdue", "checkpoint/9", {"size": 9}, node.services.now)
        errands.round()
        node.clock.now += 91 * DAY
        errands.round()
        assert announce_revocations(store, node.services.now) == 0
        assert not announce(store, "final", "anchor/1", {}, node.services.now)
        assert len(there.got) == told + 2  # the one that waited was tried again, and given up
    details = dict(store._database.rows("SELECT kind, detail FROM announcements"))
    assert details["revoked"] == details["final"] == "{}"
    assert details["overdue"] != "{}"
    assert store.announcements.counts() == {"waiting": 0, "delivered": 0, "given_up": 1}
    assert store._database.rows("SELECT * FROM requests") == []
    assert [item["subject"] for item in petra.read("/webhook-deliveries")["items"]] == ["checkpoint/9"]
