"""A JSON-RPC proxy in front of Anvil: a real client's pool rules, and faults on order or at random from a seed.

A real HTTP server in a thread, so that the node under test goes through its own sockets and timeouts.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

from tests.support.geth_rules import Client, GethRules
from tests.support.serving import serving

Kind = Literal["lose_request", "lose_response", "delay", "error"]


@dataclass(frozen=True)
class Fault:
    """What happens to one request. `seconds` for a delay; `code` and `message` for an error."""

    kind: Kind
    seconds: float = 0.05
    code: int = -32603
    message: str = "internal error"


class _Lost(Exception):  # noqa: N818 - reads as what happened
    """The connection ends without an answer."""


class FaultyProxy:
    """`with FaultyProxy(anvil_url) as proxy:`, then `proxy.url` is a flawed geth (or Besu).

    `stale` blocks are hidden from the head, `blind` keeps every event back, `forged` names another hash for
    final blocks, `down` refuses everything. `calls` counts requests by method.
    """

    def __init__(self, url: str, client: Client = "geth", seed: int = 0) -> None:
        self.target = url
        self.rules = GethRules(client)
        self.calls: Counter[str] = Counter()
        self.stale = 0
        self.blind = self.forged = self.down = False
        self._scripted: dict[str, deque[Fault]] = {}
        self._random = random.Random(seed)
        self._chaos: tuple[float, tuple[Fault, ...]] = (0.0, ())
        self._lock = threading.RLock()
        self._upstream = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._running = ExitStack()

    def __enter__(self) -> FaultyProxy:
        self.url = self._running.enter_context(serving(self._server))
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()
        for connection in self._connections:
            connection.close()

    # --- driving ---------------------------------------------------------------------------------

    def script(self, method: str, *faults: Fault) -> None:
        """The next calls of `method` meet these, one each."""
        self._scripted.setdefault(method, deque()).extend(faults)

    def chaos(self, rate: float, *faults: Fault) -> None:
        """From now on each request meets one of these with this probability; rate 0 ends it."""
        self._chaos = (rate, faults)

    def direct(self, method: str, *params: object) -> Any:
        """One request past all faults. Raises RuntimeError with the error object."""
        answer = self._forward({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def mine(self, timestamp: int | None = None) -> None:
        """One block, at `timestamp` where that is later than the last."""
        with self._lock:
            head = self.direct("eth_getBlockByNumber", "latest", False)
            if timestamp is not None and timestamp > int(head["timestamp"], 16):
                self.direct("evm_setNextBlockTimestamp", timestamp)
            self.direct("evm_mine")
            self._note_block(self.direct("eth_blockNumber"))

    def point_to(self, url: str) -> None:
        """From now on another chain stands behind the same address."""
        self.target = url
        self._upstream = threading.local()

    def evict(self) -> None:
        """The pool forgets everything."""
        with self._lock:
            self.direct("anvil_dropAllTransactions")
            self.rules.forget()

    def reorg(self, depth: int, *, orphans: bool = True) -> None:
        """The last `depth` blocks are replaced by empty ones; their transactions return to the pool, as in geth."""
        with self._lock:
            head = int(self.direct("eth_blockNumber"), 16)
            gone: list[bytes] = []
            for number in range(max(head - depth + 1, 1), head + 1):
                block = self.direct("eth_getBlockByNumber", hex(number), False)
                gone += [bytes.fromhex(tx[2:]) for tx in block["transactions"]]
            self.direct("anvil_reorg", depth, [])
            self.rules.forget()
            for raw in self.rules.orphans(gone) if orphans else []:
                self._submit(raw)

    def _submit(self, raw: bytes) -> None:
        try:
            self.direct("eth_sendRawTransaction", "0x" + raw.hex())
        except RuntimeError:
            return  # its nonce is used, or it depends on what is gone
        self.rules.taken(raw)

    def _note_block(self, number: str) -> None:
        block = self.direct("eth_getBlockByNumber", number, False)
        hashes = {bytes.fromhex(tx[2:]) for tx in block["transactions"]}
        self.rules.mined(hashes & self.rules.seen.keys())

    # --- answering -------------------------------------------------------------------------------

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request through the faults. Raises `_Lost` where nobody shall hear of it."""
        method = str(request["method"])
        with self._lock:
            self.calls[method] += 1
            fault = self._fault(method)
        if self.down or (fault is not None and fault.kind == "lose_request"):
            raise _Lost
        if fault is not None and fault.kind == "error":
            error = {"code": fault.code, "message": fault.message}
            return {"jsonrpc": "2.0", "id": request["id"], "error": error}
        answer = self._ruled(method, request)
        if fault is not None and fault.kind == "lose_response":
            raise _Lost
        if fault is not None:
            time.sleep(fault.seconds)
        return answer

    def _fault(self, method: str) -> Fault | None:
        queue = self._scripted.get(method)
        if queue:
            return queue.popleft()
        rate, faults = self._chaos
        return self._random.choice(faults) if faults and self._random.random() < rate else None

    def _ruled(self, method: str, request: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_sendRawTransaction":
            return self._send(request)
        if method == "evm_mine":
            self.mine()
            return {"jsonrpc": "2.0", "id": request["id"], "result": "0x0"}
        if self.stale:
            request, beyond = self._older(request)
            if beyond:
                return {"jsonrpc": "2.0", "id": request["id"], "result": None}
        answer = self._forward(request)
        change: Callable[[Any], Any] | None = self._changes().get(method)
        if change is not None and answer.get("result") is not None:
            answer["result"] = change(answer["result"])
        return answer

    def _changes(self) -> dict[str, Callable[[Any], Any]]:
        changes: dict[str, Callable[[Any], Any]] = {}
        if self.blind:
            changes["eth_getLogs"] = lambda logs: []
        if self.stale:
            head = int(self.direct("eth_blockNumber"), 16) - self.stale
            changes["eth_blockNumber"] = lambda _: hex(max(head, 0))
            changes["eth_getTransactionReceipt"] = lambda r: r if int(r["blockNumber"], 16) <= head else None
            changes["eth_getLogs"] = lambda logs: [log for log in logs if int(log["blockNumber"], 16) <= head]
        if self.forged:
            changes["eth_getBlockByNumber"] = lambda b: b if b["number"] == "0x0" else b | {"hash": "0x" + "ee" * 32}
        return changes

    def _older(self, request: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """The request as asked of a node whose head is `stale` blocks back, and whether it asks beyond that."""
        head = max(int(self.direct("eth_blockNumber"), 16) - self.stale, 0)
        params = list(request.get("params", []))
        for place, value in enumerate(params):
            if value == "latest":
                params[place] = hex(head)
            elif value == "finalized":
                params[place] = hex(max(head - 4, 0))
        asks_block = request["method"] == "eth_getBlockByNumber"
        beyond = asks_block and params[0].startswith("0x") and int(params[0], 16) > head
        return request | {"params": params}, beyond

    def _send(self, request: dict[str, Any]) -> dict[str, Any]:
        raw = bytes.fromhex(request["params"][0][2:])
        with self._lock:
            refusal = self.rules.refusal(raw)
            if refusal is not None:
                return {"jsonrpc": "2.0", "id": request["id"], "error": refusal}
            answer = self._forward(request)
            if "error" in answer:
                answer["error"] = self.rules.translated(answer["error"])
            else:
                self.rules.taken(raw)
            return answer

    def _forward(self, request: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(request).encode()
        for fresh in (False, True):
            connection = self._connection(fresh)
            try:
                connection.request("POST", "/", body, {"Content-Type": "application/json"})
                return dict(json.loads(connection.getresponse().read()))
            except (http.client.HTTPException, OSError):
                connection.close()
                if fresh:
                    raise _Lost from None
        raise AssertionError("unreachable")

    def _connection(self, fresh: bool) -> http.client.HTTPConnection:
        if fresh or getattr(self._upstream, "connection", None) is None:
            self._upstream.connection = http.client.HTTPConnection(urlsplit(self.target).netloc, timeout=30)
            self._connections.append(self._upstream.connection)
        found: http.client.HTTPConnection = self._upstream.connection
        return found


class _Handler(BaseHTTPRequestHandler):
    proxy: FaultyProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            data = json.dumps(self.proxy.answer(request)).encode()
        except _Lost:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
