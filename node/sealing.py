"""Sealing: accepted entries get their place in the log, and the checkpoint over it is signed, in one transaction.

Consensus-critical. What is signed here is a promise that cannot be taken back: two roots at one size
are equivocation. So everything is read again from disk and computed again before the signature.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from operator import itemgetter
from typing import TYPE_CHECKING

from node.anchoring import Anchoring
from node.announcing import announce_sealed
from node.config import NodeConfig
from node.connection import Connection
from node.document_guard import check_not_changing
from node.policy import seal_due
from node.store import Checkpoint, Entry, Store
from node.tracking import root_on_disk
from rootseal.anchoring import Proofs
from rootseal.commitment import Commitment, Home
from rootseal.errors import StoreError
from rootseal.files import CredentialFile
from rootseal.merkle import Tree, leaf_hash
from rootseal.typed_data import checkpoint_digest

if TYPE_CHECKING:
    from anchor.keys import Signer

__all__ = ["LogTree", "Sealer", "recomputed"]

_PAGE = 65_536


class LogTree:
    """The log's tree in memory, caught up from the stored commitments and never rebuilt. Threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tree = Tree()
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Start anew from the store at the next question: after a seal that did not commit."""
        with self._lock:
            self._tree = Tree()

    def at(self, size: int) -> Tree:
        """The tree with at least `size` leaves. Raises `StoreError` where the log has fewer."""
        with self._lock:
            while self._tree.size < size:
                first = self._tree.size
                commitments = self._store.log.commitments(first, min(first + _PAGE, size))
                if not commitments:
                    raise StoreError(f"the log has {first} entries, fewer than the {size} that were sealed; run fsck")
                self._tree.extend(map(leaf_hash, commitments))
            return self._tree


class Sealer:
    """Seals one store's entries into its log."""

    def __init__(
        self,
        store: Store,
        home: Home,
        config: NodeConfig,
        connection: Connection,
        log: LogTree,
        anchoring: Anchoring,
    ) -> None:
        self._store = store
        self._home = home
        self._config = config
        self._connection = connection
        self._log = log
        self._anchoring = anchoring

    def due(self, now: int) -> bool:
        """Whether something is ripe to be sealed by itself, and the last seal is long enough ago."""
        last = self._store.log.newest_checkpoint()
        since = None if last is None else last.signed_at
        ripe = self._store.entries.due(now - self._config.grace_seconds, approved=self._config.second_approver)
        return ripe and seal_due(now, since, self._config.seal_interval_seconds)

    def seal(self, now: int, *, everything: bool) -> Checkpoint | None:
        """Seal and sign; None where nothing waits. See `Services.seal` for what is refused."""
        accepted_by = None if everything else now - self._config.grace_seconds
        if not self._waiting(accepted_by):
            return None
        self._anchoring.check_may_seal(now)
        signer = self._connection.signer  # unlocked before the writers' lock is taken: it takes a second
        try:
            with self._store.writing():
                # A crash before the COMMIT: nothing was sealed, and the signature is lost with the process,
                # so that the next run may seal otherwise. After it: the promise stands, and only this one.
                return self._sealed(accepted_by, signer, now)
        except BaseException:
            # The tree in memory may hold leaves that the store has just forgotten.
            self._log.forget()
            raise

    def _sealed(self, accepted_by: int | None, signer: Signer, now: int) -> Checkpoint | None:
        waiting = sorted(self._waiting(accepted_by), key=itemgetter(1))
        if not waiting:
            return None
        check_not_changing(self._store, self._connection)
        previous = self._store.log.newest_checkpoint()
        first = 0 if previous is None else previous.size
        if self._store.log.size() != first:
            raise StoreError("the log has entries that no checkpoint holds; run `rootseal node fsck`")
        # By commitment: the order says nothing about the roster.
        places = [(index, number) for index, (number, _, _) in enumerate(waiting, first)]
        self._store.entries.seal(places)
        self._check_samples({template: number for number, _, template in waiting})
        size = first + len(places)
        root = self._root(previous, size)
        signed_at, anchor_by = self._times(previous, now)
        signature = signer.sign_digest(checkpoint_digest(self._home, size, root, signed_at, anchor_by))
        head = self._store.acts.add(now, "seal", f"{len(places)} entries", {"size": size, "root": root.hex()})
        checkpoint = Checkpoint(size, root, signed_at, anchor_by, signer.address, signature, head)
        self._store.log.add_checkpoint(checkpoint)
        announce_sealed(self._store, checkpoint, first)
        return checkpoint

    def _waiting(self, accepted_by: int | None) -> list[tuple[int, bytes, int]]:
        """What may be sealed; where a second approver is wanted, nothing that he has not let pass."""
        return self._store.entries.waiting(accepted_by, approved=self._config.second_approver)

    def _root(self, previous: Checkpoint | None, size: int) -> bytes:
        """The root from the rows on disk, which must agree with the tree in memory and the last promise.

        One flipped bit before a signature has ended logs before (Yeti 2022): so it is computed twice.
        """
        tree, root = self._log.at(size), root_on_disk(self._store, size)
        if tree.root(size) != root:
            raise StoreError("log in memory and log on disk differ: nothing was sealed; run `rootseal node fsck`")
        if previous is not None and tree.root(previous.size) != previous.root:
            raise StoreError("the log on disk is not the one that was promised before: run `rootseal node fsck`")
        return root

    def _check_samples(self, by_template: Mapping[int, int]) -> None:
        """One entry of each template, computed again from its document and seed, without any shortcut."""
        for entry in self._store.entries.one_of_each(by_template.values()):
            if recomputed(entry, self._home) != entry.commitment:
                raise StoreError(f"{entry.id} does not have the commitment that its document and seed give; run fsck")

    def _times(self, previous: Checkpoint | None, now: int) -> tuple[int, int]:
        """signedAt and anchorBy; a clock that jumped back must not make a promise older than the last one."""
        signed_at = now if previous is None else max(now, previous.signed_at)
        return signed_at, signed_at + self._config.promise_seconds


def recomputed(entry: Entry, home: Home) -> Commitment:
    """The commitment from the stored document and seed alone, by the code that verifies files."""
    document = json.loads(entry.document)
    return CredentialFile(home, None, document, entry.seed, entry.subject, Proofs(0, None, ())).commitment
