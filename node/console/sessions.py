"""Who is signed in: a signed cookie with a token's id and two times. What the person may is asked anew each time.

The cookie goes to no form of another site (SameSite=Lax), to no script (HttpOnly), and where the node has a public
https address to nothing but https (Secure, `__Host-`). Not Strict: then a link in a mail would find nobody signed in,
and the page for signing in would put its own cookie into the place of the officer's. The token itself is in no cookie
and in no address.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from node.access import Access, Principal
from node.console.ended import EndedSessions
from node.console.secret_key import SecretKey
from node.store import Store

__all__ = ["IDLE_SECONDS", "ConsoleCookies", "Sessions"]

IDLE_SECONDS: Final = 30 * 60
"""Without a request for so long, one has to sign in again."""

_LONGEST_SECONDS: Final = 12 * 3600
_REFRESH_SECONDS: Final = 60


class ConsoleCookies(SecureCookieSessionInterface):
    """Flask's signed cookies, for the console's pages alone."""

    def __init__(self, key: SecretKey) -> None:
        self._key = key

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the request; a null session for other pages, or where the key can be neither read nor made."""
        if not (request.path == "/console" or request.path.startswith("/console/")):
            return self.make_null_session(app)
        try:
            app.secret_key = self._key.read()
        except OSError:
            return self.make_null_session(app)
        return super().open_session(app, request)

    @staticmethod
    def configure(app: Flask, *, secure: bool) -> None:
        """The cookie's name and flags."""
        app.config.update(
            SESSION_COOKIE_NAME="__Host-rootseal-console" if secure else "rootseal-console",
            SESSION_COOKIE_SECURE=secure,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Lax",
            SESSION_COOKIE_PATH="/",
        )


class Sessions:
    """Begins, continues and ends sessions. `clock` gives UTC seconds. Threads share it."""

    def __init__(self, access: Access, store: Store, clock: Callable[[], float]) -> None:
        self._access = access
        self._clock = clock
        self._ended = EndedSessions(store, _LONGEST_SECONDS)

    def begin(self, token: str) -> Principal | None:
        """Sign in with a token's text; None where it is worth nothing. The session gets a new id and form token."""
        found = self._access.authenticate(token)
        if found is None:
            return None
        now = int(self._clock())
        session.clear()
        session.update(id=secrets.token_hex(16), token=found.token_id, began=now, seen=now)
        return found

    def continued(self) -> Principal | None:
        """Who is signed in; None where nobody is, the time is up, or the token was revoked or has expired."""
        if not session or "id" not in session:
            return None
        now = int(self._clock())
        # A clock that was set back must not lengthen a session: a distance counts either way.
        idle, age = abs(now - int(session["seen"])), abs(now - int(session["began"]))
        found = (
            None if session["id"] in self._ended or idle > IDLE_SECONDS or age > _LONGEST_SECONDS else self._principal()
        )
        if found is None:
            session.clear()
        elif idle >= _REFRESH_SECONDS:
            session["seen"] = now
        return found

    def end(self) -> None:
        """Sign out: the cookie is worth nothing any more, wherever copies of it are, also after a restart."""
        found: Any = session.get("id")
        session.clear()
        if found is not None:
            self._ended.add(str(found), int(self._clock()))

    def _principal(self) -> Principal | None:
        return self._access.principal(str(session["token"]))
