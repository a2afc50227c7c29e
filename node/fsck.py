"""`node fsck`: proves the store against itself and against the chain.

Everything is computed again from documents and seeds, by the code that verifies files. It repairs only
what is derivable (anchors, evidence, from the chain), never what was promised; and it says what it could
not check.
"""

from __future__ import annotations

import json
from hashlib import sha256

from anchor.chain import WrongChain
from anchor.evidence import build, check
from anchor.ledger_events import anchored_events
from anchor.outbox import State
from node.anchoring import Anchoring
from node.connection import Connection
from node.copies_check import check_copies
from node.fsck_acts import check_acts
from node.fsck_report import Finding, FsckReport
from node.fsck_rows import all_checkpoints, all_entries
from node.sealing import recomputed
from node.set_aside import one_set_aside
from node.statuses import Statuses
from node.store import Act, AnchorRow, Store
from node.store.erasing import erased_seed
from node.store.recovered import recovered_id
from node.tracking import as_anchor, document_in_force
from node.witness_check import check_witnesses
from rootseal.commitment import Home
from rootseal.errors import InputError, RootsealError, StoreError, UndeterminedError
from rootseal.ethereum import recover
from rootseal.merkle import Tree, leaf_hash
from rootseal.plurals import counted
from rootseal.typed_data import checkpoint_digest

__all__ = ["Finding", "FsckReport", "check_node"]


def check_node(
    store: Store, home: Home, document: bytes, anchoring: Anchoring | None, now: int, *, repair: bool
) -> FsckReport:
    """Check `store` as the log of `home`; `anchoring` None leaves the chain out, `document` is the issuer's now."""
    report = FsckReport()
    for problem in store.problems():
        report.find("store.damaged", f"SQLite finds the file damaged: {problem}")
    _check_entries(store, home, report)
    for row in store.set_aside.all():
        report.find("award.set_aside", f"{one_set_aside(row)}; `rootseal node status DIR` says the way out")
    check_copies(store, report)
    tree = _check_log(store, report)
    _check_checkpoints(store, home, tree, report)
    _check_anchors(store, home, report, anchoring if repair else None)
    check_acts(store, report)
    check_witnesses(store, None if anchoring is None else anchoring.connection, report, repair=repair)
    if anchoring is None:
        report.unchecked.append("the chain was not asked: anchors, keys, status and documents there were not compared")
        return report
    try:
        _check_chain(store, home, document, anchoring, now, report, repair)
    except WrongChain as error:
        report.find("chain.wrong", str(error))
    except UndeterminedError as error:
        report.unchecked.append(f"the chain could not be compared: {error}")
    return report


def _check_entries(store: Store, home: Home, report: FsckReport) -> None:
    """Every commitment, from document and seed, without the shortcut that issuing takes; erased ones are empty."""
    erased, recovered = store.erasures.all(), store.recovered.all()
    for entry in all_entries(store):
        report.entries += 1
        if entry.id in erased:
            report.erased += entry.id not in recovered
            report.recovered += entry.id in recovered
            if entry.id in recovered and entry.id != recovered_id(entry.commitment):
                report.find("entry.recovered", f"{entry.id}: was recovered, but its id is not that of its commitment")
            if entry.document or entry.email or entry.seed != erased_seed(entry.commitment):
                report.find("entry.erased", f"{entry.id}: was erased, but something of it is here; erase it again")
            continue
        try:
            if recomputed(entry, home) != entry.commitment:
                report.find("entry.commitment", f"{entry.id}: document and seed do not give its commitment")
        except (InputError, ValueError) as error:
            report.find("entry.document", f"{entry.id}: its document cannot be read: {error}")


