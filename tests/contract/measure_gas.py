"""Measure what transactions cost: `receipt.gasUsed` on py-evm, written to contracts/gas.json.

`python tests/contract/measure_gas.py` rewrites the snapshot; a test measures again and compares.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from eth_tester import EthereumTester, PyEVMBackend
from eth_utils.crypto import keccak
from web3 import EthereumTesterProvider, Web3

REPOSITORY = Path(__file__).resolve().parent.parent.parent
ARTIFACT = REPOSITORY / "anchor" / "artifacts" / "CredentialLedger.json"
SNAPSHOT = REPOSITORY / "contracts" / "gas.json"

NAME = "University of Somewhere"
URI = "https://credentials.university.example"
DOCUMENT = hashlib.sha256(b"issuer document").digest()
BLOCK = 32_000_000


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

    def _send(self, name: str, call: Any, sender: str) -> Any:
        sent = call.transact({"from": sender, "gas": BLOCK - 1_000_000, "gasPrice": self.web3.to_wei(10, "gwei")})
        receipt = self.web3.eth.get_transaction_receipt(sent)
        assert receipt["status"] == 1, name
        self.gas[name] = receipt["gasUsed"]
        return receipt

    def send(self, name: str, function: str, sender: str, *arguments: Any) -> None:
        """Send one call of `function` and remember its gas under `name`."""
        self._send(name, getattr(self.ledger.functions, function)(*arguments), sender)


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


def snapshot() -> str:
    """Return the exact text that contracts/gas.json must have."""
    artifact = json.loads(ARTIFACT.read_text(encoding="utf-8"))
    initcode = bytes.fromhex(artifact["bytecode"][2:])
    content = {
        "note": "receipt.gasUsed of whole transactions on py-evm; written by tests/contract/measure_gas.py",
        "initcodeHash": "0x" + keccak(initcode).hex(),
        "initcodeBytes": len(initcode),
        "runtimeBytes": len(artifact["deployedBytecode"]) // 2 - 1,
        "transactionGas": measure(artifact),
    }
    return json.dumps(content, indent=2) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(snapshot(), encoding="utf-8")
