"""The server under the pages, over real sockets: who does not send his request whole holds nobody up."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

_THREADS = 3
_CONNECTIONS = 40
_CHILD = f"""
import sys
from pathlib import Path
from flask import Flask, request
import node.http_worker
import node.runner
import node.web.front
from node.problems import install_problems
from node.web.bodies import read_body
from node.web.limits import COUNTED

node.http_worker._HEAD_SECONDS = node.web.front._BODY_SECONDS = node.http_worker._READ_SECONDS = 1.0
node.runner._CONNECTIONS = {_CONNECTIONS}
app = Flask("one")
install_problems(app)
app.add_url_rule("/hidden/body", "body", lambda: read_body(100), methods=["POST"])
app.add_url_rule("/hidden/alive", "alive", lambda: b"yes")
reached = []
app.add_url_rule("/hidden/reach", "reach", lambda: reached.append(1) or b"done", methods=["POST"])
app.add_url_rule("/hidden/reached", "reached", lambda: str(len(reached)))
app.add_url_rule("/hidden/large", "large", lambda: b"x" * (8 << 20))

@app.post("/quick")
def ordinary():
    return request.get_data() + (b", counted" if request.environ.get(COUNTED) else b"")

async def express(scope, gather):
    if scope["path"] != "/quick":
        return None
    body = await gather(100)
    if body == b"fail":
        raise RuntimeError
    if body == b"leave":
        scope[COUNTED] = True
        return None
    way = b"whole" if node.web.front.LOOKED_AT in scope else b"in pieces"
    return [(b"content-length", b"%d" % len(way))], way

class Server(node.runner._Server):
    def load(self):
        return node.web.front.Front(app, {_THREADS}, express)

    def _exit(self, arbiter, worker):
        pass

Server(Path("."), "127.0.0.1", 0, lambda url: print(url, flush=True)).run()
"""


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server logs."""
    return tmp_path_factory.mktemp("server") / "log"


