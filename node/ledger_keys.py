"""The issuer's keys on the ledger: found, added, retired, and what a compromise date takes back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anchor.calling import LedgerCall
from anchor.ledger_events import AnchoredEvent, anchored_events
from node.governing import Governor
from rootseal.errors import ConfigError, ConflictError, InputError
from rootseal.ethereum import checksum_address, parse_address
from rootseal.facts import KeyFact

__all__ = [
    "ROLES",
    "Consequences",
    "add_call",
    "consequences",
    "keystore_address",
    "make_keystore",
    "named_key",
    "retire_call",
    "spare_keystores",
]

ROLES: Final = {"anchor": 1, "status": 2, "both": 3}


@dataclass(frozen=True, slots=True)
class Consequences:
    """What retiring a key means: its anchors so far, those that stop counting, and who else may still do its work.

    `lost` are the sequences of anchors from the compromise date on; `credentials` how many entries they
    introduced: every one of them is rejected from then on, good ones too.
    """

    key: KeyFact
    anchors: int
    lost: tuple[int, ...]
    credentials: int
    others_anchor: bool
    others_status: bool


def named_key(governor: Governor, text: str) -> tuple[int, KeyFact]:
    """Index and key, by address or by its number in the list. Raises `InputError`."""
    keys = governor.ledger.keys(governor.issuer)
    if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) < len(keys):
        return int(text), keys[int(text)]
    if text.isascii() and text.isdigit():
        raise InputError("KEY", f"must be an address or a number from 0 to {len(keys) - 1}", text)
    address = parse_address(text, "KEY")
    for index, key in enumerate(keys):
        if key.address == address:
            return index, key
    raise InputError("KEY", f"was never a key of issuer {governor.issuer}", checksum_address(address))


def add_call(governor: Governor, address: bytes, roles: int) -> LedgerCall:
    """The call that adds a key. Raises `ConflictError` where it was there before: an address is added once."""
    known = governor.ledger.key_of(governor.issuer, address)
    if known is not None and (known.retired_at or known.roles != roles):
        what = "was retired" if known.retired_at else "has other roles"
        raise ConflictError(f"{checksum_address(address)} {what}, and an address is added only once; make a new key")
    return LedgerCall(f"add the key {checksum_address(address)}", "addKey", (governor.issuer, address, roles))


def retire_call(governor: Governor, key: KeyFact, compromised_since: int) -> LedgerCall:
    """The call that retires a key, or dates (or lowers) the compromise of a retired one.

    Raises `ConflictError` where the ledger would refuse it: a date once set can only be lowered.
    """
    name = checksum_address(key.address)
    if key.compromised_since and compromised_since > key.compromised_since:
        raise ConflictError(f"{name} is compromised since an earlier date already, and that can only be lowered")
    if compromised_since and compromised_since > governor.connection.latest().timestamp:
        raise InputError("--compromised-since", "lies in the future of the chain", compromised_since)
    return LedgerCall(f"retire the key {name}", "retireKey", (governor.issuer, key.address, compromised_since))


def consequences(governor: Governor, key: KeyFact, compromised_since: int) -> Consequences:
    """Read from the ledger's events. Raises `ChainUnavailable`."""
    chain, home = governor.connection.chain, governor.config.home
    head = governor.connection.latest()
    first = governor.config.deployment_block or 0
    events = [e for e in anchored_events(chain, home.ledger, home.issuer, first, head.number) if e.key == key.address]
    lost = [event for event in events if compromised_since and _time(governor, event) >= compromised_since]
    others = [k for k in governor.ledger.keys(home.issuer) if k.address != key.address and not k.retired_at]
    return Consequences(
        key,
        len(events),
        tuple(event.sequence for event in lost),
        sum(event.size - event.previous_size for event in lost),
        any(other.roles & 1 for other in others),
        any(other.roles & 2 for other in others),
    )


def make_keystore(governor: Governor) -> Path:
    """A new key in the node's directory, under the node's passphrase, or one made before that is on no ledger yet."""
    from anchor.keys import create_keystore

    fresh = [path for path, key in spare_keystores(governor) if key is None]
    if fresh:
        return fresh[0]
    number = 2
    while (path := governor.directory / f"key-{number}.json").exists():
        number += 1
    create_keystore(path, governor.connection.passphrase())
    return path


def spare_keystores(governor: Governor) -> list[tuple[Path, KeyFact | None]]:
    """`key-N.json` files that are not in use and not retired, each with its place on the ledger, if it has one."""
    in_use = governor.directory / governor.config.key_file
    found: list[tuple[Path, KeyFact | None]] = []
    for path in sorted(governor.directory.glob("key-*.json")):
        if path == in_use:
            continue
        key = governor.ledger.key_of(governor.issuer, keystore_address(path))
        if key is None or not key.retired_at:
            found.append((path, key))
    return found


def keystore_address(path: Path) -> bytes:
    """The address that a keystore names, without its passphrase. Raises `ConfigError`."""
    try:
        value = json.loads(path.read_bytes())
        return parse_address("0x" + str(value["address"]).lower().removeprefix("0x"), str(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError("keystore", "is not there or names no address", str(path)) from error


def _time(governor: Governor, event: AnchoredEvent) -> int:
    record = governor.ledger.anchor_of(governor.issuer, event.root)
    return 0 if record is None else record.time
