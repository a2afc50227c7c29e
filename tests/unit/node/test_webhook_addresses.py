"""Where a webhook may lead: never inside a network, and no receiver keeps the node waiting."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from node.webhook_post import check_url, post
from rootseal.errors import InputError
from tests.support.webhook_receiver import webhooks
from tests.unit.node.conftest import Node


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


@contextmanager
def dripping() -> Iterator[tuple[str, threading.Event]]:
    """The address of a receiver that answers one visitor letter by letter until the event is set, or nobody listens."""
    stop = threading.Event()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        thread = threading.Thread(target=_drip, args=(server, stop), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", stop
        stop.set()
        thread.join()


def _drip(server: socket.socket, stop: threading.Event) -> None:
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
    with dripping() as (url, _):
        posted = post(url, b"{}", {}, True)
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

    with dripping() as (url, stop):
        monkeypatch.setattr(socket, "socket", Slow)
        began = time.monotonic()
        posted = post(url, b"{}", {}, True)
        took = time.monotonic() - began
    assert posted.status is None
    assert "no answer within" in posted.words
    assert took < 5
