"""Audits of the ledger and of who tells of it: stolen keys, providers that keep events back, foreign code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anchor.chain import Chain
from anchor.deploying import wait_for_receipt
from anchor.ledger_abi import load_contract
from anchor.ledger_events import anchored_events
from rootseal.ethereum import keccak256
from tests.support import auditing
from tests.support.auditing import Auditor
from tests.support.ledger_world import ACCOUNTS, LedgerWorld, TamperingProxy, WorldIssuer, publish

audit, url, small = auditing.audit, auditing.url, auditing.small


def test_compromised_key_is_found_and_lawful_annulment_is_a_notice(
    small: WorldIssuer, audit: Auditor, tmp_path: Path
) -> None:
    world, log = small.world, publish(small, tmp_path / "log")
    world.send(0, "addKey", 1, ACCOUNTS[4].address, 2)
    world.send(4, "revoke", 1, [0], [3], 0)
    small.send("retireKey", ACCOUNTS[4].address, world.now)
    thief = audit(world, "--log", log)
    world.send(0, "annul", 1, [0], [1])
    annulled = audit(world, "--log", log)
    assert (thief.code, thief.codes) == (1, ["status.compromised"])
    assert sorted(annulled.codes) == ["status.annulled", "status.compromised"]
    small.send("retireKey", ACCOUNTS[0].address, world.now)
    assert "anchor.compromised" not in audit(world, "--log", log).codes
    since = world.ledger.anchor_of(1, _roots(world)[2])
    assert since is not None
    small.send("retireKey", ACCOUNTS[0].address, since.time)
    assert "anchor.compromised" in audit(world, "--log", log).codes


def _roots(world: LedgerWorld) -> list[bytes]:
    return [event.root for event in anchored_events(world.chain, world.address, 1, 0, world.head)]


def topic(signature: str) -> str:
    return "0x" + keccak256(signature.encode()).hex()


ANCHORED = topic("Anchored(uint64,uint64,bytes32,uint64,uint64,address)")
KEY_ADDED = topic("KeyAdded(uint64,address,uint16,uint8)")
STATUS = topic("StatusChanged(uint64,uint8,uint64,uint256,uint8,address)")


@pytest.mark.parametrize(
    ("name", "withheld"),
    [
        ("one anchor", lambda log: log["topics"][0] == ANCHORED and int(log["topics"][2], 16) == 2),
        ("the last anchor", lambda log: log["topics"][0] == ANCHORED and int(log["topics"][2], 16) == 3),
        ("a key", lambda log: log["topics"][0] == KEY_ADDED),
    ],
)
def test_provider_that_keeps_counted_events_back_is_found_alone(
    name: str, withheld: Any, small: WorldIssuer, audit: Auditor, tmp_path: Path
) -> None:
    log = publish(small, tmp_path / "log")
    with TamperingProxy(small.world.url, withheld) as provider:
        result = audit(small.world, "--log", log, rpc=provider.url)
    assert (result.code, result.codes) == (1, ["provider.incomplete"])


def test_provider_that_keeps_everything_back_is_found(small: WorldIssuer, audit: Auditor) -> None:
    with TamperingProxy(small.world.url, lambda log: True) as provider:
        result = audit(small.world, rpc=provider.url)
    assert (result.code, set(result.codes)) == (1, {"provider.incomplete"})


def test_provider_that_keeps_a_revocation_back_is_found_alone(
    small: WorldIssuer, audit: Auditor, tmp_path: Path
) -> None:
    log = publish(small, tmp_path / "log")
    small.world.send(0, "revoke", 1, [0], [1], 0)
    with TamperingProxy(small.world.url, lambda log: bool(log["topics"][0] == STATUS)) as provider:
        result = audit(small.world, "--log", log, rpc=provider.url)
    assert (result.code, result.codes) == (1, ["state.status"])


def test_pages_halve_where_the_provider_limits_them(small: WorldIssuer, audit: Auditor, tmp_path: Path) -> None:
    log = publish(small, tmp_path / "log")
    with TamperingProxy(small.world.url, span=2) as provider:
        limited = audit(small.world, "--log", log, rpc=provider.url)
    assert provider.refused > 0
    assert limited.code == 0
    assert (limited.out / "report.json").read_bytes() == (
        audit(small.world, "--log", log).out / "report.json"
    ).read_bytes()


def test_pruned_node_is_read_from_its_first_block(small: WorldIssuer, audit: Auditor, tmp_path: Path) -> None:
    log = publish(small, tmp_path / "log")
    with TamperingProxy(small.world.url, pruned=True) as provider:
        result = audit(small.world, "--log", log, rpc=provider.url)
        words = ["--rpc", provider.url, "--ledger", small.world.address_text, "--from-block", small.world.head]
        late = audit.program("audit", *words, "--out", tmp_path / "late")
    assert (result.code, result.report["audited"]["deployedAt"], result.report["audited"]["fromBlock"]) == (0, None, 0)
    # Too late a start must not be blamed on the provider.
    assert (late.code, (tmp_path / "late").exists()) == (3, False)


def test_foreign_code_at_the_address_is_found_alone(url: str, audit: Auditor) -> None:
    world = LedgerWorld(url)
    world.address = deploy_other_code(world.chain)
    result = audit(world)
    assert (result.code, result.codes) == (1, ["ledger.code"])


def deploy_other_code(chain: Chain) -> bytes:
    """The ledger with one byte of its constants changed: it answers, and is not the published one."""
    bytecode = bytearray(load_contract("CredentialLedger").bytecode)
    bytecode[-1] ^= 1
    sent = chain.send_unlocked(ACCOUNTS[0].address, None, bytes(bytecode), 0, 8_000_000)
    receipt = wait_for_receipt(chain, sent, timeout=30)
    assert receipt.contract is not None
    return receipt.contract
