"""One story told on any chain with a ledger: an issuer with documents, keys, anchors, status and accreditations."""

from __future__ import annotations

from dataclasses import dataclass

from anchor.chain import Chain, Receipt
from anchor.deploying import deploy_unlocked, fund
from anchor.keys import Signer, signer_from_secret
from anchor.ledger import Ledger, call_data
from anchor.pins import read_pins
from rootseal.ethereum import keccak256
from rootseal.policy import LedgerPolicy
from tests.support.signed_calls import send

DOCUMENT, NEWER, ROOTS = b"\x0d" * 32, b"\x0e" * 32, [bytes([n]) * 32 for n in range(1, 4)]


@dataclass
class Story:
    """A ledger with one issuer: two documents, two keys (one retired), three anchors, status, accreditations."""

    chain: Chain
    ledger: Ledger
    admin: Signer
    key: Signer
    accreditor: Signer
    receipts: dict[str, Receipt]
    policy: LedgerPolicy


def told(chain: Chain) -> Story:
    """Tell it on this chain."""
    address = deploy_unlocked(chain).address
    admin, key, accreditor = (signer_from_secret(keccak256(name)) for name in (b"admin", b"node", b"agency"))
    for signer in (admin, key, accreditor):
        fund(chain, signer.address, 10**18)
    receipts: dict[str, Receipt] = {}

    def act(name: str, signer: Signer, function: str, *arguments: object) -> None:
        receipts[name] = send(chain, signer, address, call_data(function, *arguments))
        assert receipts[name].status == 1, name

    act("register", admin, "register", "Univerza v Ljubljani", "https://uni.example", DOCUMENT)
    act("key", admin, "addKey", 1, key.address, 3)
    act("old key", admin, "addKey", 1, b"\x44" * 20, 1)
    act("retire", admin, "retireKey", 1, b"\x44" * 20, 5)
    act("accredit", accreditor, "accredit", 1, DOCUMENT, "computing, level 7", 4_000_000_000)
    act("renew", accreditor, "accredit", 1, DOCUMENT, "computing, level 7 and 8", 0)
    act("withdraw", accreditor, "withdraw", 1, DOCUMENT)
    act("document", admin, "setDocument", 1, NEWER)
    for sequence, size in ((1, 100), (2, 300), (3, 600)):
        act(f"anchor {sequence}", key, "anchor", 1, sequence, size, ROOTS[sequence - 1])
    act("revoke", key, "revoke", 1, [0, 2], [1 << 255, 1 << 87], 1)
    act("suspend", key, "suspend", 1, [1], [6], 0)
    act("reinstate", key, "reinstate", 1, [1], [2], 0)
    for _ in range(3):  # so that all of it is final on Anvil
        fund(chain, admin.address, 1)
    pins = read_pins(chain, address)
    policy = LedgerPolicy(
        pins.chain_id, address, pins.genesis, pins.code_hash, accreditors=((accreditor.address, "agency"),)
    )
    return Story(chain, Ledger(chain, address), admin, key, accreditor, receipts, policy)
