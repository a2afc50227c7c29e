"""How a watch tells what it found: a POST to an address, and numbers for a monitoring system."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit

import requests

from anchor.audit.catalogue import SEVERITIES
from anchor.audit.watching import Look
from anchor.webhook_signing import signature
from rootseal.canonical import Json, dumps
from rootseal.errors import InputError, UndeterminedError

__all__ = ["Metrics", "Webhook"]

_TIMEOUT: Final = 10.0


class Webhook:
    """Posts each alarm as JSON (`rootseal/audit-alarm/1`); any 2xx takes it. Raises `InputError` for no address.

    With a `secret` it is signed after Standard Webhooks. The message's id is made of the alarm's bytes, so that it is
    the same however often the alarm is told. `clock` gives UTC seconds.
    """

    def __init__(self, url: str, secret: bytes | None = None, clock: Callable[[], float] = time.time) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError("--webhook", "must begin with http:// or https://", url)
        self._url = url
        self._secret = secret
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = parts.hostname not in ("127.0.0.1", "localhost", "::1")

    def __call__(self, alarm: dict[str, Json]) -> None:
        """Raises `UndeterminedError` where it was not taken."""
        body = dumps(alarm)
        headers = {"Content-Type": "application/json", "User-Agent": "rootseal-audit", **self._signed(body)}
        try:
            answer = self._session.post(self._url, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise UndeterminedError(f"the webhook did not answer: {type(error).__name__}", "webhook") from error
        if not 200 <= answer.status_code < 300:
            raise UndeterminedError(f"the webhook answered HTTP {answer.status_code}", "webhook")

    def _signed(self, body: bytes) -> dict[str, str]:
        if self._secret is None:
            return {}
        at, name = int(self._clock()), f"msg_{sha256(body).hexdigest()[:32]}"
        return {
            "webhook-id": name,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(self._secret, name, at, body),
        }


@dataclass
class Metrics:
    """Numbers of a watch in Prometheus' text format, at /metrics on 127.0.0.1. `port` 0 takes a free one.

    Raises `InputError` where the port cannot be used.
    """

    port: int
    looks: int = 0
    failures: int = 0
    block: int = 0
    time: int = 0
    unchecked: int = 0
    waiting: int = 0
    findings: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Metrics:
        handler = type("Handler", (_Handler,), {"metrics": self})
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        except OSError as error:
            raise InputError("--metrics-port", f"cannot be used: {error.strerror}", self.port) from error
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def looked(self, look: Look) -> None:
        """After a look."""
        self.looks += 1
        self.block, self.time, self.waiting = look.block.number, look.block.timestamp, look.waiting
        if look.report is not None:
            self.findings = Counter(found.severity for found in look.report.findings)
            self.unchecked = len(look.report.unchecked)

    def failed(self) -> None:
        """After a look that came to nothing."""
        self.failures += 1

    def text(self) -> str:
        """Everything, as it is read."""
        lines = [
            *_gauge("rootseal_audit_block", "Number of the last final block that was audited.", self.block),
            *_gauge("rootseal_audit_block_time_seconds", "Its time.", self.time),
            *_gauge("rootseal_audit_unchecked", "What could not be checked in the last audit.", self.unchecked),
            *_gauge("rootseal_audit_alarms_waiting", "Alarms that nobody took yet.", self.waiting),
            *_gauge("rootseal_audit_looks_total", "Looks since the start.", self.looks, "counter"),
            *_gauge("rootseal_audit_failures_total", "Looks that came to nothing.", self.failures, "counter"),
            "# HELP rootseal_audit_findings Findings of the last audit.",
            "# TYPE rootseal_audit_findings gauge",
            *(f'rootseal_audit_findings{{severity="{name}"}} {self.findings[name]}' for name in SEVERITIES),
        ]
        return "\n".join(lines) + "\n"


def _gauge(name: str, says: str, value: int, kind: str = "gauge") -> tuple[str, str, str]:
    return f"# HELP {name} {says}", f"# TYPE {name} {kind}", f"{name} {value}"


class _Handler(BaseHTTPRequestHandler):
    metrics: Metrics

    def do_GET(self) -> None:
        found = self.path == "/metrics"
        body = self.metrics.text().encode() if found else b"see /metrics\n"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the log is for findings."""
