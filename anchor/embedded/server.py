"""The chain behind HTTP: JSON-RPC 2.0 on 127.0.0.1, one request at a time inside."""

from __future__ import annotations

import json
import logging
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from anchor.embedded.chain import EmbeddedChain
from anchor.embedded.errors import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    RpcError,
    invalid_params,
)
from anchor.embedded.methods import answer
from rootseal.errors import ConfigError, StoreError

MAX_BODY = 5 * 1024 * 1024  # bytes, geth's limit
MAX_BATCH = 1_000
_MAX_DEPTH = 64
_BRACKETS = re.compile(rb"[\[\]{}]")
_STACK = 64 * 1024 * 1024  # bytes of address space: contracts that call themselves recurse deeply in py-evm
HOST = "127.0.0.1"
_LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")
_log = logging.getLogger(__name__)


class RpcServer:
    """Serves one chain. `url` is ready at once; `serve_forever` blocks until `stop`.

    Raises ConfigError when the port is taken. `port` 0 picks a free one.
    """

    def __init__(self, chain: EmbeddedChain, port: int) -> None:
        self._chain = chain
        # py-evm and the SQLite connection are not thread-safe: threads only wait for clients.
        self._lock = threading.Lock()
        self._stopped = False
        try:
            self._http = _HttpServer((HOST, port), _Handler)
        except OSError as error:
            raise ConfigError("port", f"{HOST}:{port} cannot be used ({error.strerror})") from error
        self._http.rpc = self
        self.url = f"http://{HOST}:{self._http.server_port}"

    def serve_forever(self) -> None:
        """Answers until another thread calls `stop`."""
        self._http.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Ends `serve_forever`, waits for the request in hand, and frees the port.

        After it nothing touches the chain any more.
        """
        self._http.shutdown()
        with self._lock:
            self._stopped = True
        self._http.server_close()

    def respond(self, body: bytes) -> Any:
        """The JSON answer to a request body, None when it held only notifications."""
        try:
            request = json.loads(_shallow(body))
        except ValueError:
            return _failure(None, RpcError(PARSE_ERROR, "parse error"))
        if not isinstance(request, list):
            return self._respond_one(request)
        if not request:
            return _failure(None, RpcError(INVALID_REQUEST, "empty batch"))
        if len(request) > MAX_BATCH:
            return _failure(None, RpcError(INVALID_REQUEST, "batch too large"))
        answers = [self._respond_one(item) for item in request]
        return [item for item in answers if item is not None] or None

    def _respond_one(self, request: Any) -> dict[str, Any] | None:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return _failure(None, RpcError(INVALID_REQUEST, "invalid request"))
        arguments = request.get("params") or []
        try:
            if not isinstance(arguments, list):
                raise invalid_params("non-array args")
            with self._lock:
                if self._stopped:  # a connection that outlived us: the chain may be closed by now
                    raise RpcError(INTERNAL_ERROR, "the chain is stopping")
                result = answer(self._chain, request["method"], arguments)
            reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request.get("id"), "result": result}
        except RpcError as error:
            reply = _failure(request.get("id"), error)
        except StoreError as error:
            reply = _failure(request.get("id"), RpcError(INTERNAL_ERROR, str(error)))
        except Exception:  # noqa: BLE001 - whatever it is, the client is told no traceback
            # A bug of ours: the operator gets the traceback, the client a sentence.
            _log.exception("%s failed", request["method"])
            reply = _failure(request.get("id"), RpcError(INTERNAL_ERROR, "internal error"))
        return reply if "id" in request else None


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    rpc: RpcServer

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for each connection, with a stack that py-evm cannot overflow."""
        usual = threading.stack_size(_STACK)
        try:
            super().process_request(request, client_address)
        finally:
            threading.stack_size(usual)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no event worth a traceback."""
        _log.debug("connection from %s broke", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer
    protocol_version = "HTTP/1.1"
    # Header and body leave in one packet: with Nagle's algorithm each answer would wait 40 ms.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not self._is_local():
            self._refuse(403, "only pages and names of this machine may use this chain")
        elif not length.isdecimal():
            self._refuse(411, "Content-Length is required")
        elif int(length) > MAX_BODY:
            self._refuse(413, f"request body is larger than {MAX_BODY} bytes")
        else:
            self._send(200, self.server.rpc.respond(self.rfile.read(int(length))))

    def do_GET(self) -> None:
        self._refuse(405, "this is a JSON-RPC endpoint: use POST")

    def do_OPTIONS(self) -> None:
        """CORS preflight: a verifier's page on this machine may ask this chain directly."""
        if self._is_local():
            self._send(204, None)
        else:
            self._refuse(403, "only pages of this machine may use this chain")

    def _is_local(self) -> bool:
        """Refuses web pages from elsewhere, also under a name that they point to this machine."""
        names = [urlsplit("//" + self.headers.get("Host", HOST)).hostname]
        origin = self.headers.get("Origin")
        if origin is not None:
            names.append(urlsplit(origin).hostname)
        return all(name in _LOCAL_NAMES for name in names)

    def _refuse(self, status: int, message: str) -> None:
        # The body was not read: what follows on this connection would be taken for a request.
        self.close_connection = True
        self._send(status, _failure(None, RpcError(INVALID_REQUEST, message)))

    def _send(self, status: int, reply: Any) -> None:
        body = b"" if reply is None else json.dumps(reply, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 405:
            self.send_header("Allow", "POST, OPTIONS")
        if self._is_local() and (origin := self.headers.get("Origin")):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Headers", "content-type")
            self.send_header("Access-Control-Allow-Methods", "POST")
            self.send_header("Vary", "Origin")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if status != 204:
            self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """One line per request would drown the terminal; errors are logged where they happen."""


def _shallow(body: bytes) -> bytes:
    """`body`, unless it nests deeper than any request does. Raises ValueError.

    py-evm lifts Python's recursion limit so far that the JSON parser would overflow the C stack.
    """
    depth = 0
    if body.count(b"[") + body.count(b"{") > _MAX_DEPTH:
        for bracket in _BRACKETS.finditer(body):
            depth += 1 if bracket.group() in b"[{" else -1
            if depth > _MAX_DEPTH:
                raise ValueError("nested too deeply")
    return body


def _failure(identifier: Any, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identifier, "error": error.to_json()}
