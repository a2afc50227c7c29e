"""Proofs of entries from the store alone: place in the log, the promise, and the final anchors that hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from node.sealing import LogTree
from node.store import AnchorRow, Entry, EntryState, Store
from node.tracking import as_anchor
from rootseal.anchoring import Anchor, Promise, Proofs
from rootseal.commitment import Home

__all__ = ["CommitmentProof", "Prover"]

_WITNESSES: Final = 32  # of them in a file, which takes 64 anchors in all


@dataclass(frozen=True, slots=True)
class CommitmentProof:
    """What there is to show for a commitment; `proofs` is None while it waits to be sealed."""

    commitment: bytes
    proofs: Proofs | None

    @property
    def final(self) -> bool:
        """True iff a final anchor holds the entry."""
        return self.proofs is not None and bool(self.proofs.anchors)


class Prover:
    """Makes proofs. Threads may share it."""

    def __init__(self, store: Store, home: Home, log: LogTree) -> None:
        self._store = store
        self._home = home
        self._log = log

    def of_commitment(self, commitment: bytes) -> CommitmentProof | None:
        """None where the commitment is not in this log: never issued, or withdrawn before it was sealed."""
        entry = self._store.entries.by_commitment(commitment)
        if entry is None or entry.state is EntryState.WITHDRAWN:
            return None
        return CommitmentProof(commitment, self.of_entry(entry))

    def of_entry(self, entry: Entry) -> Proofs | None:
        """Promise and anchors of a sealed entry: the introducing anchor and the newest; None before it is sealed."""
        if entry.index is None:
            return None
        with self._store.reading():
            introducing = self._store.log.introducing(entry.index)
            newest = self._store.log.newest_anchor()
            promise = self._promise(entry.index)
        rows = [] if introducing is None else [introducing]
        if introducing is not None and newest is not None and newest.sequence != introducing.sequence:
            rows.append(newest)
        anchors = [self._anchor(row, entry.index) for row in rows]
        # What is on another ledger only shows nothing that a verdict could rest on: it goes with the home's.
        return Proofs(entry.index, promise, (*anchors, *self._witnessed(entry.index)) if rows else ())

    def _witnessed(self, index: int) -> list[Anchor]:
        """The first anchor on each other ledger that holds the entry; also on one that is not in use any more."""
        found = []
        for witness in self._store.witnesses.all(removed=True)[:_WITNESSES]:
            row = self._store.witnesses.anchors(witness.number).introducing(index)
            if row is not None:
                path = self._log.at(row.size).inclusion_path(index, row.size)
                found.append(as_anchor(row, witness.place, path))
        return found

    def _promise(self, index: int) -> Promise | None:
        signed = self._store.log.covering(index)
        if signed is None:
            return None
        path = self._log.at(signed.size).inclusion_path(index, signed.size)
        return Promise(signed.size, signed.root, path, signed.signed_at, signed.anchor_by, signed.signature)

    def _anchor(self, row: AnchorRow, index: int) -> Anchor:
        return as_anchor(row, self._home, self._log.at(row.size).inclusion_path(index, row.size))