def _check_log(store: Store, report: FsckReport) -> Tree:
    """Indexes without a gap, each batch in order of its commitments; the tree over them."""
    tree = Tree()
    try:
        commitments = store.log.commitments(0, store.log.size())
    except StoreError as error:
        report.find("log.gap", str(error))
        return tree
    tree.extend(map(leaf_hash, commitments))
    start, recovered = 0, _recoveries(store)
    for checkpoint in all_checkpoints(store):
        batch = commitments[start : checkpoint.size]
        # What was recovered may hold several batches: only the anchored sizes are known again.
        if batch != sorted(batch) and checkpoint.size not in recovered:
            report.find("log.order", f"entries {start} to {checkpoint.size - 1} are not in order of their commitments")
        start = checkpoint.size
    if start != len(commitments):
        size = counted(len(commitments), "entry")
        report.find("log.unpromised", f"the log has {size}, but the last promise covers {start}")
    return tree


def _check_checkpoints(store: Store, home: Home, tree: Tree, report: FsckReport) -> None:
    for c in all_checkpoints(store):
        report.checkpoints += 1
        if c.size > tree.size or tree.root(c.size) != c.root:
            report.find("checkpoint.root", f"the promise of size {c.size} has another root than the entries give")
        if recover(checkpoint_digest(home, c.size, c.root, c.signed_at, c.anchor_by), c.signature) != c.key:
            report.find("checkpoint.signature", f"the promise of size {c.size} is not signed by the key beside it")


def _check_anchors(store: Store, home: Home, report: FsckReport, repairer: Anchoring | None) -> None:
    previous = 0
    for sequence, row in enumerate(store.log.anchors(), 1):
        report.anchors += 1
        own = store.log.checkpoint(row.size)
        if row.sequence != sequence or row.previous_size != previous:
            report.find("anchor.gap", f"anchor {row.sequence} does not follow the one before it")
        if own is None or own.root != row.root:
            report.find("anchor.checkpoint", f"anchor {row.sequence} holds no promise of this store")
        previous = row.size
        if row.evidence is None:
            report.unchecked.append(f"anchor {row.sequence} has no evidence; only the chain shows it")
            continue
        problem = check(as_anchor(row, home, ()), row.evidence).problem
        if problem is not None:
            repaired = repairer is not None and _rebuilt(store, home, row, repairer.connection)
            report.find("anchor.evidence", f"anchor {row.sequence}: {problem}", repaired)


def _recoveries(store: Store) -> frozenset[int]:
    """Sizes of the promises that a recovery signed anew."""
    return frozenset(json.loads(act.detail)["size"] for act in store.acts.all() if act.act == "recover")


def _rebuilt(store: Store, home: Home, row: AnchorRow, connection: Connection) -> bool:
    """Evidence made anew from the chain."""
    try:
        evidence = build(connection.chain, as_anchor(row, home, ()))
    except RootsealError:
        return False
    store.log.replace_evidence(row.sequence, evidence)
    return evidence is not None


def _check_chain(
    store: Store, home: Home, document: bytes, anchoring: Anchoring, now: int, report: FsckReport, repair: bool
) -> None:
    connection = anchoring.connection
    connection.config.pins.check(connection.chain)
    _check_head(store, home, anchoring, now, report, repair)
    for row in store.log.anchors():
        _check_anchor_on_chain(home, row, connection, report)
    keys = {key.address for key in connection.ledger.keys(home.issuer) if key.roles & 1}
    for c in all_checkpoints(store):
        if c.key not in keys:
            report.find("checkpoint.key", f"the promise of size {c.size} is signed by no anchor key of the issuer")
    history = connection.ledger.documents(home.issuer)
    if not history or history[-1].document_hash != sha256(document).digest():
        report.find("document.unregistered", "the issuer document of these settings is not the one on the ledger")
    _check_status(store, connection, report)
    _check_events(store, home, connection, report)


