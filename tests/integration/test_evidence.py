"""Evidence from real blocks: the fake, the embedded chain, and Anvil with a crowded block."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from anchor.chain import Block, Chain, ChainUnavailable, Receipt
from anchor.deploying import deploy_unlocked, fund
from anchor.evidence import build, check
from anchor.keys import Signer, signer_from_secret
from anchor.ledger import call_data
from anchor.ledger_events import anchored_events
from rootseal.anchoring import Anchor, BlockRef
from rootseal.commitment import Home
from rootseal.ethereum import keccak256
from tests.support.drivers import DRIVEN, ENGINES, driver, open_engine
from tests.support.fake_chain import FakeChain
from tests.support.signed_calls import registered, request_for, send

LEFT_OUT = "evidence from Anvil's blocks"


def anchor_on(chain: Chain, ledger: bytes, issuer: int, sequence: int) -> Anchor:
    """The anchor as a file would name it."""
    head = chain.block("latest")
    assert head is not None
    event = next(e for e in anchored_events(chain, ledger, issuer, 0, head.number) if e.sequence == sequence)
    assert event.log is not None
    block = chain.block(event.log.block_number)
    assert block is not None
    home = Home(chain.chain_id(), ledger, issuer)
    place = BlockRef(block.number, block.hash, block.timestamp)
    return Anchor(home, sequence, event.size, event.previous_size, event.root, (), event.log.transaction, place, None)


def an_anchor(chain: Chain) -> Anchor:
    ledger = deploy_unlocked(chain).address
    signer = signer_from_secret(keccak256(b"evidence"))
    fund(chain, signer.address, 10**18)
    issuer = registered(chain, signer, ledger)
    send(chain, signer, ledger, call_data("anchor", issuer, 1, 10, b"\x01" * 32))
    return anchor_on(chain, ledger, issuer, 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_built_is_proven(engine: str, tmp_path: Path) -> None:
    with open_engine(engine, tmp_path, LEFT_OUT) as chain:
        anchor = an_anchor(chain)
        evidence = build(chain, anchor)
        assert evidence is not None
        fact = check(anchor, evidence)
        assert fact.problem is None
        assert fact.key == signer_from_secret(keccak256(b"evidence")).address


@pytest.mark.parametrize("engine", DRIVEN)
def test_one_of_forty_transactions_in_a_block(engine: str) -> None:
    with driver(engine, LEFT_OUT) as drive:
        chain, signer = drive.chain, signer_from_secret(keccak256(b"crowd"))
        transaction = chain.send_unlocked(chain.accounts()[0], None, _creation(), 0, 8_000_000)
        drive.mine()
        receipt = chain.receipt(transaction)
        assert receipt is not None
        assert receipt.contract is not None
        ledger = receipt.contract
        drive.set_balance(signer.address, 10**20)
        for data in (call_data("register", "U", "", bytes(32)), call_data("addKey", 1, signer.address, 3)):
            _sent(chain, signer, ledger, data, 0)
            drive.mine()
        for number in range(40):
            data = call_data("anchor", 1, number + 1, number + 1, bytes([number + 1]) * 32)
            _sent(chain, signer, ledger, data, number)
        drive.mine()
        anchors = [anchor_on(chain, ledger, 1, sequence) for sequence in (1, 2, 17, 40)]
        assert len({anchor.block.hash for anchor in anchors}) == 1
        built = [build(chain, anchor) for anchor in anchors]
        assert [e is not None and (e.receipt_index, e.log_index) for e in built] == [(0, 0), (1, 0), (16, 0), (39, 0)]


def test_a_block_that_left_the_chain_gives_no_evidence() -> None:
    chain = FakeChain()
    anchor = an_anchor(chain)
    chain.reorg(1)
    with pytest.raises(ChainUnavailable, match="not on the chain"):
        build(chain, anchor)


class OddHeaders(FakeChain):
    """Hashes its headers in a way of its own, as Besu's QBFT does."""

    def block(self, at: object) -> Block | None:
        found = super().block(at)  # type: ignore[arg-type]
        return None if found is None else replace(found, header={**found.header, "extraData": "0x99"})


class OddReceipts(FakeChain):
    """Has receipts of a kind of its own, as rollups do."""

    def block_receipts(self, block: Block) -> tuple[Receipt, ...]:
        return tuple(replace(receipt, kind=0x7E) for receipt in super().block_receipts(block))


@pytest.mark.parametrize("kind", [OddHeaders, OddReceipts])
def test_a_chain_that_is_not_standard_gives_none(kind: type[FakeChain]) -> None:
    chain = kind()
    assert build(chain, an_anchor(chain)) is None


@pytest.mark.parametrize(
    "change", [{"sequence": 2}, {"size": 11}, {"root": b"\x02" * 32}, {"previous_size": 3}], ids=str
)
def test_an_anchor_that_is_not_in_the_block_gives_none(change: dict[str, object]) -> None:
    chain = FakeChain()
    assert build(chain, replace(an_anchor(chain), **change)) is None  # type: ignore[arg-type]


def _creation() -> bytes:
    from anchor.ledger import ledger_abi

    return ledger_abi().bytecode


def _sent(chain: Chain, signer: Signer, ledger: bytes, data: bytes, ahead: int) -> None:
    request = request_for(chain, signer, ledger, data)
    chain.send_raw(signer.sign_transaction(replace(request, nonce=request.nonce + ahead, gas=200_000)).raw)
