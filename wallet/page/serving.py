"""The page's server: gunicorn on loopback with one worker, configured by us alone."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from rootseal.errors import ConfigError
from wallet.page.app import create_page
from wallet.page.gate import Gate
from wallet.page.site import Site

__all__ = ["run_page"]


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, site: Site, gate: Gate, port: int, announce: Callable[[str], None]) -> None:
        self._site, self._gate, self._port, self._announce = site, gate, port, announce
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"127.0.0.1:{self._port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": 4,
            # Deriving keys and asking a chain take long on a slow machine.
            "timeout": 300,
            "graceful_timeout": 5,
            "limit_request_line": 4094,
            "limit_request_fields": 50,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": self._ready,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return create_page(self._site, self._gate)

    def _ready(self, arbiter: Any) -> None:
        self._announce(self._gate.address(arbiter.LISTENERS[0].sock.getsockname()[1]))


def _require_free(port: int) -> None:
    """Asked before, for gunicorn tries for five seconds and then says it in its own words."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigError("--port", f"cannot be used: {error.strerror}; give another one, or 0", port) from error


def run_page(site: Site, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; `announce` gets the address that lets one browser in.

    Leaves the process with gunicorn's own exit code, 0 after a clean end. Raises `InputError` where the folder holds
    something else than a wallet, `ConfigError` where the port is taken.
    """
    site.require_usable()
    _require_free(port)
    try:
        _Server(site, Gate(), port, announce).run()
    except SystemExit as end:
        if end.code:
            raise
