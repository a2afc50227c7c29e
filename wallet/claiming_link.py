"""Fetching a credential with a one-time link that the institution sent: one POST to the address in the link, for
each copy of it.

Statement of trust: none. What comes back is a credential file like any other, checked before it is kept. The
secret travels in the body over https alone, so that no log on the way holds it.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from rootseal.canonical import MAX_BYTES
from rootseal.errors import InputError, UndeterminedError, VerificationError
from rootseal.microcredential import display_text
from wallet.box import Box
from wallet.issuer_http import open_url, too_much, unreached
from wallet.phrases import Phrase, Remark

__all__ = ["ClaimLink", "is_link"]

_TIMEOUT: Final = 30.0
_ATTEMPTS: Final = 3
_MOST_COPIES: Final = 1000
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_WHERE: Final = "LINK"
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # 32 bytes, base64url

_STRANGE: Final = Phrase("must look like https://registrar.example/claim#…; copy it whole from the mail")
_UNSAFE: Final = Phrase("must begin with https://: the secret in it must not travel readable")
_INCOMPLETE: Final = Phrase("is incomplete: 43 characters must stand after the #. Copy it whole from the mail")
_STALE: Final = {
    "claim.unknown": Phrase("this link is not known there; ask the office that awarded your credential for a new one"),
    "claim.used": Phrase(
        "this link was used already, and each can be used once; ask the office that awarded your credential for a new "
        "one"
    ),
    "claim.expired": Phrase(
        "this link has expired, your credential has not; ask the office that awarded your credential for a new link"
    ),
    "claim.gone": Phrase("this credential is not handed out any more; ask the office that awarded it"),
}
"""What the node's own words come to, by the code that it answers with."""

_DOMAIN: Final = b"rootseal/resume/1"


def is_link(text: str) -> bool:
    """Whether what the user gave is an address and not a file."""
    return text.startswith(("https://", "http://"))


@dataclass(frozen=True, slots=True)
class ClaimLink:
    """`base` is the institution's address, `secret` what stands after the #."""

    base: str
    secret: str

    @classmethod
    def parse(cls, text: str) -> ClaimLink:
        """Raises `InputError` for anything but `https://HOST/claim#SECRET`, never repeating the secret."""
        try:
            parts = urlsplit(text)
            host = parts.hostname
        except ValueError:
            raise InputError(_WHERE, Phrase("is no web address")) from None
        if parts.path != "/claim" or not parts.fragment or not host or parts.query or parts.username:
            raise InputError(_WHERE, _STRANGE)
        if parts.scheme != "https" and host not in _LOOPBACK:
            raise InputError(_WHERE, _UNSAFE, host)
        if _SECRET.fullmatch(parts.fragment) is None:
            raise InputError(_WHERE, _INCOMPLETE)
        return cls(f"{parts.scheme}://{parts.netloc}", parts.fragment)

    @property
    def shown(self) -> str:
        """The link without its secret, for answers and errors."""
        return f"{self.base}/claim"

    def fetch(self, box: Box) -> Iterator[bytes]:
        """The bytes of the credential file, and of every further copy. Within ten minutes it can be done again.

        Raises `VerificationError` where the link gives nothing (used, expired, unknown), and
        `UndeterminedError` where the institution cannot be asked now.
        """
        asked: dict[str, object] = {"secret": self.secret, "resume": self._resume(box)}
        data, copies = self._tried(asked)
        yield data
        # The first file is asked for as it was before there were copies, so that an older node answers as well.
        for copy in range(2, copies + 1):
            yield self._tried({**asked, "copy": copy})[0]

    def _tried(self, asked: Mapping[str, object]) -> tuple[bytes, int]:
        body = json.dumps(asked).encode()
        trouble: UndeterminedError | None = None
        for _ in range(_ATTEMPTS):
            try:
                return self._post(body)
            except UndeterminedError as error:
                trouble = error
                if error.code != "claim.unreachable":
                    raise
        raise trouble or UndeterminedError(Phrase("the link was not tried"), "claim.unreachable")

    def _resume(self, box: Box) -> str:
        """16 bytes that only this wallet makes, the same each time: an interrupted command can be repeated."""
        try:
            own = box.keystore.read_bytes()
        except OSError:
            own = secrets.token_bytes(32)
        key = sha256(_DOMAIN + sha256(own).digest() + self.secret.encode()).digest()[:16]
        return base64.urlsafe_b64encode(key).rstrip(b"=").decode("ascii")

    def _post(self, body: bytes) -> tuple[bytes, int]:
        """One file, and how many copies there are."""
        headers = {"Content-Type": "application/json", "User-Agent": "rootseal"}
        request = urllib.request.Request(f"{self.base}/v1/claims", body, headers, method="POST")
        try:
            with open_url(self.base, request, _TIMEOUT) as answer:
                data: bytes = answer.read(MAX_BYTES + 1)
                copies = str(answer.headers.get("Rootseal-Copies") or 1)
        except urllib.error.HTTPError as error:
            raise _refusal(error, self.shown) from None
        except (OSError, http.client.HTTPException) as error:
            raise UndeterminedError(unreached(self.shown, error), "claim.unreachable") from error
        if len(data) > MAX_BYTES:
            raise UndeterminedError(too_much(self.shown), "claim.large")
        if not (copies.isascii() and copies.isdigit() and len(copies) < 5 and 1 <= int(copies) <= _MOST_COPIES):
            said = "{address} says that there are {count} copies; at most {most} are fetched"
            problem = Phrase(said, address=self.shown, count=display_text(copies), most=_MOST_COPIES)
            raise UndeterminedError(problem, "claim.copies")
        return data, int(copies)


def _refusal(error: urllib.error.HTTPError, shown: str) -> VerificationError | UndeterminedError:
    with error:
        try:
            answer = json.loads(error.read(65_536))
            said, code = display_text(answer.get("detail")), str(answer.get("code"))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            said, code = None, ""
    status = Phrase("answered with status {status}", status=error.code)
    reason = Remark(said, _STALE.get(code, status)) if said else status
    sentence = Phrase("{address}: {reason}", address=shown, reason=reason)
    if error.code in (400, 404, 410):
        return VerificationError("claim.refused", sentence)
    return UndeterminedError(sentence, "claim.busy")
