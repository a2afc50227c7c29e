"""The ledger's credits contract, put on chain or taken as it is there, and named in the settings.

One contract serves a ledger for ever and has no owner: whoever deploys it has no right over it. Which one counts is
the verifier's policy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from anchor.calling import Cost, await_final
from anchor.chain import Rejection, SendRejected
from anchor.credits import check_contract, credits_abi
from anchor.deploying import deploy, wait_for_receipt
from anchor.fees import first_fees
from anchor.files import write_atomically
from anchor.ledger_abi import ContractAbi
from anchor.outbox import State
from node.config import write_config
from node.connection import Connection
from node.init_policy import POLICY_NAME
from node.settings_seen import note_settings
from node.store import Store
from rootseal.errors import AnchoringError, ConfigError, ConflictError
from rootseal.ethereum import checksum_address
from rootseal.policy import CreditsContract, format_policy, parse_policy

__all__ = ["Setup", "adopt", "deployment_cost", "put_on_chain"]

_FACT: Final = "credits-deployment"


@dataclass(frozen=True, slots=True)
class Setup:
    """One node, and how to wait: `timeout` in seconds, `report` hears a sentence each."""

    directory: Path
    store: Store
    connection: Connection
    report: Callable[[str], None]
    timeout: float = 1800.0
    sleep: Callable[[float], None] = time.sleep


def deployment_cost(connection: Connection) -> Cost:
    """Gas, and the most that it may cost in wei now. Raises `AnchoringError` where the chain asks too much."""
    chain, ceiling = connection.chain, connection.config.max_fee_per_gas
    fees = first_fees(chain.fee_quote(), ceiling)
    if fees is None:
        raise AnchoringError(f"the chain asks more than the ceiling of {ceiling} wei per gas")
    gas = chain.estimate_gas(connection.signer.address, None, _creation(connection).bytecode) * 11 // 10
    return Cost(gas, gas * fees.max_fee)


def put_on_chain(setup: Setup) -> bytes:
    """Deploy by the node's key and adopt it; the address. The same call finishes what a crash interrupted.

    Raises `ConflictError` while other transactions of the key are under way, `AnchoringError` where it is
    not mined in time.
    """
    chain, stored = setup.connection.chain, setup.store.facts.get(_FACT)
    transaction = _resume(setup, stored) if stored else _deploy(setup)
    receipt = wait_for_receipt(chain, transaction, timeout=setup.timeout)
    if receipt.status != 1 or receipt.contract is None:
        setup.store.facts.put(_FACT, b"")
        raise AnchoringError("the deployment failed; run the same command again")
    adopt(setup, receipt.contract)
    return receipt.contract


def adopt(setup: Setup, address: bytes) -> None:
    """Check code and ledger, wait until that is final, and name it in `node.toml` and the node's own policy.

    Raises `ConfigError` where another one is named already, `WrongChain` where it is not the contract.
    """
    config, code_hash = setup.connection.config, credits_abi().code_hash
    if config.credits_contract not in (None, address):
        raise ConfigError("credits_contract", "is set to another one, and learners may have claimed there")
    check_contract(setup.connection.chain, address, config.home.ledger, code_hash)
    what = "name the credits contract"
    await_final(setup.connection.chain, config.finality, what, setup.report, setup.timeout, setup.sleep)
    named = replace(config, credits_contract=address, credits_code_hash=code_hash)
    # What was edited by hand before is a line of its own. A crash once the file is written: the next command that
    # compares the settings finds the difference.
    note_settings(setup.store, config, int(time.time()))
    write_config(setup.directory, named)
    note_settings(setup.store, named, int(time.time()), "credits contract", checksum_address(address))
    _name_in_policy(setup.directory / POLICY_NAME, config.chain_id, config.home.ledger, address, code_hash)


def _deploy(setup: Setup) -> bytes:
    signer = setup.connection.signer
    under_way = (State.SIGNED, State.SENT)
    if any(intent.state in under_way for intent in setup.store.outbox.unfinished(signer.address)):
        problem = "transactions of the node's key are under way"
        raise ConflictError(f"{problem}; run `rootseal node anchor DIR` and then this again")
    config = setup.connection.config
    # Announced before it is broadcast: a crash in between is resumed with the same bytes, hence the same address.
    done = deploy(
        setup.connection.chain,
        signer,
        _creation(setup.connection),
        ceiling=config.max_fee_per_gas,
        timeout=setup.timeout,
        announce=lambda transaction, raw: _write_down(setup, transaction, raw),
    )
    return done.transaction


def _write_down(setup: Setup, transaction: bytes, raw: bytes) -> None:
    with setup.store.writing():
        setup.store.facts.put(_FACT, transaction + raw)
        setup.store.acts.add(int(time.time()), "credits deploy", "0x" + transaction.hex(), {})


def _resume(setup: Setup, stored: bytes) -> bytes:
    chain, transaction, raw = setup.connection.chain, stored[:32], stored[32:]
    if chain.receipt(transaction) is not None:
        return transaction
    try:
        chain.send_raw(raw)
    except SendRejected as error:
        if error.kind is Rejection.NONCE_TOO_LOW and chain.receipt(transaction) is None:
            setup.store.facts.put(_FACT, b"")
            raise AnchoringError("the deployment was lost: its nonce is used; run the same command again") from error
        if error.kind not in (Rejection.ALREADY_KNOWN, Rejection.NONCE_TOO_LOW):
            raise
    return transaction


def _creation(connection: Connection) -> ContractAbi:
    """The contract with its one argument behind the creation code."""
    abi = credits_abi()
    return replace(abi, bytecode=abi.bytecode + connection.config.home.ledger.rjust(32, b"\0"))


def _name_in_policy(path: Path, chain_id: int, ledger: bytes, address: bytes, code_hash: bytes) -> None:
    """Only where the node's own policy names none for this ledger: what a person wrote stays."""
    if not path.exists():
        return
    policy, named = parse_policy(path.read_text(encoding="utf-8")), CreditsContract(address, code_hash)
    changed = tuple(
        replace(one, credits=named)
        if (one.chain_id, one.address) == (chain_id, ledger) and one.credits is None
        else one
        for one in policy.ledgers
    )
    write_atomically(path, format_policy(replace(policy, ledgers=changed)).encode(), mode=0o644)
