"""How often somebody may ask: counted in memory by token or address, forgotten after a minute, never logged."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse
from werkzeug.middleware.proxy_fix import ProxyFix

from node.config import NodeConfig
from node.web.windows import WINDOWS

__all__ = ["COUNTED", "install_limits", "limiter_of", "spent"]

_EXTENSION: Final = "rootseal_limiter"
COUNTED: Final = "rootseal.counted"
"""Of a request, where `spent` has counted it."""


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
        storage_uri=f"{WINDOWS}://",
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


def spent(app: Flask, scope: dict[str, Any], token_id: str, most: int) -> bool:
    """Count a request before the application sees it; False where it is one too many, which is not marked as counted.

    The counter is the one of the ordinary routes: `most` in a minute for the token, whatever it asks.
    """
    if not limiter_of(app).limiter.hit(_item(most), _token_name(token_id), "global"):
        return False
    scope[COUNTED] = True
    return True


@cache
def _item(most: int) -> RateLimitItem:
    return parse(_text(most))


def _token_name(token_id: str) -> str:
    return f"token {token_id}"


def _text(most: int) -> str:
    return f"{most or 1} per minute"


def _say_when(response: Response) -> Response:
    if response.status_code == 429 and "Retry-After" not in response.headers:
        breached = limiter_of().current_limit
        seconds = 60 if breached is None else round(breached.reset_at - time.time())
        response.headers["Retry-After"] = str(min(60, max(1, seconds)))  # all bounds here are of a minute
    return response


def _who() -> str:
    found = g.get("principal")
    return _token_name(found.token_id) if found is not None else f"address {request.remote_addr}"


def _rate(config: NodeConfig) -> Callable[[], str]:
    def rate() -> str:
        return _text(config.requests_per_token if "principal" in g else config.requests_per_address)

    return rate


def _unlimited(config: NodeConfig) -> Callable[[], bool]:
    def unlimited() -> bool:
        if "principal" in g:
            return config.requests_per_token == 0 or COUNTED in request.environ
        return config.requests_per_address == 0 or (not config.trusted_proxies and _loopback(request.remote_addr))

    return unlimited


def _loopback(address: str | None) -> bool:
    try:
        return address is not None and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
