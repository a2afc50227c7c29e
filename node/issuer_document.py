"""The document that an issuer registers: who it is, where its log is, which key signs it (`rootseal/issuer/1`).

Its SHA-256 stands on the ledger, so that every byte counts: RFC 8785, and the same settings give the
same bytes. Ethereum keys are not in it; they are the ledger's.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlsplit

from node.config import NodeConfig
from rootseal.canonical import Json, dumps
from rootseal.ethereum import address_text
from rootseal.tlog import NoteKey, origin

__all__ = ["ISSUER_FORMAT", "document_bytes", "issuer_id"]

ISSUER_FORMAT: Final = "rootseal/issuer/1"


def issuer_id(config: NodeConfig) -> str:
    """`did:web:HOST` where `public_url` is set (a port as %3A), else `urn:rootseal:<chain>:<ledger>:<number>`.

    Raises `ConfigError` while registration is unfinished: without its number an issuer has no name.
    """
    home = config.home
    if config.public_url is None:
        return f"urn:rootseal:{home.chain}:{address_text(home.ledger)}:{home.issuer}"
    return f"did:web:{quote(urlsplit(config.public_url).netloc, safe='')}"


def document_bytes(config: NodeConfig, log_key: bytes) -> bytes:
    """The document's RFC 8785 bytes; `log_key` is the log's 32-byte Ed25519 public key.

    `logKey` gives it twice: bare, and as the C2SP verifier key that readers of the log configure.
    """
    document: dict[str, Json] = {
        "format": ISSUER_FORMAT,
        "id": issuer_id(config),
        "name": config.name,
        "country": config.country,
        "url": config.url,
        "log": None if config.public_url is None else f"{config.public_url}/log",
        "logKey": {"ed25519": log_key.hex(), "vkey": NoteKey(origin(config.home), log_key).vkey},
    }
    return dumps(document)
