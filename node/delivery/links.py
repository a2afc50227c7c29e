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
    """The file that a link gave, and whether this was its first opening."""

    entry: Entry
    file: bytes
    first: bool


Reason = Literal["unknown", "used", "expired", "gone"]


class Unclaimable(InputError):  # noqa: N818 - reads as what happened
    """The link gives nothing. `reason`: unknown, used, expired, or gone (the credential was erased or revoked)."""

    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason
        super().__init__("link", _SENTENCES[reason])


_ASK: Final = "Ask the office that awarded your credential for a new link."
_SENTENCES: Final[dict[Reason, str]] = {
    "unknown": f"This link is not known here. Was it copied whole? {_ASK}",
    "used": f"This link was used already; each can be used once. {_ASK}",
    "expired": f"This link has expired; your credential has not. {_ASK}",
    "gone": "This credential is not handed out any more. Ask the office that awarded it.",
}


class ClaimLinkService:
    """Makes and opens links. `file_of` gives a credential's file as it is now."""

    def __init__(self, store: Store, base: str | None, file_of: Callable[[Entry], bytes]) -> None:
        self._store = store
        self._base = base
        self._file_of = file_of

    def make(self, entry_id: str, now: int, days: int) -> NewLink:
        """A new link, which ends every older one that nobody opened. The secret is nowhere else: show it now.

        Raises `InputError` for an unknown or erased credential, `ConflictError` for one that cannot be handed
        out, `ConfigError` without a public address.
        """
        entry = self._store.entries.get(entry_id)
        self._check(entry)
        with self._store.writing():
            ended = self._store.claim_links.expire(entry.id, now)
            link = self.made(entry.id, None, now, days)
            self._store.acts.add(now, "claim-link", entry.id, {"expires": link.expires_at})
        return NewLink(entry.id, link.url, link.digest, link.expires_at, ended)

    def made(self, entry_id: str, mail: int | None, now: int, days: int) -> NewLink:
        """A link beside the older ones, for a mail; in the caller's transaction."""
        if self._base is None:
            raise ConfigError("public_url", "is not set: a claim link needs an address that learners reach")
        secret = secrets.token_bytes(_SECRET_BYTES)
        digest, expires = sha256(secret).digest(), now + days * _DAY
        self._store.claim_links.add(digest, entry_id, mail, now, expires)
        return NewLink(entry_id, f"{self._base}/claim#{_encoded(secret)}", digest, expires, 0)

    def open(self, secret: bytes, resume: bytes, now: int) -> Claimed:
        """What the link gives. Raises `Unclaimable`.

        A crash after the binding and before the answer arrived: the same key fetches it again.
        """
        digest, key = sha256(secret).digest(), sha256(resume).digest()
        link = self._store.claim_links.get(digest)
        if link is None:
            raise Unclaimable("unknown")
        entry = self._store.entries.get(link.entry)
        if not entry.live or self._store.erasures.at(entry.id) is not None:
            raise Unclaimable("gone")
        file = self._file_of(entry)
        first = self._store.claim_links.bind(digest, key, now)
        link = self._store.claim_links.get(digest)
        if link is None:
            raise Unclaimable("unknown")
        if link.opened_at is None or link.resume is None:
            raise Unclaimable("expired")
        if not compare_digest(link.resume, key) or now - link.opened_at > RESUME_SECONDS:
            raise Unclaimable("used")
        return Claimed(entry, file, first)

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
