"""Webhooks over real HTTP: signed, repeated under one id, given up after three days, and silent about people."""

from __future__ import annotations

import base64
import json
import socket

import pytest

from node.announcing import announce, announce_revocations
from node.errands import Errands, ErrandsThread
from node.store import EntryState
from node.store.announcements import Announcement
from node.webhooks import event_body, signature
from rootseal.canonical import Json
from rootseal.commitment import Home
from rootseal.errors import StoreError
from tests.support.webhook_receiver import EVENT, SPEC, checked, receiver, webhooks
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


def test_sealed_final_and_revoked_arrive_signed_and_say_nothing_about_anybody(node: Node) -> None:
    with receiver() as there:
        _, secret = webhooks(node).add(there.url, [], allow_private=True)
        ids = [row.id for row in node.services.issue(roster(3), "r.csv").issued]
        node.services.seal()
        assert node.services.anchor().reached
        node.services.revoke(ids[:2])
        assert node.services.anchor().reached
        assert webhooks(node).round().delivered == 3
        assert webhooks(node).round().delivered == 0
    events = [json.loads(body) for _, body in there.got]
    assert [event["type"] for event in events] == ["sealed", "final", "revoked"]
    for (headers, body), event in zip(there.got, events, strict=True):
        EVENT.validate(event)
        assert checked(secret, headers, body)
        assert not checked(secret, {**headers, "webhook-id": "msg_x"}, body)
        assert headers["webhook-id"] == event["id"]
        for word in ("Ana", "Kova", "example.edu", "00000000,"):
            assert word not in body.decode()
    assert {one["id"] for one in events[2]["data"]["credentials"]} == set(ids[:2])
    assert events[1]["data"]["size"] == 3


def test_an_announcement_is_of_the_transaction_of_what_it_is_about(node: Node) -> None:
    with receiver() as there:
        webhooks(node).add(there.url, [], allow_private=True)
        store = node.services.store
        detail: dict[str, Json] = {"size": 1, "root": "11" * 32, "anchorBy": 1}
        with pytest.raises(StoreError), store.writing():
            announce(store, "overdue", "checkpoint/1", {}, 1)
            raise StoreError("no")
        assert store.announcements.counts()["waiting"] == 0
        assert announce(store, "overdue", "checkpoint/1", detail, node.services.now)
        assert not announce(store, "overdue", "checkpoint/1", detail, node.services.now)
        assert webhooks(node).round().delivered == 1
    EVENT.validate(json.loads(there.got[0][1]))


def test_only_the_kinds_asked_for_and_nothing_from_before(node: Node) -> None:
    store = node.services.store
    announce(store, "final", "anchor/1", {}, 1)
    with receiver() as there:
        webhooks(node).add(there.url, ["final"], allow_private=True)
        announce(store, "sealed", "checkpoint/1", {}, node.services.now)
        announce(store, "final", "anchor/2", {}, node.services.now)
        assert webhooks(node).round().delivered == 1
    assert json.loads(there.got[0][1])["type"] == "final"


def test_a_failure_is_tried_again_under_the_same_id_with_growing_pauses_for_three_days(node: Node) -> None:
    with receiver() as there:
        hook, _ = webhooks(node).add(there.url, [], allow_private=True)
        announce(node.services.store, "final", "anchor/1", {}, node.services.now)
        there.statuses = [500] * 100
        pauses: list[int] = []
        while True:
            done = webhooks(node).round()
            if done.given_up:
                break
            assert done.failed == 1
            assert webhooks(node).round().failed == 0  # not due
            delivery = node.services.store.announcements.deliveries(hook.id, 1)[0]
            pauses.append(delivery.next_at - node.services.now)
            node.clock.now += pauses[-1]
    assert pauses[:4] == [5, 20, 80, 320]
    assert max(pauses) == 12 * 3600
    assert sum(pauses) >= 3 * 86_400
    assert len(set(there.ids)) == 1
    assert len({body for _, body in there.got}) == 1
    assert delivery.outcome == "HTTP 500"


