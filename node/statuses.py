"""Acts on the status of anchored entries, sent through the same outbox as anchors.

On chain stand bits by log index and a reason of 0 or 1; why else stays with the issuer, because a public
"misconduct" would be personal data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from anchor.ledger import REVOKED, SUSPENDED, call_data
from anchor.outbox import Intent
from node.connection import Connection
from node.store import Act, Entry, EntryState, StatusAct, Store
from node.ways_out import way
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
    """Entries whose act was queued, those for which it had been asked before, and the intents that carry it.

    `following` are copies that are not anchored yet: the act reaches them by itself when they are. `withdrawn` are
    copies that were not even sealed when all of them were revoked: they never will be.
    """

    act: Act
    requested: tuple[str, ...]
    already: tuple[str, ...]
    intents: tuple[str, ...]
    following: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()


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

    def request(
        self, act: Act, entry_ids: Sequence[str], reason: int, now: int, but: Collection[str] = ()
    ) -> StatusOutcome:
        """Queue `act` for the entries and all copies of them but the ids in `but`, all or none.

        See `Services.revoke`.
        """
        if reason not in (0, 1):
            raise InputError("reason", "must be 0 (none) or 1 (superseded)", reason)
        if reason and act is not Act.REVOKE:
            raise InputError("reason", "may be superseded only where something is revoked", reason)
        named = self._store.entries.get_all(entry_ids)
        for entry in named:
            self._check_anchored(self._store.entries.award(entry)[0])
        key = self._connection.signer.address  # unlocked before the writers' lock is taken
        with self._store.writing():
            copies = [copy for copy in self._copies(named) if copy.id not in but]
            size = self._store.log.anchored_size()
            entries = [copy for copy in copies if copy.index is not None and copy.index < size]
            wanted = [entry for entry in entries if self._changes(entry, act)]
            # One commit for the acts and what carries them: a crash leaves both or neither.
            intents = self._queue(act, wanted, reason, key, now)
            withdrawn = self._give_up(copies, now) if act is Act.REVOKE else ()
        requested = tuple(entry.id for entry in wanted)
        done = {*requested, *withdrawn}
        already = tuple(entry.id for entry in entries if entry.id not in done)
        done |= set(already)
        following = tuple(copy.id for copy in copies if copy.id not in done)
        return StatusOutcome(act, requested, already, intents, following, withdrawn)

    def follow(self, now: int) -> None:
        """Queue what was asked for a credential before one of its copies was anchored. A crash: it is due again."""
        if not self._store.copies.due():
            return
        key = self._connection.signer.address
        with self._store.writing():
            due: dict[tuple[Act, int], list[str]] = {}
            for entry_id, act, reason in self._store.copies.due():
                due.setdefault((act, reason), []).append(entry_id)
            for (act, reason), entry_ids in due.items():
                self._queue(act, self._store.entries.get_all(entry_ids), reason, key, now)

    def would_change(self, act: Act, entry_id: str) -> bool:
        """False where `act` was asked for before. Raises as `request` does, for this one; queues nothing."""
        entry = self._store.entries.get(entry_id)
        self._check_anchored(self._store.entries.award(entry)[0])
        size = self._store.log.anchored_size()
        anchored = [copy for copy in self._copies([entry]) if copy.index is not None and copy.index < size]
        return any(self._changes(copy, act) for copy in anchored)

    def map(self) -> StatusMap:
        """The map at the latest block: a revocation must not wait for finality to be seen."""
        ledger, issuer = self._connection.ledger, self._connection.config.home.issuer
        block = self._connection.latest()
        size = ledger.head(issuer, block.number).size
        words = [ledger.status_words(issuer, purpose, size, block.number) for purpose in (REVOKED, SUSPENDED)]
        return StatusMap(BlockFact(block.number, block.hash, block.timestamp), size, words[0], words[1])

    def _copies(self, named: Sequence[Entry]) -> list[Entry]:
        """Every copy of these but withdrawn ones, each once."""
        awards = {entry.first_id: entry for entry in named}
        copies = [copy for entry in awards.values() for copy in self._store.entries.award(entry)]
        return [copy for copy in copies if copy.state is not EntryState.WITHDRAWN]

    def _give_up(self, copies: Sequence[Entry], now: int) -> tuple[str, ...]:
        """None of the copies is live any more, and those that are not sealed never will be; the ids of these."""
        self._store.entries.retire([copy.id for copy in copies])
        withdrawn = tuple(copy.id for copy in copies if copy.state is EntryState.ACCEPTED)
        self._store.entries.give_up(withdrawn)
        if withdrawn:
            self._store.acts.add(now, "withdraw", f"{len(withdrawn)} entries", {"entries": list(withdrawn)})
        return withdrawn

    def _check_anchored(self, entry: Entry) -> None:
        if entry.index is None:
            raise ConflictError(f"{entry.id} is not sealed; {way('withdraw')}")
        if entry.index >= self._store.log.anchored_size():
            raise ConflictError(f"{entry.id} is not anchored yet; {way('anchor')}")

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