@pytest.fixture(scope="module")
def port(logged: Path) -> Iterator[int]:
    """Of a server as `node run` has it, with three threads and a second of patience."""
    with logged.open("wb") as log:
        child = subprocess.Popen([sys.executable, "-c", _CHILD], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert child.stdout is not None
        yield int(child.stdout.readline().rpartition(":")[2])
    finally:
        child.terminate()
        child.wait(20)
        if child.stdout is not None:
            child.stdout.close()


def opened(port: int, data: bytes) -> socket.socket:
    there = socket.create_connection(("127.0.0.1", port), 20)
    there.sendall(data)
    return there


def answered(port: int, data: bytes) -> bytes:
    with opened(port, data) as there:
        answer = b""
        while piece := there.recv(65_536):
            answer += piece
        return answer


_HEAD = b"Host: x\r\nConnection: close\r\n"
_ALIVE = b"GET /hidden/alive HTTP/1.1\r\n" + _HEAD + b"\r\n"


@pytest.mark.parametrize(
    "part",
    [
        b"GET /hidden/alive HTTP/1.1\r\nHos",
        b"POST /hidden/body HTTP/1.1\r\n" + _HEAD + b"Content-Length: 50\r\n\r\nab",
        b"POST /hidden/body HTTP/1.1\r\n" + _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"POST /hidden/body HTTP/1.1\r\n" + _HEAD + b"Content-Length: 5000000\r\n\r\nab",
        b"GET /hidden/large HTTP/1.1\r\n" + _HEAD + b"\r\n",
    ],
)
def test_silent_visitors_do_not_hold_the_threads(port: int, part: bytes) -> None:
    began = time.monotonic()
    with ExitStack() as stack:
        for _ in range(3 * _THREADS):
            stack.enter_context(opened(port, part))
        assert answered(port, _ALIVE).startswith(b"HTTP/1.1 200")
    assert time.monotonic() - began < 15


def test_a_body_that_does_not_arrive_is_told_to_be_cut_off(port: int) -> None:
    answer = answered(port, b"POST /hidden/body HTTP/1.1\r\n" + _HEAD + b"Content-Length: 50\r\n\r\nab")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"2 of 50 bytes" in answer


@pytest.mark.parametrize("chunk", [b"zz\r\nab\r\n0\r\n\r\n", b"2;x=\n\r\nab\r\n0\r\n\r\n", b"2\r\nabcd\r\n"])
def test_chunks_that_are_none_are_the_senders_fault(port: int, chunk: bytes) -> None:
    head = b"POST /hidden/body HTTP/1.1\r\n" + _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    assert answered(port, head + chunk).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("header", [b"SCRIPT_NAME", b"PATH_INFO", b"Script-Name"])
def test_no_header_moves_the_address(port: int, header: bytes) -> None:
    """A web server before this one lets /open through and not /hidden."""
    asked = b"GET /open/hidden/alive HTTP/1.1\r\n" + _HEAD + header + b": /open\r\n\r\n"
    assert answered(port, asked).startswith(b"HTTP/1.1 404")


_REACH = b"POST /hidden/reach HTTP/1.1\r\n" + _HEAD
_IN_CHUNKS = _REACH + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"


def reached(port: int) -> int:
    return int(answered(port, b"GET /hidden/reached HTTP/1.1\r\n" + _HEAD + b"\r\n").rpartition(b"\r\n")[2])


@pytest.mark.parametrize(
    "part",
    [
        _IN_CHUNKS,
        _IN_CHUNKS + b"5\r\nab",
        _IN_CHUNKS + b"zz\r\nab\r\n0\r\n\r\n",
        _IN_CHUNKS + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n",
        _REACH + b"Content-Length: 50\r\n\r\nab",
        _REACH + b"Content-Length: 500000\r\n\r\n" + b"ab" * 60_000,
    ],
)
@pytest.mark.parametrize("stays", [True, False])
def test_what_is_cut_off_reaches_nothing(port: int, part: bytes, stays: bool) -> None:
    """Half a list must not be issued as if it were all of it."""
    before = reached(port)
    with opened(port, part) as there:
        if not stays:
            there.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := there.recv(65_536):
                answer += piece
    assert not answer or answer.startswith(b"HTTP/1.1 400")
    assert reached(port) == before
    assert b"done" in answered(port, _IN_CHUNKS + b"0\r\n\r\n")
    assert reached(port) == before + 1


def test_large_bodies_on_their_way_hold_no_thread(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(3 * _THREADS):
            stack.enter_context(opened(port, _REACH + b"Content-Length: 5000000\r\n\r\n" + b"a" * 70_000))
        began = time.monotonic()
        assert answered(port, _ALIVE).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < 0.8


def test_who_does_not_read_is_sent_away(port: int) -> None:
    with socket.socket() as there:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        there.connect(("127.0.0.1", port))
        there.sendall(b"GET /hidden/large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(4)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := there.recv(1 << 20):
                received += len(piece)
    assert received < 8 << 20


def test_a_connection_that_asks_nothing_is_ended(port: int) -> None:
    with opened(port, b"") as silent, opened(port, b"GET /hidden/alive HTTP/1.1\r\nHos") as slow:
        assert silent.recv(1) == b"" and slow.recv(1) == b""


def test_one_connection_too_many_is_sent_away_and_the_others_stay(port: int) -> None:
    first = opened(port, b"")
    with ExitStack() as stack, first:
        for _ in range(_CONNECTIONS - 1):
            stack.enter_context(opened(port, b""))
        with opened(port, b"") as late:
            assert late.recv(1) == b""
        first.sendall(_ALIVE)
        assert first.recv(12) == b"HTTP/1.1 200"
    assert answered(port, _ALIVE).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\n" + _HEAD + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + _HEAD + b"A: b\r\n" * 100 + b"\r\n", 431),
        (b"GET secret HTTP\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + _HEAD + b"Content-Length: " + b"1" * 5000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + _HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + _HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + _HEAD + b"Transfer-Encoding: other, chunked\r\n\r\n", 501),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_told_in_the_one_shape(port: int, asked: bytes, status: int) -> None:
    head, _, body = answered(port, asked).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == status
    assert b"secret" not in body


def test_requests_one_after_another_keep_their_connection(port: int) -> None:
    alive = b"GET /hidden/alive HTTP/1.1\r\nHost: x\r\n\r\n"
    with opened(port, alive + alive) as there:
        answer = b""
        while answer.count(b"yes") < 2:
            answer += there.recv(65_536)
        there.sendall(_ALIVE)
        while piece := there.recv(65_536):
            answer += piece
    assert answer.count(b"HTTP/1.1 200") == 3


def test_no_other_protocol_is_spoken(port: int) -> None:
    ask = b"GET /hidden/alive HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    ask += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    assert not answered(port, ask).startswith(b"HTTP/1.1 101")


def _quick(body: bytes, more: bytes = b"") -> bytes:
    return b"POST /quick HTTP/1.1\r\nHost: x\r\n" + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


_LAST = b"Connection: close\r\n"


def test_what_arrives_whole_is_asked_the_short_way(port: int) -> None:
    head, _, body = answered(port, _quick(b"good", _LAST)).partition(b"\r\n\r\n")
    assert body == b"whole"
    assert head.startswith(b"HTTP/1.1 201 Created\r\n") and b"\r\nConnection: close" in head
    assert head.count(b"\r\nDate: ") == 1 and b"\r\ncontent-length: 5\r\n" in head


def test_what_arrives_in_pieces_is_answered_too(port: int) -> None:
    asked = _quick(b"good", _LAST)
    with opened(port, asked[:-2]) as there:
        time.sleep(0.3)
        there.sendall(asked[-2:])
        assert there.makefile("rb").read().endswith(b"\r\n\r\nin pieces")


def test_requests_sent_at_once_are_answered_in_their_order(port: int) -> None:
    answer = answered(port, _quick(b"good") + _quick(b"leave") + _quick(b"good") + _ALIVE)
    parts = [part.partition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 ")]
    assert parts == [b"", b"whole", b"leave, counted", b"whole", b"yes"]


@pytest.mark.parametrize(("body", "said"), [(b"leave", b"leave, counted"), (b"fail", b"fail")])
def test_what_the_short_way_leaves_is_asked_in_the_ordinary_one(port: int, body: bytes, said: bytes) -> None:
    answer = answered(port, _quick(body, _LAST))
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"\r\n\r\n" + said)


def _large(count: int) -> bytes:
    return b"GET /hidden/alive HTTP/1.1\r\n" + _HEAD + b"".join(b"a: %s\r\n" % (b"x" * 4000) for _ in range(count))


def test_large_heads_are_refused_before_they_are_parsed(port: int) -> None:
    assert answered(port, _large(4) + b"\r\n").startswith(b"HTTP/1.1 200")
    assert answered(port, _large(4)) == b"", "not whole, and after a while nobody waits for more"
    for rest in (b"", b"\r\n"):
        assert answered(port, _large(5) + rest).startswith(b"HTTP/1.1 431")
    with opened(port, _large(2)) as there:
        time.sleep(0.2)
        there.sendall(_large(3).partition(b"a: ")[2])
        assert there.makefile("rb").read().startswith(b"HTTP/1.1 431")
    first = b"GET /hidden/alive HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = answered(port, first + _large(5) + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200") and answer.count(b"HTTP/1.1 431") == 1


def test_a_body_is_no_part_of_its_head(port: int) -> None:
    ask = b"POST /hidden/body HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n"
    for split in range(len(ask) - 5, len(ask) + 1):
        with opened(port, ask[:split]) as there:
            time.sleep(0.02)
            there.sendall(ask[split:] + b"x" * 90_000 + _ALIVE)
            answer = there.makefile("rb").read()
            assert answer.startswith(b"HTTP/1.1 413") and b"HTTP/1.1 431" not in answer


def test_who_goes_in_the_middle_of_his_request_is_no_failure_of_the_server(port: int, logged: Path) -> None:
    before = logged.read_text().count("cut off request")
    opened(port, b"POST /hidden/body HTTP/1.1\r\n" + _HEAD + b"Content-Length: 50\r\n\r\nab").close()
    until = time.monotonic() + 20
    while logged.read_text().count("cut off request") == before and time.monotonic() < until:
        time.sleep(0.05)
    assert answered(port, _ALIVE).startswith(b"HTTP/1.1 200")
    told = logged.read_text()
    assert told.count("cut off request") > before and '"request failed", "status": 500' not in told


def test_visitors_who_go_leave_nothing_behind(port: int) -> None:
    for _ in range(3 * _CONNECTIONS):
        opened(port, _quick(b"good")).close()
    for _ in range(50):  # as many at once are too many; they must all be forgotten
        with contextlib.suppress(ConnectionError), ExitStack() as stack:
            there = [stack.enter_context(opened(port, _quick(b"good", _LAST))) for _ in range(_CONNECTIONS - 1)]
            if all(one.makefile("rb").read().endswith(b"whole") for one in there):
                return
        time.sleep(0.2)
    raise AssertionError("their places are not free again")
