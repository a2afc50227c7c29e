"""The committed credits contract works on chains that know nothing younger than Paris, over Python's own hashes."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from web3 import Web3
from web3.exceptions import Web3Exception

from rootseal.commitment import ClaimsRoot, Home, Subject, commit
from rootseal.merkle import Tree, leaf_hash

GAS = 4_000_000
DEADLINE = 4_000_000_000
LEARNER = Account.from_key(sha256(b"learner").digest())
AWARD = sha256(b"award").digest()
COUNTED, REVOKED = 1, 5


class Credits:
    """A ledger with two issuers, a log of the first with one entry of LEARNER, and the credits contract."""

    def __init__(self, url: str, ledger: dict[str, Any], credits: dict[str, Any]) -> None:
        self.web3 = Web3(Web3.HTTPProvider(url))
        accounts = list(self.web3.eth.accounts)
        self.admin, self.key = str(accounts[0]), str(accounts[1])
        self.ledger = self._deploy(ledger)
        self.credits = self._deploy(credits, self.ledger.address)
        for issuer in (1, 2):
            self.send(self.admin, self.ledger.functions.register("University", "", bytes(32)))
            self.send(self.admin, self.ledger.functions.addKey(issuer, self.key, 3))
        home = Home(self.web3.eth.chain_id, bytes.fromhex(self.ledger.address[2:]), 1)
        subject = Subject(bytes.fromhex(LEARNER.address[2:]), 500, sha256(b"credit").digest()[:16])
        salt, claims = sha256(b"salt").digest()[:16], ClaimsRoot(sha256(b"claims").digest())
        self.commitment = commit(home, claims, subject.hash(salt))
        tree = Tree([*(leaf_hash(n.to_bytes(2)) for n in range(300)), leaf_hash(self.commitment)])
        self.path = tree.inclusion_path(300)
        self.send(self.key, self.ledger.functions.anchor(1, 1, 301, tree.root()))
        self.entry = (1, 300, tree.root(), claims, salt, LEARNER.address, subject.credits, subject.credit_id)

    def _deploy(self, artifact: dict[str, Any], *arguments: Any) -> Any:
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = self.send(self.admin, factory.constructor(*arguments))
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])

    def send(self, sender: str, call: Any) -> Any:
        receipt = self.web3.eth.wait_for_transaction_receipt(call.transact({"from": sender, "gas": GAS}), timeout=30)
        assert receipt["status"] == 1
        return receipt

    def sign(self, name: str, fields: dict[str, tuple[str, Any]]) -> bytes:
        """LEARNER's signature over a message of the contract's domain, by another EIP-712 implementation."""
        domain = {
            "name": "Rootseal",
            "version": "1",
            "chainId": self.web3.eth.chain_id,
            "verifyingContract": self.credits.address,
        }
        types = {name: [{"name": field, "type": kind} for field, (kind, _) in fields.items()]}
        message = encode_typed_data(domain, types, {field: value for field, (_, value) in fields.items()})
        return bytes(LEARNER.sign_message(message).signature)

    def claim(self, entry: tuple[Any, ...]) -> Any:
        consent = self.sign("Claim", {"commitment": ("bytes32", self.commitment), "deadline": ("uint64", DEADLINE)})
        return self.credits.functions.claim(entry, self.path, DEADLINE, consent)

    def redeem(self, token: int) -> Any:
        fields: dict[str, tuple[str, Any]] = {
            "tokenId": ("uint256", token),
            "receiver": ("uint64", 2),
            "award": ("bytes32", AWARD),
            "deadline": ("uint64", DEADLINE),
        }
        return self.credits.functions.redeem(token, 2, AWARD, DEADLINE, self.sign("Redeem", fields))


@pytest.fixture
def credits(chain_url: str, artifact: dict[str, Any], credits_artifact: dict[str, Any]) -> Credits:
    return Credits(chain_url, artifact, credits_artifact)


def test_one_token_from_claim_to_revocation(credits: Credits, credits_artifact: dict[str, Any]) -> None:
    functions = credits.credits.functions
    assert "0x" + keccak(credits.web3.eth.get_code(credits.credits.address)).hex() == credits_artifact["codeHash"]
    assert functions.ledger().call() == credits.ledger.address
    assert functions.commitmentOf(credits.entry).call() == credits.commitment

    credits.send(credits.admin, credits.claim(credits.entry))
    token = int.from_bytes(credits.commitment)
    assert functions.ownerOf(token).call() == LEARNER.address
    assert functions.creditsOf(LEARNER.address, 1, 0, 10).call() == [500, 0]
    credits.send(credits.key, credits.redeem(token))
    assert functions.creditsOf(LEARNER.address, 1, 0, 10).call() == [500, 500]
    assert functions.stateOf(token).call() == COUNTED
    credits.send(credits.key, credits.ledger.functions.revoke(1, [1], [1 << 44], 0))
    assert functions.creditsOf(LEARNER.address, 1, 0, 10).call() == [0, 0]
    assert functions.stateOf(token).call() == REVOKED


def test_refusals_carry_the_custom_error(credits: Credits) -> None:
    altered = (*credits.entry[:6], 501, credits.entry[7])
    with pytest.raises(Web3Exception) as caught:
        credits.claim(altered).call({"from": credits.admin, "gas": GAS})
    said = f"{caught.value!r} {getattr(caught.value, 'data', '')} {getattr(caught.value, 'rpc_response', '')}"
    assert keccak(text="NotIncluded(bytes32,uint64,uint64)")[:4].hex() in said
