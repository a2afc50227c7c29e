"""A new hot key in the place of the old one: one command, resumable at every step.

The order is the design. The new key is made and added before the old one is retired, so that the node
never is without one; the old one is retired, finally, before its queue is moved, so that nothing it
has signed can still land beside what the new one sends; the settings change last, so that a run after
a crash knows that it is not done. Each step is found on disk or on chain before it is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from anchor.deploying import fund, is_development_chain
from anchor.outbox import State
from node.config import write_config
from node.governing import Governor
from node.ledger_keys import add_call, keystore_address, make_keystore, named_key, retire_call, spare_keystores
from node.store import Store
from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import checksum_address
from rootseal.facts import KeyFact

__all__ = ["Rotation", "old_key", "rotate"]

_BOTH = 3
_DEV_MONEY = 10 * 10**18


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was done: the old address, the new one and its file, and how many queued transactions moved over."""

    old: bytes
    new: bytes
    key_file: Path
    moved: int
    balance: int


def old_key(governor: Governor, named: str | None) -> KeyFact:
    """The key to replace: the one named, else that of the settings, else the only one that is active.

    Raises `InputError` where it cannot be told: the keystore may be what was lost.
    """
    if named is not None:
        return named_key(governor, named)[1]
    keys = governor.ledger.keys(governor.issuer)
    try:
        address = keystore_address(governor.directory / governor.config.key_file)
    except ConfigError:
        spare = {keystore_address(path) for path, _ in spare_keystores(governor)}
        active = [key for key in keys if not key.retired_at and key.address not in spare]
        if len(active) == 1:
            return active[0]
        raise InputError("--old", "say which key is to be replaced: see `rootseal node keys list`") from None
    found = next((key for key in keys if key.address == address), None)
    if found is None:
        raise InputError("--old", "the key of the settings is not on the ledger", checksum_address(address))
    return found


def rotate(governor: Governor, old: KeyFact, compromised_since: int, report: Callable[[str], None]) -> Rotation:
    """Returns when the new key is in use. Raises `Waiting` where the admin signs elsewhere; the same call goes on."""
    governor.require_admin()
    path = _new_keystore(governor)
    new = keystore_address(path)
    governor.send(add_call(governor, new, _BOTH))
    retirement = retire_call(governor, old, compromised_since)
    if not old.retired_at or compromised_since:
        governor.send(retirement)
    balance = _money(governor, new, report)
    moved = _move_queue(governor.store, old.address, new, governor.connection.final().number)
    # Last: until this line a new run finds the new keystore beside the old setting, and goes on.
    write_config(governor.directory, replace(governor.config, key_file=path.name))
    return Rotation(old.address, new, path, moved, balance)


def _new_keystore(governor: Governor) -> Path:
    """One that was added with both roles and is not in use (an interrupted run, or `keys add`); else a new one."""
    added = [path for path, key in spare_keystores(governor) if key is not None and key.roles == _BOTH]
    return added[-1] if added else make_keystore(governor)


def _money(governor: Governor, new: bytes, report: Callable[[str], None]) -> int:
    chain = governor.connection.chain
    if chain.balance(new) == 0 and is_development_chain(chain):
        fund(chain, new, _DEV_MONEY)
        report(f"{checksum_address(new)} got test money")
    return chain.balance(new)


def _move_queue(store: Store, old: bytes, new: bytes, final: int) -> int:
    """What the old key had still to do is the new key's. What it has done is finished: its block is final."""
    with store.writing():
        for intent in store.outbox.unfinished(old):
            if intent.state is State.MINED and intent.place is not None and intent.place.number <= final:
                store.outbox.update(replace(intent, state=State.FINAL))
        moved = store.outbox.hand_over(old, new)
        store.acts.add(int(time.time()), "rotate", checksum_address(new), {"old": checksum_address(old)})
    return moved
