"""The EIP-712 data of a presentation, as a wallet in the browser shows and signs it (eth_signTypedData_v4)."""

from __future__ import annotations

from rootseal.canonical import Json
from rootseal.presentation import HolderProof

__all__ = ["presentation_typed_data"]

_DOMAIN: Json = [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}]
_FIELDS: Json = [
    {"name": "digest", "type": "bytes32"},
    {"name": "audience", "type": "string"},
    {"name": "nonce", "type": "string"},
    {"name": "created", "type": "uint64"},
    {"name": "expires", "type": "uint64"},
]


def presentation_typed_data(digest: bytes, proof: HolderProof) -> dict[str, Json]:
    """Its hash is `proof.digest(digest)`; `digest` is `Presentation.digest`."""
    return {
        "types": {"EIP712Domain": _DOMAIN, "Presentation": _FIELDS},
        "primaryType": "Presentation",
        "domain": {"name": "Rootseal", "version": "1"},
        "message": {
            "digest": "0x" + digest.hex(),
            "audience": proof.audience,
            "nonce": proof.nonce,
            "created": str(proof.created),
            "expires": str(proof.expires),
        },
    }
