"""A contract on chain that answers for one key (ERC-1271), without a compiler."""

from __future__ import annotations

from anchor.chain import Chain
from anchor.deploying import wait_for_receipt

__all__ = ["deploy_wallet"]


def deploy_wallet(chain: Chain, owner: bytes) -> bytes:
    """The address of a contract whose `isValidSignature` takes the 65-byte signatures of the key of `owner`."""
    runtime = bytes.fromhex(
        "60206004600037"  # the digest
        "60a43560f81c602052"  # v
        "604060646040" + "37"  # r and s
        "60206080608060006001" + "5afa50"  # ecrecover
        "60805173" + owner.hex() + "14"  # is it the owner?
        "631626ba7e0260e01b60005260206000f3"
    )
    size = f"{len(runtime):02x}"
    creation = bytes.fromhex(f"60{size}600c60003960{size}6000f3") + runtime
    sent = chain.send_unlocked(chain.accounts()[0], None, creation, 0, 1_000_000)
    receipt = wait_for_receipt(chain, sent, timeout=30)
    assert receipt.contract is not None
    return receipt.contract
