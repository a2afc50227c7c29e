"""The committed artifact deploys and works on chains that know nothing younger than Paris."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak
from web3 import Web3
from web3.exceptions import Web3Exception

GAS = 6_000_000
DOCUMENT = keccak(b"document")
ROOTS = [keccak(b"root 1"), keccak(b"root 2")]


class Ledger:
    """A deployed ledger whose calls wait for their receipt."""

    def __init__(self, url: str, artifact: dict[str, Any]) -> None:
        self.web3 = Web3(Web3.HTTPProvider(url))
        accounts = list(self.web3.eth.accounts)
        self.admin, self.key, self.other = accounts[0], accounts[1], accounts[2]
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = self.receipt(factory.constructor(), self.admin)
        self.address = receipt["contractAddress"]
        self.contract = self.web3.eth.contract(address=self.address, abi=artifact["abi"])

    def receipt(self, call: Any, sender: str) -> Any:
        sent = call.transact({"from": sender, "gas": GAS})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent, timeout=30)
        assert receipt["status"] == 1
        return receipt

    def send(self, sender: str, function: str, *arguments: Any) -> Any:
        return self.receipt(getattr(self.contract.functions, function)(*arguments), sender)

    def read(self, function: str, *arguments: Any) -> Any:
        return getattr(self.contract.functions, function)(*arguments).call()

    def refusal(self, sender: str, function: str, *arguments: Any) -> str:
        """Everything that the chain said about a call that reverts."""
        with pytest.raises(Web3Exception) as caught:
            getattr(self.contract.functions, function)(*arguments).call({"from": sender, "gas": GAS})
        return f"{caught.value!r} {getattr(caught.value, 'data', '')} {getattr(caught.value, 'rpc_response', '')}"


@pytest.fixture
def ledger(chain_url: str, artifact: dict[str, Any]) -> Ledger:
    return Ledger(chain_url, artifact)


def test_deployed_code_has_the_committed_hash(ledger: Ledger, artifact: dict[str, Any]) -> None:
    assert "0x" + keccak(ledger.web3.eth.get_code(ledger.address)).hex() == artifact["codeHash"]


def test_one_issuer_from_registration_to_annulment(ledger: Ledger) -> None:
    admin, key, other = ledger.admin, ledger.key, ledger.other
    ledger.send(admin, "register", "University", "https://university.example", DOCUMENT)
    ledger.send(admin, "addKey", 1, key, 3)
    assert ledger.read("keyAt", 1, 0)[:2] == [key, 3]
    ledger.send(other, "accredit", 1, DOCUMENT, "EQF 4 to 7", 0)
    assert ledger.read("accreditations", 1, other, 0, 9)[0][0] == DOCUMENT

    ledger.send(key, "anchor", 1, 1, 300, ROOTS[0])
    receipt = ledger.send(key, "anchor", 1, 2, 1_000, ROOTS[1])
    event = ledger.contract.events.Anchored().process_receipt(receipt)[0]["args"]
    assert dict(event) == {
        "issuer": 1,
        "sequence": 2,
        "root": ROOTS[1],
        "size": 1_000,
        "previousSize": 300,
        "key": key,
    }
    time = ledger.web3.eth.get_block(receipt["blockNumber"])["timestamp"]
    assert ledger.read("anchorOf", 1, ROOTS[1]) == [2, 1_000, 300, time, receipt["blockNumber"], 0]
    assert ledger.read("head", 1) == [2, 1_000]

    ledger.send(key, "revoke", 1, [0, 3], [6, 1 << 231], 1)
    ledger.send(key, "suspend", 1, [1], [1], 0)
    ledger.send(key, "reinstate", 1, [1], [1], 0)
    assert ledger.read("statusWords", 1, 0, 0, 5) == [6, 0, 0, 1 << 231, 0]
    assert ledger.read("statusWords", 1, 1, 0, 2) == [0, 0]

    ledger.send(admin, "retireKey", 1, key, time)
    ledger.send(admin, "annul", 1, [0], [2])
    assert ledger.read("statusWords", 1, 0, 0, 1) == [4]
    ledger.send(other, "withdraw", 1, DOCUMENT)

    ledger.send(other, "register", "Successor", "", b"\0" * 32)
    ledger.send(admin, "succeed", 1, 2)
    ledger.send(other, "acceptSuccession", 1)
    assert ledger.read("issuerOf", 1)[4] == 2


def test_refusals_carry_the_custom_error(ledger: Ledger) -> None:
    ledger.send(ledger.admin, "register", "University", "", b"\0" * 32)
    ledger.send(ledger.admin, "addKey", 1, ledger.key, 1)
    ledger.send(ledger.key, "anchor", 1, 1, 300, ROOTS[0])
    wrong_sequence = keccak(text="WrongSequence(uint64,uint64)")[:4].hex() + f"{1:064x}{2:064x}"
    assert wrong_sequence in ledger.refusal(ledger.key, "anchor", 1, 1, 300, ROOTS[0])
    not_admin = keccak(text="NotAdmin(uint64,address)")[:4].hex()
    assert not_admin in ledger.refusal(ledger.other, "setUri", 1, "")
