"""Measure what transactions cost: `receipt.gasUsed` on py-evm, written to contracts/gas.json.

`python tests/contract/measure_gas.py` rewrites the snapshot; a test measures again and compares.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from eth_utils.crypto import keccak
from web3 import EthereumTesterProvider, Web3

from rootseal.commitment import ClaimsRoot, Home, Subject, commit
from rootseal.merkle import Tree, leaf_hash

REPOSITORY = Path(__file__).resolve().parent.parent.parent
ARTIFACTS = REPOSITORY / "anchor" / "artifacts"
SNAPSHOT = REPOSITORY / "contracts" / "gas.json"

NAME = "University of Somewhere"
URI = "https://credentials.university.example"
DOCUMENT = hashlib.sha256(b"issuer document").digest()
BLOCK = 32_000_000
LOG = 100_000
PREPARE = "prepare"
HOLDER = Account.from_key((5).to_bytes(32))  # the fifth of the chain's accounts: it burns a token itself
LATER = (1 << 64) - 1
AWARD = hashlib.sha256(b"award").digest()


def _root(number: int) -> bytes:
    return hashlib.sha256(b"root %d" % number).digest()


class Meter:
    """One ledger on a fresh chain, whose every transaction's gas is remembered under a name."""

    def __init__(self, artifact: dict[str, Any]) -> None:
        genesis = PyEVMBackend.generate_genesis_params({"gas_limit": BLOCK})
        self.web3 = Web3(EthereumTesterProvider(EthereumTester(PyEVMBackend(genesis_parameters=genesis))))
        self.gas: dict[str, int] = {}
        accounts = list(self.web3.eth.accounts)
        self.admin, self.key, self.second, self.accreditor = accounts[0], accounts[1], accounts[2], accounts[3]
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = self._send("deploy", factory.constructor(), self.admin)
        self.ledger = self.web3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])

    def deploy(self, name: str, artifact: dict[str, Any], *arguments: Any) -> Any:
        """Deploy another contract, remember the gas under `name`, and return it."""
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = self._send(name, factory.constructor(*arguments), self.admin)
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])

    def _send(self, name: str, call: Any, sender: str) -> Any:
        sent = call.transact({"from": sender, "gas": BLOCK - 1_000_000, "gasPrice": self.web3.to_wei(10, "gwei")})
        receipt = self.web3.eth.get_transaction_receipt(sent)
        assert receipt["status"] == 1, name
        self.gas[name] = receipt["gasUsed"]
        return receipt

    def send(self, name: str, function: str, sender: str, *arguments: Any) -> None:
        """Send one call of the ledger's `function` and remember its gas under `name`."""
        self.send_call(name, getattr(self.ledger.functions, function)(*arguments), sender)

    def send_call(self, name: str, call: Any, sender: str) -> None:
        """Send one call of any contract and remember its gas under `name`."""
        self._send(name, call, sender)


def measure(artifact: dict[str, Any]) -> dict[str, int]:
    """Return the gas of each named transaction, in the order in which they were sent."""
    meter = Meter(artifact)
    admin, key, second, accreditor = meter.admin, meter.key, meter.second, meter.accreditor
    meter.send("register", "register", admin, NAME, URI, b"\0" * 32)
    meter.send("setDocument", "setDocument", admin, 1, DOCUMENT)
    meter.send("addKey, other status key", "addKey", admin, 1, second, 2)
    meter.send("addKey", "addKey", admin, 1, key, 3)
    meter.send("accredit", "accredit", accreditor, 1, DOCUMENT, "micro-credentials, EQF 4 to 7", 0)
    meter.send("anchor, first", "anchor", key, 1, 1, 40, _root(1))
    meter.send("anchor, second", "anchor", key, 1, 2, 1_000, _root(2))
    meter.send("anchor, steady state", "anchor", key, 1, 3, 1_000_000, _root(3))
    meter.send("revoke 1, fresh word", "revoke", key, 1, [100], [1 << 41], 0)
    meter.send("revoke 1, used word", "revoke", key, 1, [100], [1 << 42], 1)
    meter.send("revoke 1, fresh word, other status key", "revoke", second, 1, [101], [1 << 41], 0)
    meter.send("revoke 100, scattered", "revoke", key, 1, list(range(1_000, 1_100)), [1 << 77] * 100, 0)
    meter.send("revoke 100, one word", "revoke", key, 1, [102], [(1 << 100) - 1 << 50], 0)
    meter.send("suspend 1, fresh word", "suspend", key, 1, [100], [1 << 50], 0)
    meter.send("reinstate 1", "reinstate", key, 1, [100], [1 << 50], 0)
    meter.send("retireKey", "retireKey", admin, 1, second, 0)
    meter.send("withdraw", "withdraw", accreditor, 1, DOCUMENT)
    return meter.gas


