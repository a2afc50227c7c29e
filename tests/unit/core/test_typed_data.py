"""EIP-712 digests against eth-account's own encoder."""

from __future__ import annotations

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data

from rootseal.commitment import Home
from rootseal.typed_data import checkpoint_digest, presentation_digest

DOMAIN = [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}]
CONTRACT = [*DOMAIN, {"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}]
CHECKPOINT = [{"name": n, "type": t} for n, t in (("issuer", "uint64"), ("size", "uint64"), ("root", "bytes32"),
                                                  ("signedAt", "uint64"), ("anchorBy", "uint64"))]  # fmt: skip
PRESENTATION = [{"name": n, "type": t} for n, t in (("digest", "bytes32"), ("audience", "string"), ("nonce", "string"),
                                                    ("created", "uint64"), ("expires", "uint64"))]  # fmt: skip


@pytest.mark.parametrize("home", [Home(31337, bytes(20), 1), Home(2**64 - 1, b"\xff" * 20, 2**53 - 1)])
@pytest.mark.parametrize("numbers", [(1, 0, 0), (2**48 - 1, 1_790_812_800, 253_402_300_799)])
def test_checkpoint_digest_is_eip_712(home: Home, numbers: tuple[int, int, int]) -> None:
    size, signed_at, anchor_by = numbers
    root = bytes(range(32))
    message = encode_typed_data(
        full_message={
            "types": {"EIP712Domain": CONTRACT, "Checkpoint": CHECKPOINT},
            "primaryType": "Checkpoint",
            "domain": {"name": "Rootseal", "version": "1", "chainId": home.chain_id,
                       "verifyingContract": "0x" + home.ledger.hex()},
            "message": {"issuer": home.issuer, "size": size, "root": root, "signedAt": signed_at,
                        "anchorBy": anchor_by},
        }
    )  # fmt: skip
    assert checkpoint_digest(home, size, root, signed_at, anchor_by) == _hash_eip191_message(message)


@pytest.mark.parametrize(("audience", "nonce"), [("", ""), ("employer.example", "n-1"), ("škof ☂ 😀", "\n\u0000")])
def test_presentation_digest_is_eip_712(audience: str, nonce: str) -> None:
    digest = bytes(range(32, 64))
    message = encode_typed_data(
        full_message={
            "types": {"EIP712Domain": DOMAIN, "Presentation": PRESENTATION},
            "primaryType": "Presentation",
            "domain": {"name": "Rootseal", "version": "1"},
            "message": {"digest": digest, "audience": audience, "nonce": nonce, "created": 5, "expires": 2**53 - 1},
        }
    )
    assert presentation_digest(digest, audience, nonce, 5, 2**53 - 1) == _hash_eip191_message(message)
