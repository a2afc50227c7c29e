"""One-time claim links: a secret in an address's fragment, which no server log ever holds.

The first opening binds the link to a key that the learner's browser chose. With the same key the file can be
fetched again for ten minutes, so that a download that broke off loses nothing; then the link is used up. At
rest there is only the SHA-256 of the secret: 32 random bytes need no slow hash.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Final, Literal

from node.copying import handed_out
from node.store import Entry, EntryState, Store
from rootseal.errors import ConfigError, ConflictError, InputError

__all__ = ["RESUME_SECONDS", "ClaimLinkService", "Claimed", "NewLink", "Unclaimable", "decode_secret"]

RESUME_SECONDS: Final = 600
_DAY: Final = 86_400
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link as it is shown, once; `ended` counts older links to the same credential that it replaced."""

    entry: str
    url: str
    digest: bytes
    expires_at: int
    ended: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """The file that a link gave, of how many copies it is one, and whether this was the link's first opening."""

    entry: Entry
    file: bytes
    first: bool
    copies: int = 1


Reason = Literal["unknown", "used", "expired", "gone", "copy"]


class Unclaimable(InputError):  # noqa: N818 - reads as what happened
    """The link gives nothing. `reason`: unknown, used, expired, gone (the credential was erased or revoked), or copy
    (there are fewer copies than were asked for).
    """

    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason
        super().__init__("link", _SENTENCES[reason])


_ASK: Final = "Ask the office that awarded your credential for a new link."
_SENTENCES: Final[dict[Reason, str]] = {
    "unknown": f"This link is not known here. Was it copied whole? {_ASK}",
    "used": f"This link was used already; each can be used once. {_ASK}",
    "expired": f"This link has expired; your credential has not. {_ASK}",
    "gone": "This credential is not handed out any more. Ask the office that awarded it.",
    "copy": "This credential has fewer copies than that.",
}


class ClaimLinkService:
    """Makes and opens links. `file_of` gives a credential's file as it is now. A link is for all copies together."""

    def __init__(self, store: Store, base: str | None, file_of: Callable[[Entry], bytes]) -> None:
        self._store = store
        self._base = base
        self._file_of = file_of

    def make(
        self, entry_id: str, now: int, days: int, secret: bytes | None = None, *, before_final: bool = False
    ) -> NewLink:
        """A new link, which ends every older one that nobody opened. The secret is nowhere else: show it now.

        `secret` is 32 bytes that nobody can guess; None: random ones. Of several copies all must be published, unless
        `before_final`: the link then gives those that are sealed when it is opened.

        Raises `InputError` for an unknown or erased credential, `ConflictError` for one that cannot be handed
        out, `ConfigError` without a public address.
        """
        entry = self._store.entries.award(self._store.entries.get(entry_id))[0]
        self._check(entry)
        published, copies = self._store.copies.published(entry.id)
        if published < copies > 1 and not before_final:
            problem = f"has {copies} copies, of which {published} are published: the link would not give all of them"
            raise ConflictError(f"{entry.id} {problem}; make it later, or with --before-final (over HTTP: beforeFinal)")
        with self._store.writing():
            ended = self._store.claim_links.expire(entry.id, now)
            link = self.made(entry.id, None, now, days, secret)
            self._store.acts.add(now, "claim-link", entry.id, {"expires": link.expires_at})
        return NewLink(entry.id, link.url, link.digest, link.expires_at, ended)

    def made(self, entry_id: str, mail: int | None, now: int, days: int, secret: bytes | None = None) -> NewLink:
        """A link beside the older ones, for a mail; in the caller's transaction."""
        secret = secret or secrets.token_bytes(_SECRET_BYTES)
        url = self.url(secret)
        digest, expires = sha256(secret).digest(), now + days * _DAY
        self._store.claim_links.add(digest, entry_id, mail, now, expires)
        return NewLink(entry_id, url, digest, expires, 0)

    def url(self, secret: bytes) -> str:
        """The address of the link with this secret. Raises `ConfigError` without a public address."""
        if self._base is None:
            raise ConfigError("public_url", "is not set: a claim link needs an address that learners reach")
        return f"{self._base}/claim#{_encoded(secret)}"

    def open(self, secret: bytes, resume: bytes, now: int, copy: int = 1) -> Claimed:
        """What the link gives: of several copies the one with this number, from 1. Raises `Unclaimable`.

        A crash after the binding and before the answer arrived: the same key fetches it again, and the others.
        """
        digest, key = sha256(secret).digest(), sha256(resume).digest()
        link = self._store.claim_links.get(digest)
        if link is None:
            raise Unclaimable("unknown")
        entry = self._store.entries.get(link.entry)
        if not entry.live or self._store.erasures.at(entry.id) is not None:
            raise Unclaimable("gone")
        copies = handed_out(self._store, entry)
        if not 1 <= copy <= len(copies):
            raise Unclaimable("copy")
        file = self._file_of(copies[copy - 1])
        first = self._store.claim_links.bind(digest, key, now)
        link = self._store.claim_links.get(digest)
        if link is None:
            raise Unclaimable("unknown")
        if link.opened_at is None or link.resume is None:
            raise Unclaimable("expired")
        if not compare_digest(link.resume, key) or now - link.opened_at > RESUME_SECONDS:
            raise Unclaimable("used")
        return Claimed(copies[copy - 1], file, first, len(copies))

    def _check(self, entry: Entry) -> None:
        if entry.state is not EntryState.SEALED:
            raise ConflictError(f"{entry.id} is {entry.state.value}: it has no file yet; seal first")
        if self._store.erasures.at(entry.id) is not None:
            raise InputError("id", "was erased: only the learner has this credential now", entry.id)
        if not entry.live:
            raise ConflictError(f"{entry.id} is revoked or superseded: nothing is handed out any more")


def decode_secret(text: str, size: int) -> bytes | None:
    """`size` bytes from base64url without padding; None for anything else, also another spelling of the same."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return None
    return data if len(data) == size and _encoded(data) == text else None


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
