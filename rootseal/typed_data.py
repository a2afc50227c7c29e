"""EIP-712 hashes of what people and keys sign: checkpoints (the promise) and presentations.

Consensus-critical. Every function returns the 32-byte digest that is signed.
"""

from __future__ import annotations

from rootseal.commitment import Home
from rootseal.ethereum import keccak256

__all__ = ["checkpoint_digest", "presentation_digest"]

_NAME_AND_VERSION = keccak256(b"Rootseal") + keccak256(b"1")
_CONTRACT_DOMAIN = keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_PLAIN_DOMAIN = keccak256(keccak256(b"EIP712Domain(string name,string version)") + _NAME_AND_VERSION)
_CHECKPOINT = keccak256(b"Checkpoint(uint64 issuer,uint64 size,bytes32 root,uint64 signedAt,uint64 anchorBy)")
_PRESENTATION = keccak256(b"Presentation(bytes32 digest,string audience,string nonce,uint64 created,uint64 expires)")


def checkpoint_digest(home: Home, size: int, root: bytes, signed_at: int, anchor_by: int) -> bytes:
    """What an issuer's anchor key signs when it seals: domain with chain id and ledger (DESIGN §3).

    `signed_at` and `anchor_by` are UTC seconds.
    """
    domain = keccak256(_CONTRACT_DOMAIN + _NAME_AND_VERSION + _word(home.chain_id) + home.ledger.rjust(32, b"\0"))
    message = keccak256(_CHECKPOINT + _word(home.issuer) + _word(size) + root + _word(signed_at) + _word(anchor_by))
    return _digest(domain, message)


def presentation_digest(digest: bytes, audience: str, nonce: str, created: int, expires: int) -> bytes:
    """What a holder signs for one verifier: domain with name and version alone (DESIGN §4).

    `digest` is H of the presentation's RFC 8785 bytes without `holder`; times are UTC seconds.
    """
    message = keccak256(
        _PRESENTATION
        + digest
        + keccak256(audience.encode())
        + keccak256(nonce.encode())
        + _word(created)
        + _word(expires)
    )
    return _digest(_PLAIN_DOMAIN, message)


def _word(number: int) -> bytes:
    return number.to_bytes(32)


def _digest(domain: bytes, message: bytes) -> bytes:
    return keccak256(b"\x19\x01" + domain + message)