def test_a_receiver_that_comes_back_gets_what_it_missed(node: Node) -> None:
    with receiver() as there:
        hook, _ = webhooks(node).add(there.url, [], allow_private=True)
        for number in range(3):
            announce(node.services.store, "final", f"anchor/{number}", {}, node.services.now)
        there.statuses = [503, 302, 404]
        assert webhooks(node).round().failed == 3
        node.clock.now += 5
        assert webhooks(node).round().delivered == 3
    assert sorted(there.ids[:3]) == sorted(there.ids[3:])
    outcomes = {one.outcome for one in node.services.store.announcements.deliveries(hook.id, 9)}
    assert outcomes == {"HTTP 200"}


def test_gone_ends_the_webhook(node: Node) -> None:
    with receiver() as there:
        hook, _ = webhooks(node).add(there.url, [], allow_private=True)
        for number in range(2):
            announce(node.services.store, "final", f"anchor/{number}", {}, node.services.now)
        there.statuses = [410]
        assert webhooks(node).round().given_up == 1
        assert len(there.got) == 1
    store = node.services.store.announcements
    assert store.webhooks() == ()
    assert store.webhook(hook.id).secret == b""
    assert store.counts() == {"waiting": 0, "delivered": 0, "given_up": 2}
    assert not webhooks(node).remove(hook.id)


def test_one_dead_receiver_holds_up_nobody_for_long(node: Node) -> None:
    with socket.socket() as closed, receiver() as there:
        closed.bind(("127.0.0.1", 0))
        dead, _ = webhooks(node).add(f"http://127.0.0.1:{closed.getsockname()[1]}/", [], allow_private=True)
        webhooks(node).add(there.url, [], allow_private=True)
        for number in range(5):
            announce(node.services.store, "final", f"anchor/{number}", {}, node.services.now)
        done = webhooks(node).round()
    assert (done.delivered, done.failed) == (5, 1)
    assert sum(one.attempts for one in node.services.store.announcements.deliveries(dead.id, 9)) == 1


def test_the_vector_of_the_specification() -> None:
    """docs/spec/events.md shows this event with this signature."""
    text = (SPEC / "events.md").read_text(encoding="utf-8")
    secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    home = Home(31337, bytes(19) + b"\x05", 1)
    told = Announcement(1, "msg_" + "0" * 31 + "1", "sealed", "checkpoint/2", _DETAIL, 1_791_000_000)
    body = event_body(home, told, test=True)
    made = signature(base64.b64decode(secret[6:]), told.id, 1_791_000_001, body)
    assert secret in text
    assert body.decode() in text
    assert made in text
    EVENT.validate(json.loads(body))


_DETAIL: dict[str, Json] = {
    "size": 2,
    "previousSize": 0,
    "root": "11" * 32,
    "signedAt": 1_791_000_000,
    "anchorBy": 1_791_086_400,
}


def test_errands_heal_what_a_crash_left_unsaid_and_wait_for_the_lease(node: Node) -> None:
    with receiver() as there:
        webhooks(node).add(there.url, ["revoked"], allow_private=True)
        ids = [row.id for row in node.services.issue(roster(1), "r.csv").issued]
        node.services.seal()
        assert node.services.anchor().reached
        node.services.revoke(ids)
        assert node.services.anchor().reached
        store = node.services.store
        # As after a crash between the chain's finality and the announcement.
        store._database.change("DELETE FROM webhook_deliveries")
        store._database.change("DELETE FROM announcements WHERE kind = 'revoked'")
        leads = False
        thread = ErrandsThread(Errands(node.services), lambda: leads)
        thread.round()
        assert there.got == []
        leads = True
        thread.round()
        assert json.loads(there.got[0][1])["data"]["credentials"][0]["id"] == ids[0]
        assert announce_revocations(store, node.services.now) == 0
    assert store.entries.get(ids[0]).state is EntryState.SEALED


def test_trouble_of_errands_is_logged_once_and_ends_nothing(
    node: Node, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = ErrandsThread(Errands(node.services), lambda: True)
    monkeypatch.setattr(Errands, "round", lambda self: 1 / 0)
    assert thread.round() == thread.round() == 60.0
    assert capsys.readouterr().err.count("errands failed") == 1
