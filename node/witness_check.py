"""`node fsck` on other ledgers: their anchors against the log, their evidence, and what stands on each chain."""

from __future__ import annotations

from anchor.evidence import build, check
from node.connection import Connection
from node.fsck_report import FsckReport
from node.in_step import ahead
from node.store import AnchorRow, Store, Witness
from node.tracking import as_anchor
from node.witnessing import Witnessing
from rootseal.errors import RootsealError

__all__ = ["check_witnesses"]


def check_witnesses(store: Store, home: Connection | None, report: FsckReport, *, repair: bool) -> None:
    """Check them all, those in use also against their chain; `home` None asks no chain.

    A ledger that cannot be asked is something unchecked, never a finding: nothing depends on it.
    """
    witnessing = None if home is None else Witnessing(store, home)
    for witness in store.witnesses.all(removed=True):
        connection = None if witnessing is None else witnessing.connection(witness)
        rows = store.witnesses.anchors(witness.number).all()
        _check_rows(store, witness, rows, connection if repair else None, report)
        if connection is None or witness.removed_at is not None:
            continue
        try:
            _check_chain(witness, rows, connection, store, report)
        except RootsealError as error:
            report.unchecked.append(f"ledger {witness.number} could not be compared: {error}")


def _check_rows(
    store: Store, witness: Witness, rows: tuple[AnchorRow, ...], repairer: Connection | None, report: FsckReport
) -> None:
    previous = 0
    for sequence, row in enumerate(rows, 1):
        report.witness_anchors += 1
        name = f"anchor {row.sequence} on ledger {witness.number}"
        own = store.log.checkpoint(row.size)
        if row.sequence != sequence or row.previous_size != previous or own is None or own.root != row.root:
            report.find(
                "witness.anchor", f"{name} does not follow the one before it, or holds no promise of this store"
            )
        previous = row.size
        if row.evidence is None:
            report.unchecked.append(f"{name} has no evidence; only the chain shows it")
        elif (problem := check(as_anchor(row, witness.place, ()), row.evidence).problem) is not None:
            repaired = repairer is not None and _rebuilt(store, witness, row, repairer)
            report.find("witness.evidence", f"{name}: {problem}", repaired)


def _check_chain(
    witness: Witness, rows: tuple[AnchorRow, ...], connection: Connection, store: Store, report: FsckReport
) -> None:
    connection.config.pins.check(connection.chain)
    for row in rows:
        found = connection.ledger.anchor_of(witness.issuer, row.root)
        block = connection.chain.block(row.block.number)
        standing = found is not None and (found.sequence, found.size) == (row.sequence, row.size)
        if not standing or block is None or block.hash != row.block.hash:
            report.find("witness.chain", f"anchor {row.sequence} is not on ledger {witness.number} as the store has it")
    problem = ahead(store, connection.ledger, witness.issuer, connection.ledger.head(witness.issuer))
    if problem is not None:
        report.find("witness.ahead", f"ledger {witness.number}: {problem}")


def _rebuilt(store: Store, witness: Witness, row: AnchorRow, connection: Connection) -> bool:
    try:
        evidence = build(connection.chain, as_anchor(row, witness.place, ()))
    except RootsealError:
        return False
    store.witnesses.anchors(witness.number).replace_evidence(row.sequence, evidence)
    return evidence is not None
