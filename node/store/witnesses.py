"""Other ledgers that this log is anchored on: their settings, their anchors, and what was last seen of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from node.store.anchors import AnchorTable
from node.store.database import Database
from node.store.outbox import StoredOutbox
from rootseal.commitment import Home
from rootseal.errors import InputError, StoreError

__all__ = ["Witness", "Witnesses"]

_WITNESS: Final = (
    "SELECT number, chain_urls, chain_id, genesis_hash, finality, ledger, code_hash, deployment_block, issuer,"
    " anchor_interval, max_fee, added_at, removed_at, problem, seen_at FROM witnesses"
)
_TABLES: Final = ("witness_intents", "witness_attempts")


@dataclass(frozen=True, slots=True)
class Witness:
    """One other ledger, pinned as the home is. `issuer` is this institution's number there.

    `anchor_interval` seconds, `max_fee` wei per gas. `problem` says why the last round there failed, None where it
    did not; `seen_at` is when that changed last (UTC seconds). `removed_at` None: it is in use.
    """

    number: int
    chain_urls: tuple[str, ...]
    chain_id: int
    genesis_hash: bytes
    finality: str
    ledger: bytes
    code_hash: bytes
    deployment_block: int
    issuer: int
    anchor_interval: int
    max_fee: int
    added_at: int
    removed_at: int | None = None
    problem: str | None = None
    seen_at: int | None = None

    @property
    def place(self) -> Home:
        """Chain, ledger and issuer number, as anchors in files name them."""
        return Home(self.chain_id, self.ledger, self.issuer)


class Witnesses:
    """The table `witnesses`, and the way to each one's anchors and outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, w: Witness) -> Witness:
        """Store it, or take a removed one into use again; the number of `w` is ignored.

        Raises `ConflictError` where another ledger on the same chain is in use.
        """
        with self._database.writing():
            self._database.change(
                "INSERT INTO witnesses (chain_urls, chain_id, genesis_hash, finality, ledger, code_hash,"
                " deployment_block, issuer, anchor_interval, max_fee, added_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (chain_id, genesis_hash, ledger, issuer) DO UPDATE SET chain_urls = excluded.chain_urls,"
                " finality = excluded.finality, anchor_interval = excluded.anchor_interval,"
                " max_fee = excluded.max_fee, removed_at = NULL, problem = NULL",
                (
                    *(json.dumps(w.chain_urls), w.chain_id, w.genesis_hash, w.finality, w.ledger, w.code_hash),
                    *(w.deployment_block, w.issuer, w.anchor_interval, w.max_fee, w.added_at),
                ),
            )
            found = self._one(
                "chain_id = ? AND genesis_hash = ? AND ledger = ? AND issuer = ?",
                *(w.chain_id, w.genesis_hash, w.ledger, w.issuer),
            )
        if found is None:
            raise StoreError(f"{self._database.path}: the ledger that was just added is not there")
        return found

    def get(self, number: int) -> Witness:
        """The one in use with this number. Raises `InputError` where there is none."""
        found = self._one("number = ? AND removed_at IS NULL", number)
        if found is None:
            raise InputError("NUMBER", "no such ledger is in use; `rootseal node ledgers list` shows them", number)
        return found

    def all(self, *, removed: bool = False) -> tuple[Witness, ...]:
        """Those in use by number; with `removed` also those that were."""
        where = "1" if removed else "removed_at IS NULL"
        return tuple(_witness(row) for row in self._database.rows(f"{_WITNESS} WHERE {where} ORDER BY number"))

    def remove(self, number: int, now: int) -> None:
        """Nothing more is anchored there; what was stays, and stays in files."""
        self._database.change("UPDATE witnesses SET removed_at = ? WHERE number = ?", (now, number))

    def saw(self, number: int, problem: str | None, now: int) -> bool:
        """Write down how the last round went; False, and nothing written, where that is no news."""
        return bool(
            self._database.change(
                "UPDATE witnesses SET problem = ?1, seen_at = ?2"
                " WHERE number = ?3 AND (problem IS NOT ?1 OR seen_at IS NULL)",
                (problem, now, number),
            )
        )

    def anchors(self, number: int) -> AnchorTable:
        """What stands on that ledger, finally."""
        return AnchorTable(self._database, number)

    def outbox(self, number: int) -> StoredOutbox:
        """What has to be sent there: own intents, own nonces."""
        return StoredOutbox(self._database, _TABLES, f"{number}/")

    def registering(self, chain_id: int) -> StoredOutbox:
        """What the admin has to send on that chain before the ledger there is in use."""
        return StoredOutbox(self._database, _TABLES, f"chain/{chain_id}/")

    def _one(self, where: str, *parameters: object) -> Witness | None:
        found = self._database.row(f"{_WITNESS} WHERE {where}", parameters)
        return None if found is None else _witness(found)


def _witness(row: tuple[Any, ...]) -> Witness:
    number, urls, *rest = row
    return Witness(number, tuple(json.loads(urls)), *rest)
