"""Checking what a webhook brings: the Standard Webhooks specification, symmetric signatures (v1)."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from node.client.errors import WrongSignature

__all__ = ["TOLERANCE_SECONDS", "verify_webhook"]

TOLERANCE_SECONDS: Final = 300
_PREFIX: Final = "whsec_"


def verify_webhook(body: bytes, headers: Mapping[str, str], secret: str, now: float) -> dict[str, Any]:
    """The event in `body`, once it is known to come from the node.

    `secret` is the text `whsec_…` that the node showed once; `now` is UTC seconds. Events come at least once:
    remember the header webhook-id. Raises `WrongSignature`.
    """
    found = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, timestamp, signatures = (found[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        sent_at = int(timestamp)
    except (KeyError, ValueError, binascii.Error) as error:
        raise WrongSignature("a header is missing or cannot be read, or the secret is not whsec_…") from error
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    versions = [part.partition(",") for part in signatures.split()]
    if not any(name == "v1" and hmac.compare_digest(value, expected) for name, _, value in versions):
        raise WrongSignature("the signature does not fit the body")
    if abs(now - sent_at) > TOLERANCE_SECONDS:
        raise WrongSignature("the message is too old, or a clock is wrong")
    event = json.loads(body)
    if not isinstance(event, dict):
        raise WrongSignature("the body is no event")
    return event
