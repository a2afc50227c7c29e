"""Taking another ledger into use: pinned, compared with the program's own contract, and this institution registered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from anchor.calling import LedgerCall
from anchor.chain import Chain, ChainUnavailable
from anchor.deploying import fund, is_development_chain
from anchor.ledger import Ledger, ledger_abi
from anchor.pins import Pins, read_pins
from anchor.pool import open_pool
from node.config import NodeConfig
from node.connection import Connection
from node.governing import AdminKey, Governor
from node.store import Witness
from node.witnessing import witness_config
from rootseal.errors import ConfigError
from rootseal.ethereum import checksum_address

__all__ = ["NewLedger", "add_ledger", "governed_there"]

_ROLE_ANCHOR: Final = 1
_DEV_MONEY: Final = 10**18


@dataclass(frozen=True, slots=True)
class NewLedger:
    """What to take into use. `issuer` None: register there. Seconds; wei per gas."""

    chain_urls: tuple[str, ...]
    ledger: bytes
    issuer: int | None
    finality: str
    anchor_interval: int
    max_fee: int


@contextmanager
def governed_there(
    home: Connection, new: NewLedger, key: AdminKey, report: Callable[[str], None], timeout: float, now: int
) -> Iterator[tuple[Governor, Witness]]:
    """The other ledger, pinned, and the admin's key for it. The witness has number 0 and, perhaps, issuer 0 yet.

    Raises `ConfigError` where it is on a chain that is in use already, `WrongChain` where the contract is another.
    """
    chain = open_pool(new.chain_urls, _pins(new), new.finality)
    pins = read_pins(chain, new.ledger)
    Pins(pins.chain_id, contract=new.ledger, code_hash=ledger_abi().code_hash).check_code(chain)
    _check_another(home.config, pins.chain_id)
    witness = Witness(
        0,
        new.chain_urls,
        pins.chain_id,
        pins.genesis or b"",
        new.finality,
        new.ledger,
        pins.code_hash or b"",
        _created(chain, new.ledger),
        new.issuer or 0,
        new.anchor_interval,
        new.max_fee,
        now,
    )
    # Number 1 stands in until there is one: settings take no zero.
    config = witness_config(home.config, replace(witness, issuer=witness.issuer or 1))
    connection = Connection(home.directory, config, chain=chain, key_of=home)
    with Governor(home.directory, key, report, timeout=timeout, connection=connection) as governor:
        governor.outbox = governor.store.witnesses.registering(pins.chain_id)
        in_use = [w for w in governor.store.witnesses.all() if w.chain_id == pins.chain_id]
        if any((w.genesis_hash, w.ledger) != (witness.genesis_hash, witness.ledger) for w in in_use):
            raise ConfigError("--ledger", f"another ledger on chain {pins.chain_id} is in use; remove it first")
        yield governor, witness


def add_ledger(governor: Governor, witness: Witness) -> Witness:
    """Register where that is wanted, give the node's key its right, and take the ledger into use; all are repeatable.

    Raises `Waiting` where the admin signs elsewhere, `ConfigError` where the issuer there is somebody else's.
    """
    hot = governor.connection.signer.address
    issuer = witness.issuer or _registered(governor)
    governor.connection.config = governor.config = replace(governor.config, issuer=issuer)
    known = governor.ledger.key_of(issuer, hot)
    if known is not None and (known.retired_at or not known.roles & _ROLE_ANCHOR):
        raise ConfigError("key_file", "is retired or may not anchor on that ledger", checksum_address(hot))
    if known is None:
        governor.require_admin()
        what = f"let the node's key {checksum_address(hot)} anchor for issuer {issuer}"
        governor.send(LedgerCall(what, "addKey", (issuer, hot, _ROLE_ANCHOR)))
    chain = governor.connection.chain
    if chain.balance(hot) == 0 and is_development_chain(chain):
        fund(chain, hot, _DEV_MONEY)
    with governor.store.writing():
        stored = governor.store.witnesses.add(replace(witness, issuer=issuer))
        detail = {"chain": stored.chain_id, "ledger": "0x" + stored.ledger.hex(), "issuer": issuer}
        governor.store.acts.add(int(time.time()), "ledger.add", f"ledger/{stored.number}", detail)
    return stored


def _registered(governor: Governor) -> int:
    """Number of this institution there: an earlier registration by the same admin, or a new one."""
    ledger, config = governor.ledger, governor.config
    number = _number(ledger, governor.sender(), config)
    record = None if number is None else ledger.issuer(number)
    if number is not None and record is not None and record.registered_at <= governor.connection.final().timestamp:
        return number
    call = LedgerCall(f"register {config.name}", "register", (config.name, config.public_url or "", bytes(32)))
    governor.send(call)  # one that is there already is waited for until it is final
    number = _number(ledger, governor.sender(), config)
    if number is None:
        raise ConfigError("--register", "the registration cannot be found on that ledger; run the same command again")
    return number


def _number(ledger: Ledger, admin: bytes, config: NodeConfig) -> int | None:
    for number in range(ledger.issuer_count(), 0, -1):
        found = ledger.issuer(number)
        if found is not None and (found.admin, found.name, found.uri) == (admin, config.name, config.public_url or ""):
            return number
    return None


def _check_another(config: NodeConfig, chain_id: int) -> None:
    if chain_id == config.chain_id:
        # The same signed bytes would be valid on both.
        raise ConfigError("--chain-url", "is a chain with the same id as the home ledger's; a witness needs another")


def _pins(new: NewLedger) -> Pins:
    """Of the first endpoint: the others must show the same chain."""
    return read_pins(open_pool(new.chain_urls[:1], Pins(0)), new.ledger)


def _created(chain: Chain, address: bytes) -> int:
    """The block that created the contract, by bisection; 0 where the endpoint has no old state."""
    head = chain.block("latest")
    low, high = 0, 0 if head is None else head.number
    try:
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if chain.code(address, middle) else (middle + 1, high)
    except ChainUnavailable:
        return 0
    return high
