"""EIP-712 hashes of what people and keys sign: checkpoints (the promise), presentations, consents and reasons.

Consensus-critical. Every function returns the 32-byte digest that is signed.
"""

from __future__ import annotations

from rootseal.commitment import Home
from rootseal.ethereum import keccak256

__all__ = ["checkpoint_digest", "claim_digest", "presentation_digest", "reason_digest", "redeem_digest"]

_NAME_AND_VERSION = keccak256(b"Rootseal") + keccak256(b"1")
_CONTRACT_DOMAIN = keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_PLAIN_DOMAIN = keccak256(keccak256(b"EIP712Domain(string name,string version)") + _NAME_AND_VERSION)
_CHECKPOINT = keccak256(b"Checkpoint(uint64 issuer,uint64 size,bytes32 root,uint64 signedAt,uint64 anchorBy)")
_PRESENTATION = keccak256(b"Presentation(bytes32 digest,string audience,string nonce,uint64 created,uint64 expires)")

_CLAIM = keccak256(b"Claim(bytes32 commitment,uint64 deadline)")
_REDEEM = keccak256(b"Redeem(uint256 tokenId,uint64 receiver,bytes32 award,uint64 deadline)")
_REASON = keccak256(b"Reason(uint64 issuer,bytes32 commitment,string act,string reason,uint64 actAt,uint64 signedAt)")


def checkpoint_digest(home: Home, size: int, root: bytes, signed_at: int, anchor_by: int) -> bytes:
    """What an issuer's anchor key signs when it seals: domain with chain id and ledger (DESIGN §3).

    `signed_at` and `anchor_by` are UTC seconds.
    """
    message = keccak256(_CHECKPOINT + _word(home.issuer) + _word(size) + root + _word(signed_at) + _word(anchor_by))
    return _digest(_contract_domain(home.chain_id, home.ledger), message)


def claim_digest(chain_id: int, contract: bytes, commitment: bytes, deadline: int) -> bytes:
    """What a holder signs to allow the claim of credits: domain with chain id and credits contract (DESIGN §5).

    `deadline` is the last second (UTC) at which it counts.
    """
    return _digest(_contract_domain(chain_id, contract), keccak256(_CLAIM + commitment + _word(deadline)))


def redeem_digest(
    chain_id: int, contract: bytes, commitment: bytes, receiver: int, award: bytes, deadline: int
) -> bytes:
    """What a holder signs to have credits recognised; the token's number is its `commitment`, `award` 32 bytes."""
    message = keccak256(_REDEEM + commitment + _word(receiver) + award + _word(deadline))
    return _digest(_contract_domain(chain_id, contract), message)


def reason_digest(home: Home, commitment: bytes, act: str, reason: str, act_at: int, signed_at: int) -> bytes:
    """What an issuer's key signs when it tells a holder why: domain with chain id and ledger.

    `act_at` and `signed_at` are UTC seconds.
    """
    texts = keccak256(act.encode()) + keccak256(reason.encode())
    message = keccak256(_REASON + _word(home.issuer) + commitment + texts + _word(act_at) + _word(signed_at))
    return _digest(_contract_domain(home.chain_id, home.ledger), message)


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


def _contract_domain(chain_id: int, contract: bytes) -> bytes:
    return keccak256(_CONTRACT_DOMAIN + _NAME_AND_VERSION + _word(chain_id) + contract.rjust(32, b"\0"))


def _word(number: int) -> bytes:
    return number.to_bytes(32)


def _digest(domain: bytes, message: bytes) -> bytes:
    return keccak256(b"\x19\x01" + domain + message)
