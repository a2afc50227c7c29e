"""Acts on the status of anchored entries, sent through the same outbox as anchors.

On chain stand bits by log index and a reason of 0 or 1; why else stays with the issuer, because a public
"misconduct" would be personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from anchor.ledger import REVOKED, SUSPENDED, call_data
from anchor.outbox import Intent
from node.connection import Connection
from node.store import Act, Entry, StatusAct, Store
from rootseal.errors import ConflictError, InputError
from rootseal.facts import BlockFact

__all__ = ["REASON_SUPERSEDED", "Act", "StatusMap", "StatusOutcome", "Statuses", "word_masks"]

REASON_SUPERSEDED: Final = 1
"""The one reason that stands on chain: another credential took this one's place."""

_WORD_BITS: Final = 256
_WORDS_PER_CALL: Final = 100
"""About 30,000 gas a word: three million a transaction, far below any block's limit."""


@dataclass(frozen=True, slots=True)
class StatusOutcome:
    """Entries whose act was queued, those for which it had been asked before, and the intents that carry it."""

    act: Act
    requested: tuple[str, ...]
    already: tuple[str, ...]
    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatusMap:
    """The whole map at `block`, where the log on chain has `size` entries.

    One int of 256 bits a word: bit i of word w is index 256·w + i.
    """

    block: BlockFact
    size: int
    revoked: tuple[int, ...]
    suspended: tuple[int, ...]


class Statuses:
    """Requests status changes and reads the map."""

    def __init__(self, store: Store, connection: Connection) -> None:
        self._store = store
        self._connection = connection

    def request(self, act: Act, entry_ids: Sequence[str], reason: int, now: int) -> StatusOutcome:
        """Queue `act` for the entries, all or none. See `Services.revoke`."""
        if reason not in (0, 1):
            raise InputError("reason", "must be 0 (none) or 1 (superseded)", reason)
        if reason and act is not Act.REVOKE:
            raise InputError("reason", "may be superseded only where something is revoked", reason)
        entries = self._store.entries.get_all(entry_ids)
        for entry in entries:
            self._check_anchored(entry)
        key = self._connection.signer.address  # unlocked before the writers' lock is taken
        with self._store.writing():
            wanted = [entry for entry in entries if self._changes(entry, act)]
            # One commit for the acts and what carries them: a crash leaves both or neither.
            intents = self._queue(act, wanted, reason, key, now)
            if act is Act.REVOKE:
                self._store.entries.retire([entry.id for entry in wanted])
        requested = tuple(entry.id for entry in wanted)
        already = tuple(entry.id for entry in entries if entry.id not in set(requested))
        return StatusOutcome(act, requested, already, intents)

    def would_change(self, act: Act, entry_id: str) -> bool:
        """False where `act` was asked for before. Raises as `request` does, for this one; queues nothing."""
        entry = self._store.entries.get(entry_id)
        self._check_anchored(entry)
        return self._changes(entry, act)

    def map(self) -> StatusMap:
        """The map at the latest block: a revocation must not wait for finality to be seen."""
        ledger, issuer = self._connection.ledger, self._connection.config.home.issuer
        block = self._connection.latest()
        size = ledger.head(issuer, block.number).size
        words = [ledger.status_words(issuer, purpose, size, block.number) for purpose in (REVOKED, SUSPENDED)]
        return StatusMap(BlockFact(block.number, block.hash, block.timestamp), size, words[0], words[1])

    def _check_anchored(self, entry: Entry) -> None:
        if entry.index is None:
            raise ConflictError(f"{entry.id} is not sealed; take it back with `rootseal node withdraw` instead")
        if self._store.log.introducing(entry.index) is None:
            raise ConflictError(f"{entry.id} is not anchored yet; run `rootseal node anchor` and try again")

    def _changes(self, entry: Entry, act: Act) -> bool:
        """Whether `act` changes what was asked for so far. Raises `ConflictError` for a revoked entry."""
        asked = [done.act for done in self._store.statuses.of(entry.id)]
        if Act.REVOKE in asked:
            if act is not Act.REVOKE:
                raise ConflictError(f"{entry.id} is revoked, which is final")
            return False
        suspended = bool(asked) and asked[-1] is Act.SUSPEND
        return act is Act.REVOKE or (act is Act.SUSPEND) != suspended

    def _queue(self, act: Act, entries: Sequence[Entry], reason: int, key: bytes, now: int) -> tuple[str, ...]:
        home = self._connection.config.home
        names: list[str] = []
        for part in _parts(entries):
            masks = word_masks(entry.index for entry in part if entry.index is not None)
            name = f"status/{self._store.statuses.next_number()}/{act.value}"
            data = call_data(act.value, home.issuer, list(masks), list(masks.values()), reason)
            self._store.outbox.add(Intent(name, key, home.ledger, data))
            self._store.statuses.add([StatusAct(entry.id, act, reason, name, now) for entry in part])
            self._store.acts.add(now, act.value, name, {"entries": [entry.id for entry in part], "reason": reason})
            names.append(name)
        return tuple(names)


def _parts(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries by index, cut where a call would touch too many words."""
    parts: list[list[Entry]] = []
    words: set[int] = set()
    for entry in sorted(entries, key=lambda entry: entry.index or 0):
        words.add((entry.index or 0) // _WORD_BITS)
        if not parts or len(words) > _WORDS_PER_CALL:
            parts.append([])
            words = {(entry.index or 0) // _WORD_BITS}
        parts[-1].append(entry)
    return parts


def word_masks(indexes: Iterable[int]) -> dict[int, int]:
    """Word → mask, ascending: word = index >> 8, bit = 1 << (index & 255)."""
    masks: dict[int, int] = {}
    for index in sorted(indexes):
        masks[index // _WORD_BITS] = masks.get(index // _WORD_BITS, 0) | 1 << index % _WORD_BITS
    return masks
