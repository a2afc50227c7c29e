"""Sabotage of the ledger's record: by keys, by silence, by providers that lie, by slots written past the contract."""

from __future__ import annotations

from hashlib import sha256

from anchor.ledger_abi import load_contract
from rootseal.ethereum import keccak256
from tests.support.history import DAY
from tests.support.sabotage_scene import (
    ANCHORED,
    DOCUMENT_SET,
    KEY_ADDED,
    STATUS,
    Log,
    Scene,
    add_to_slot,
    altered,
    anchor_numbered,
    word,
)


def sequence_gap(s: Scene) -> None:
    def change(log: Log) -> Log:
        number = anchor_numbered(log, 2)
        if number >= 3:
            log["topics"] = [*log["topics"][:2], "0x" + word(number + 1), *log["topics"][3:]]
        return log

    s.lie(change)


def anchor_by_no_key(s: Scene) -> None:
    def change(log: Log) -> Log:
        if anchor_numbered(log, 2) == 3:
            log["data"] = log["data"][:-40] + "12" * 20
        return log

    s.lie(change)


def anchor_by_stolen_key(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[1]
    h.seal(issuer, 5)
    h.anchor(issuer)
    h.driver.mine(3600)
    h.rotate(issuer, 1, h.now)
    h.driver.mine(3600)
    s.publish()


def statuses_by_stolen_key(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[1]
    h.status(issuer, "revoke", h.credits.plain_indexes(issuer)[-3:])
    h.driver.mine(3600)
    h.rotate(issuer, 2, h.now)
    h.driver.mine(3600)


def revocations_annulled(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[1]
    at = h.credits.plain_indexes(issuer)[-1]
    h.status(issuer, "revoke", [at])
    h.driver.mine(3600)
    h.driver.mine(3600)
    h.rotate(issuer, 2, h.now)
    h.driver.mine(3600)
    h.send(issuer.owner, "annul", issuer.number, [at >> 8], [1 << (at & 255)])
    h.driver.mine(3600)


def status_kept_back(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[1]
    h.status(issuer, "revoke", h.credits.plain_indexes(issuer)[-1:])
    h.driver.mine(3600)
    last = h.chain.block("latest")
    assert last is not None
    number = hex(last.number)
    s.lie(lambda log: None if log["topics"][0] == STATUS and log["blockNumber"] == number else log)


def accreditation_withdrawn(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[1]
    h.send(h.accreditors[1], "withdraw", issuer.number, sha256(issuer.document).digest())
    h.driver.mine(DAY)
    h.seal(issuer, 5)
    h.anchor(issuer)
    h.driver.mine(DAY)
    s.publish()


def other_description(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[1]
    issuer.version += 1
    h.describe(issuer)
    h.driver.mine(DAY)
    h.seal(issuer, 5)
    h.anchor(issuer)
    h.driver.mine(DAY)
    s.publish()


def long_silence(s: Scene) -> None:
    h = s.history
    for _ in range(4):
        for issuer in h.running()[1:]:
            h.seal(issuer, 4)
            h.anchor(issuer)
        h.driver.mine(50 * DAY)
    s.publish()


def other_program(s: Scene) -> None:
    s.ledger = "0x" + changed_contract(s, "CredentialLedger", b"").hex()


def changed_contract(s: Scene, name: str, arguments: bytes) -> bytes:
    bytecode = bytearray(load_contract(name).bytecode)
    bytecode[-1] ^= 1
    return s.history.driver.create(s.history.deployer.address, name, arguments, bytes(bytecode))


def anchors_kept_back(s: Scene) -> None:
    s.lie(lambda log: None if anchor_numbered(log, 3) == 4 else log)


def providers_disagree(s: Scene) -> None:
    lying = s.lie(lambda log: None if log["topics"][0] == STATUS else log)
    s.rpcs = [s.history.url, lying]


def head_altered(s: Scene) -> None:
    """The contract counts one entry more than was ever anchored: the slot of issuer 2's head is written."""
    slot = int.from_bytes(keccak256((2).to_bytes(32) + (2).to_bytes(32)))
    add_to_slot(s, s.history.address, slot, 1 << 160)


def anchor_altered(s: Scene) -> None:
    """The time that the contract remembers of issuer 2's first anchor is another."""
    issuer = s.history.issuers[1]
    inner = keccak256((2).to_bytes(32) + (3).to_bytes(32))
    first = next(log for log in _anchors(s) if anchor_numbered(log, issuer.number) == 1)
    slot = int.from_bytes(keccak256(bytes.fromhex(first["topics"][3][2:]) + inner))
    add_to_slot(s, s.history.address, slot, 1 << 144)


def _anchors(s: Scene) -> list[Log]:
    asked = {"address": s.history.address_text, "topics": [ANCHORED], "fromBlock": "0x0"}
    return list(s.history.driver.rpc("eth_getLogs", asked))


def name_altered(s: Scene) -> None:
    """A letter of the last issuer's name, as its registration is told."""
    last = len(s.history.issuers)
    s.lie(lambda log: altered(log, "IssuerRegistered(uint64,address,string,string)", last, -192))


def key_roles_altered(s: Scene) -> None:
    """The status key of issuer 3 is told of as one with both roles."""

    def change(log: Log) -> Log:
        if log["topics"][0] == KEY_ADDED and int(log["topics"][1], 16) == 3 and log["data"].endswith("2"):
            log["data"] = log["data"][:-1] + "3"
        return log

    s.lie(change)


def description_altered(s: Scene) -> None:
    """A new issuer that nobody accredited has another description than is told."""
    h = s.history
    issuer = h.register(len(h.issuers) + 1)
    h.issuers.pop()

    def change(log: Log) -> Log:
        if log["topics"][0] == DOCUMENT_SET and int(log["topics"][1], 16) == issuer.number:
            log["topics"] = [*log["topics"][:2], "0x" + word(5)]
        return log

    s.lie(change)


def scope_altered(s: Scene) -> None:
    """What an accreditation is for, as it is told."""
    signature = "Accredited(uint64,address,bytes32,uint64,uint64,bool,string)"
    s.lie(lambda log: altered(log, signature, 2, -64))