def _check_head(store: Store, home: Home, anchoring: Anchoring, now: int, report: FsckReport, repair: bool) -> None:
    newest = store.log.newest_anchor()
    known = 0 if newest is None else newest.sequence
    head = anchoring.connection.ledger.head(home.issuer)
    if head.sequence < known:
        anchors = counted(head.sequence, "anchor")
        report.find("chain.behind", f"the chain has {anchors}, the store {known}: the chain was set back")
    try:
        missing = tuple(row.sequence for row in anchoring.adopt(now)) if repair else anchoring.unstored()
    except StoreError as error:
        report.find("chain.ahead", str(error))
        return
    for sequence in missing:
        _tell_missing(store, sequence, report, repair)
    for sequence in range(max((known, *missing)) + 1, head.sequence + 1):
        report.unchecked.append(f"anchor {sequence} is on chain, but not final yet, or its event is kept back")


def _tell_missing(store: Store, sequence: int, report: FsckReport, repair: bool) -> None:
    """What the outbox still follows is no loss: the node writes it down in its next round."""
    intent = store.outbox.get(f"anchor/{sequence}")
    if not repair and intent is not None and intent.state is not State.FINAL:
        report.unchecked.append(f"anchor {sequence} is final on chain; the node has not written it down yet")
        return
    way = "" if repair else ": `rootseal node fsck DIR --repair` takes it from there"
    report.find("anchor.missing", f"anchor {sequence} is final on chain but was not in the store{way}", repair)


def _check_anchor_on_chain(home: Home, row: AnchorRow, connection: Connection, report: FsckReport) -> None:
    found = connection.ledger.anchor_of(home.issuer, row.root)
    expected = (row.sequence, row.size, row.previous_size)
    if found is None or (found.sequence, found.size, found.previous_size) != expected:
        report.find("chain.anchor", f"anchor {row.sequence} is not on the ledger as the store has it")
        return
    block = connection.chain.block(row.block.number)
    if block is None or block.hash != row.block.hash:
        report.find("chain.block", f"the block of anchor {row.sequence} is not on the chain, although it was final")


def _check_events(store: Store, home: Home, connection: Connection, report: FsckReport) -> None:
    """What files take from each row: who anchored it, by which transaction, and under which issuer document."""
    ledger = connection.ledger
    documents = ledger.documents(home.issuer)
    for row in store.log.anchors():
        block = row.block.number
        events = anchored_events(connection.chain, ledger.address, home.issuer, block, block)
        event = next((event for event in events if event.root == row.root), None)
        if event is None or event.log is None:
            report.unchecked.append(f"the event of anchor {row.sequence} is not given, so its row was not compared")
            continue
        shown = (event.key, event.log.transaction, document_in_force(documents, block))
        if shown != (row.key, row.transaction, row.document_hash):
            what = "its key, its transaction or its issuer document"
            report.find("chain.anchor", f"anchor {row.sequence}: {what} is not the one on the ledger")


def _check_status(store: Store, connection: Connection, report: FsckReport) -> None:
    """The map against the acts whose transactions are final; later ones may go either way."""
    shown = Statuses(store, connection).map()
    for entry in all_entries(store):
        acts = store.statuses.of(entry.id)
        if entry.index is None or entry.index >= shown.size:
            continue
        intents = [store.outbox.get(act.intent) for act in acts]
        if any(intent is None or intent.state is not State.FINAL for intent in intents):
            report.unchecked.append(f"{entry.id}: its status is still on the way to the chain")
            continue
        done = [act.act for act in acts]
        wanted = (Act.REVOKE in done, _suspended(done))
        found = (_bit(shown.revoked, entry.index), _bit(shown.suspended, entry.index))
        if wanted != found:
            report.find("status.differs", f"{entry.id}: the ledger's status is not what was asked for here")


def _suspended(acts: list[Act]) -> bool:
    last = next((act for act in reversed(acts) if act is not Act.REVOKE), None)
    return last is Act.SUSPEND


def _bit(words: tuple[int, ...], index: int) -> bool:
    return bool(words[index >> 8] >> (index & 255) & 1)
