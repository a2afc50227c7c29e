"""Another ledger on a fake chain of its own, in use as a witness."""

from __future__ import annotations

from anchor.ledger import call_data, ledger_abi
from anchor.pins import read_pins
from node.services import Services
from node.store import Witness
from tests.support.fake_chain import FakeChain

__all__ = ["use_witness"]


def use_witness(services: Services, chain_id: int = 5) -> FakeChain:
    """Deployed, registered, with the right to anchor for the node's key; the chain."""
    chain = FakeChain()
    chain.id = chain_id
    bank, key = chain.accounts()[0], services.connection.signer.address
    created = chain.receipt(chain.send_unlocked(bank, None, ledger_abi().bytecode, 0, 8_000_000))
    assert created is not None
    assert created.contract is not None
    for name, arguments in (("register", ("Uni", "", bytes(32))), ("addKey", (1, key, 1))):
        chain.send_unlocked(bank, created.contract, call_data(name, *arguments), 0, 10**6)
    pins = read_pins(chain, created.contract)
    services.store.witnesses.add(
        Witness(
            0,
            ("http://127.0.0.1:1",),
            pins.chain_id,
            pins.genesis or b"",
            "tag",
            created.contract,
            pins.code_hash or b"",
            created.block_number,
            1,
            0,
            500 * 10**9,
            services.now,
        )
    )
    return chain
