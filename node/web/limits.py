"""How often somebody may ask: counted in memory by token or address, forgotten after a minute, never logged."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from typing import Final

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter
from werkzeug.middleware.proxy_fix import ProxyFix

from node.config import NodeConfig

__all__ = ["install_limits", "limiter_of"]

_EXTENSION: Final = "rootseal_limiter"
_UNLIMITED: Final = "unlimited"


def install_limits(app: Flask, config: NodeConfig) -> None:
    """Bounds for every route: a token's where one was shown, else those of the address.

    Behind a web server on the same machine all addresses are that server's, unless `trusted_proxies` says how
    many stand before this one: then nothing is counted by address here, and that server has to do it.
    """
    if config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies)  # type: ignore[method-assign]
    limiter = Limiter(
        _who,
        app=app,
        storage_uri="memory://",
        headers_enabled=False,  # it would set Retry-After on every answer
        swallow_errors=False,
        application_limits=[_rate(config)],
        application_limits_exempt_when=_unlimited(config),
    )
    app.extensions[_EXTENSION] = limiter
    app.after_request(_say_when)


def limiter_of(app: Flask | None = None) -> Limiter:
    """The application's limiter, for a route that wants a narrower bound."""
    found: Limiter = (app or current_app).extensions[_EXTENSION]
    return found


def _say_when(response: Response) -> Response:
    if response.status_code == 429:
        breached = limiter_of().current_limit
        seconds = 60 if breached is None else round(breached.reset_at - time.time())
        response.headers["Retry-After"] = str(max(1, seconds))
    return response


def _who() -> str:
    found = g.get("principal")
    return f"token {found.token_id}" if found is not None else f"address {request.remote_addr}"


def _rate(config: NodeConfig) -> Callable[[], str]:
    def rate() -> str:
        most = config.requests_per_token if "principal" in g else config.requests_per_address
        return f"{most or 1} per minute"

    return rate


def _unlimited(config: NodeConfig) -> Callable[[], bool]:
    def unlimited() -> bool:
        if "principal" in g:
            return config.requests_per_token == 0
        return config.requests_per_address == 0 or (not config.trusted_proxies and _loopback(request.remote_addr))

    return unlimited


def _loopback(address: str | None) -> bool:
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
