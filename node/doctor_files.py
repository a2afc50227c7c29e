"""The doctor's checks that need only the disk: files and who may read them, keys, database, space."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from node import ways_out
from node.config import NodeConfig
from node.connection import Connection
from node.doctor_result import Result, ok, problem, unknown
from node.init_keys import ADMIN_KEY
from node.log_key import LogKey
from node.store import STORE_NAME
from node.store.examining import examine_file
from rootseal.errors import RootsealError
from rootseal.ethereum import checksum_address

__all__ = ["file_checks", "key_address", "store_check"]

_MEBIBYTE: Final = 1 << 20
_LEAST_FREE: Final = 200 * _MEBIBYTE


def file_checks(directory: Path, config: NodeConfig) -> Iterator[Result]:
    """Permissions, admin key, both keys and their passphrase, and free space."""
    yield _permissions(directory, config)
    yield _admin_key(directory, config)
    yield from _keys(directory, config)
    yield _space(directory)


def key_address(directory: Path, config: NodeConfig) -> bytes | None:
    """The address that stands in the node's keystore, for which no passphrase is needed; None where there is none."""
    try:
        found = json.loads((directory / config.key_file).read_bytes()[: 64 * 1024])["address"]
        address = bytes.fromhex(found.removeprefix("0x"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return address if len(address) == 20 else None


def store_check(directory: Path) -> tuple[Result, bool]:
    """SQLite's quick check and the schema; whether the store may be opened without changing it."""
    path = directory / STORE_NAME
    try:
        found = examine_file(path)
    except RootsealError as error:
        return problem("database", str(error), "see docs/operating.md, 'the database is damaged or missing'"), False
    if found.problems:
        way = "stop the node, keep a copy of DIR, restore the newest backup, run `rootseal node fsck`"
        return problem("database", f"SQLite finds the file damaged: {found.problems[0]}", way), False
    if found.schema > found.newest:
        sentence = f"the database has schema {found.schema}, this program knows {found.newest}"
        return problem("database", sentence, "upgrade the program; nothing was changed"), False
    if found.schema < found.newest:
        sentence = f"the database is sound and has schema {found.schema}; this program wants {found.newest}"
        way = "any other command upgrades it, after making a copy; take a backup before"
        return unknown("database", sentence, way), False
    return ok("database", f"sound, schema {found.schema}, {found.size / _MEBIBYTE:.1f} MiB"), True


def _permissions(directory: Path, config: NodeConfig) -> Result:
    """Nobody but the owner may read what makes the issuer: keys, passphrase, learners' data."""
    names = [config.key_file, config.log_key_file, config.passphrase_file or "", STORE_NAME]
    named = (directory / name for name in names if name)
    paths = dict.fromkeys((directory, *named, *sorted(directory.glob("*.json"))))
    wide = [path for path in paths if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    if wide:
        shown = ", ".join(str(path) for path in wide)
        return problem("permissions", f"others on this computer may read {shown}", f"chmod go-rwx {shown}")
    foreign = [path for path in paths if path.exists() and path.stat().st_uid != os.geteuid()]
    if foreign:
        way = "run the doctor, and the node, as the user who owns them"
        return problem("permissions", f"{foreign[0]} belongs to another user", way)
    return ok("permissions", "keys, passphrase and database are readable by their owner alone")


def _admin_key(directory: Path, config: NodeConfig) -> Result:
    if not (directory / ADMIN_KEY).exists():
        return ok("admin key", "is not kept here")
    if config.test:
        return ok("admin key", "lies beside the node's key, which is fine for a test ledger only")
    sentence = "lies beside the node's key: who takes this computer over takes the issuer over"
    return problem("admin key", sentence, f"move {directory / ADMIN_KEY} to a safe place; daily work does not need it")


def _keys(directory: Path, config: NodeConfig) -> Iterator[Result]:
    connection = Connection(directory, config)
    if key_address(directory, config) is None:
        way = "restore it from a backup; a lost key is replaced with `rootseal node keys rotate DIR`"
        yield problem("key", f"{directory / config.key_file} is missing or no keystore", way)
        return
    if config.passphrase_file is None:
        way = "set passphrase_file in node.toml; `node run` needs it as well"
        yield unknown("key", "no passphrase file is set, so the keys were not opened", way)
        return
    way = ways_out.way("passphrase", file=str(directory / config.passphrase_file))
    try:
        from anchor.keys import load_keystore  # a second of imports

        signer = load_keystore(directory / config.key_file, connection.passphrase())
        yield ok("key", f"{checksum_address(signer.address)} opens with the passphrase")
    except RootsealError as error:
        yield problem("key", str(error), way)
        return
    try:
        LogKey.load(directory / config.log_key_file).unlock(connection.passphrase())
        yield ok("log key", "opens with the passphrase")
    except RootsealError as error:
        yield problem("log key", str(error), way)


def _space(directory: Path) -> Result:
    """An upgrade and a backup each need as much again as the database has."""
    free = shutil.disk_usage(directory).free
    path = directory / STORE_NAME
    needed = max(_LEAST_FREE, 3 * path.stat().st_size if path.exists() else 0)
    sentence = f"{free // _MEBIBYTE} MiB free"
    if free < needed:
        way = f"free at least {needed // _MEBIBYTE} MiB: a full disk stops issuing"
        return problem("disk space", sentence, way)
    return ok("disk space", sentence)