def measure_credits(ledger: dict[str, Any], artifact: dict[str, Any]) -> dict[str, int]:
    """Return the gas of each transaction with the credits contract, in the order in which they were sent.

    The log has LOG entries under one anchor, so that a path has 17 hashes; the last entries are the holder's.
    """
    meter = Meter(ledger)
    meter.gas.clear()
    credits = meter.deploy("deploy", artifact, meter.ledger.address)
    home = Home(meter.web3.eth.chain_id, bytes.fromhex(meter.ledger.address[2:]), 1)
    for issuer in (1, 2):
        meter.send(PREPARE, "register", meter.admin, NAME, URI, b"\0" * 32)
        meter.send(PREPARE, "addKey", meter.admin, issuer, meter.key, 3)
    first = LOG - 4
    entries = [_Entry(index, min(number, 2)) for number, index in enumerate(range(first, LOG))]
    tree = Tree(leaf_hash(index.to_bytes(8)) for index in range(first))
    tree.extend(leaf_hash(entry.commitment(home)) for entry in entries)
    meter.send(PREPARE, "anchor", meter.key, 1, 1, first - 1, _root(1))
    meter.send(PREPARE, "anchor", meter.key, 1, 2, LOG, tree.root())

    def claim(entry: _Entry) -> Any:
        token = entry.commitment(home)
        path = tree.inclusion_path(entry.index)
        signature = Account.unsafe_sign_hash(credits.functions.claimDigest(token, LATER).call(), HOLDER.key).signature
        return credits.functions.claim(entry.arguments(tree.root()), path, LATER, signature)

    meter.send_call("claim, first of a holder", claim(entries[0]), meter.second)
    meter.send_call("claim, next", claim(entries[1]), meter.second)
    meter.send_call("claim, third", claim(entries[2]), meter.second)
    meter.send(PREPARE, "revoke", meter.key, 1, [entries[2].index >> 8], [1 << (entries[2].index & 255)], 1)
    meter.send_call("claim, issued again", claim(entries[3]), meter.second)
    token = int.from_bytes(entries[0].commitment(home))
    digest = credits.functions.redeemDigest(token, 2, AWARD, LATER).call()
    signature = Account.unsafe_sign_hash(digest, HOLDER.key).signature
    meter.send_call("redeem", credits.functions.redeem(token, 2, AWARD, LATER, signature), meter.key)
    meter.send_call("burn", credits.functions.burn(token), HOLDER.address)
    meter.gas.pop(PREPARE)
    return meter.gas


class _Entry:
    """One credential of HOLDER, reduced to what a claim opens."""

    def __init__(self, index: int, credit: int) -> None:
        self.index = index
        self.claims = hashlib.sha256(b"claims %d" % index).digest()
        self.salt = hashlib.sha256(b"salt %d" % index).digest()[:16]
        self.subject = Subject(
            bytes.fromhex(HOLDER.address[2:]), 500, hashlib.sha256(b"credit %d" % credit).digest()[:16]
        )

    def commitment(self, home: Home) -> bytes:
        return commit(home, ClaimsRoot(self.claims), self.subject.hash(self.salt))

    def arguments(self, root: bytes) -> tuple[object, ...]:
        s = self.subject
        return 1, self.index, root, self.claims, self.salt, HOLDER.address, s.credits, s.credit_id


def snapshot() -> str:
    """Return the exact text that contracts/gas.json must have."""
    ledger, credits = load("CredentialLedger"), load("EctxCredits")
    content = {
        "note": "receipt.gasUsed of whole transactions on py-evm; written by tests/contract/measure_gas.py",
        **_sizes(ledger),
        "transactionGas": measure(ledger),
        "EctxCredits": {**_sizes(credits), "transactionGas": measure_credits(ledger, credits)},
    }
    return json.dumps(content, indent=2) + "\n"


def load(name: str) -> dict[str, Any]:
    """Return a committed artifact."""
    content: dict[str, Any] = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))
    return content


def _sizes(artifact: dict[str, Any]) -> dict[str, Any]:
    initcode = bytes.fromhex(artifact["bytecode"][2:])
    return {
        "initcodeHash": "0x" + keccak(initcode).hex(),
        "initcodeBytes": len(initcode),
        "runtimeBytes": len(artifact["deployedBytecode"]) // 2 - 1,
    }


if __name__ == "__main__":
    SNAPSHOT.write_text(snapshot(), encoding="utf-8")
