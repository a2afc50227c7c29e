"""`make bench`, the chain's part: checkpoints a minute with one in flight, and gas a credential, on Anvil."""

from __future__ import annotations

import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from anchor.chain import Receipt
from anchor.deploying import wait_for_receipt
from anchor.ledger import call_data
from anchor.web3_chain import Web3Chain
from node.config import read_config, write_config
from node.services import Services
from tests.support.devchain import rpc
from tests.support.drivers import anvil
from tests.unit.node.nodes import TEMPLATES, make_registered, roster

__all__ = ["SIZES", "checkpoints_a_minute", "gas_a_credential"]

SIZES = (1, 10, 100, 1_000, 10_000, 100_000)
_SECONDS = 15.0


class _Prompt(Web3Chain):
    """Anvil answers before it has mined; here a transaction that was sent has its receipt."""

    def send_unlocked(self, sender: bytes, to: bytes | None, data: bytes, value: int, gas: int) -> bytes:
        transaction = super().send_unlocked(sender, to, data, value, gas)
        wait_for_receipt(self, transaction, timeout=20)
        return transaction


def checkpoints_a_minute(folder: Path) -> tuple[float, float]:
    """Checkpoints issued, sealed and anchored; bare transactions with their receipts; each a minute of wall time."""
    with anvil("checkpoints a minute", "--slots-in-an-epoch", "1") as url:
        chain = _Prompt(url)
        make_registered(folder, chain)
        write_config(folder, replace(read_config(folder), chain_urls=(url,), anchor_interval_seconds=0))
        with Services.open(folder) as services:
            services.add_templates(TEMPLATES)
            for _ in range(4):
                rpc(url, "evm_mine")
            services.connection.signer.sign_digest(bytes(32))
            began, count = time.monotonic(), 0
            while time.monotonic() - began < _SECONDS:
                services.issue(roster(1, first=count, date="2026-01-01"), "list.csv")
                services.seal()
                services.tick()
                rpc(url, "evm_mine")
                count += 1
            anchored = services.connection.ledger.head(services.home.issuer).sequence
            ours = anchored / (time.monotonic() - began) * 60
        bank = chain.accounts()[0]
        began, count = time.monotonic(), 0
        while time.monotonic() - began < _SECONDS / 3:
            chain.send_unlocked(bank, bank, b"", 0, 21_000)
            count += 1
        return ours, count / (time.monotonic() - began) * 60


def gas_a_credential(folder: Path) -> dict[int, float]:
    """Batch size → gas of its anchor for each credential in it, by the real contract, after a first anchor."""
    with anvil("gas a credential", "--slots-in-an-epoch", "1") as url:
        chain = _Prompt(url)
        make_registered(folder, chain)
        home, bank = read_config(folder).home, chain.accounts()[0]
        chain.send_unlocked(bank, home.ledger, call_data("addKey", home.issuer, bank, 3), 0, 10**6)
        total, gas = 0, dict[int, float]()
        for sequence, size in enumerate((1, *SIZES), 1):  # the first anchor of a log costs more, and is not counted
            total += size
            root = sha256(b"root %d" % sequence).digest()
            data = call_data("anchor", home.issuer, sequence, total, root)
            receipt: Receipt | None = chain.receipt(chain.send_unlocked(bank, home.ledger, data, 0, 10**6))
            if receipt is None or receipt.status != 1:
                raise SystemExit(f"the anchor of {total} entries was refused")
            gas[size] = receipt.gas_used / size
        return gas
