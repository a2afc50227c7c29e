"""Webhooks over real HTTP: signed, repeated under one id, kept for three days, and led nowhere inside."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from node.announcing import announce, announce_revocations
from node.errands import Errands, ErrandsThread
from node.store import EntryState
from node.store.announcements import Announcement
from node.webhook_post import check_url, post
from node.webhooks import Webhooks, event_body, signature
from rootseal.canonical import Json
from rootseal.commitment import Home
from rootseal.errors import InputError, StoreError
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster

SPEC = Path(__file__).parents[3] / "docs" / "spec"
EVENT = Draft202012Validator(json.loads((SPEC / "schemas" / "event.schema.json").read_bytes()))


@dataclass
class Receiver:
    """Answers each POST with the next of `statuses`, then 200; keeps what came."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@contextmanager
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(made.statuses.pop(0) if made.statuses else 200)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_address[1]}/hook?x=1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def webhooks(node: Node) -> Webhooks:
    return Webhooks(node.services.store, node.services.home, test=True, clock=node.clock, dice=lambda: 1.0)


def checked(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As a receiver would, after the text of Standard Webhooks and none of our code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return headers["webhook-signature"] == f"v1,{expected}"


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


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://uni.example/", "must be https"),
        ("ftp://uni.example/", "must be https"),
        ("https://user:secret@uni.example/", "login"),
        ("https://uni.example/#x", "fragment"),
        ("https://", "must be https"),
        ("https://uni.example:99999/", "no web address"),
        ("https://uni.example/\n", "must be https"),
        ("https://127.0.0.1/", "inside a network"),
        ("http://localhost:8080/", "inside a network"),
        ("https://10.0.0.1/", "inside a network"),
        ("https://169.254.169.254/latest/meta-data", "inside a network"),
        ("https://[::1]/", "inside a network"),
        ("https://[::ffff:10.0.0.1]/", "inside a network"),
        ("https://[64:ff9b::a00:1]/", "inside a network"),
        ("https://[fd00::1]/", "inside a network"),
        ("https://[fec0::1]/", "inside a network"),
        ("https://[::10.0.0.1]/", "inside a network"),
        ("https://[64:ff9b:1::a00:1]/", "inside a network"),
        ("https://[::ffff:0:a00:1]/", "inside a network"),
        ("https://[3fff::1]/", "inside a network"),
        ("https://0.0.0.0/", "inside a network"),
        ("https://224.0.0.1/", "inside a network"),
    ],
)
def test_addresses_that_are_never_told(node: Node, url: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        webhooks(node).add(url, [], allow_private=False)
    assert node.services.store.announcements.webhooks() == ()


def test_a_name_that_leads_inside_is_refused_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    check_url("https://uni.example/", allow_private=False)
    posted = post("https://uni.example/", b"{}", {}, False)
    assert posted.status is None
    assert "inside a network" in posted.words
    assert "must be https" in post("http://localhost/", b"{}", {}, True).words


def _drip(server: socket.socket, stop: threading.Event) -> None:
    """Answer one visitor letter by letter, for as long as it listens."""
    there, _ = server.accept()
    with there:
        try:
            for letter in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100:
                there.send(bytes([letter]))
                if stop.wait(0.1):
                    return
        except OSError:
            return


def test_a_receiver_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.webhook_post._TIMEOUT", 0.5)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        stop = threading.Event()
        thread = threading.Thread(target=_drip, args=(server, stop), daemon=True)
        thread.start()
        posted = post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, True)
        stop.set()
        thread.join()
    assert posted.status is None
    assert "no answer within" in posted.words


def test_a_receiver_that_lets_the_time_run_out_while_connecting_cannot_drip_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The watch rings once: while there is no connection yet it has nothing to cut."""
    monkeypatch.setattr("node.webhook_post._TIMEOUT", 0.3)

    class Slow(socket.socket):
        def connect(self, address: object) -> None:
            stop.wait(0.6)  # packets got lost on the way
            super().connect(address)  # type: ignore[arg-type]

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        stop = threading.Event()
        thread = threading.Thread(target=_drip, args=(server, stop), daemon=True)
        thread.start()
        monkeypatch.setattr(socket, "socket", Slow)
        began = time.monotonic()
        posted = post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, True)
        took = time.monotonic() - began
        stop.set()
        thread.join()
    assert posted.status is None
    assert "no answer within" in posted.words
    assert took < 5


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


_DETAIL = {"size": 2, "previousSize": 0, "root": "11" * 32, "signedAt": 1_791_000_000, "anchorBy": 1_791_086_400}


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
