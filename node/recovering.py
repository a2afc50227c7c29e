"""`node recover`: an old copy of the store catches up with the log that was published, and the log goes on.

Consensus-critical. What is filled in must be the very log that was anchored: its checkpoint is signed by this
node's log key, and its entries give the root of every anchor on chain. Entries that the copy had accepted get
their place back; of all others only the commitment is known, and documents and seeds are with their learners.
Promises are signed anew at the anchored sizes and at the published one, for roots that were promised before:
that repeats a promise, and contradicts none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from anchor.audit.log_head import LogHead, read_head
from anchor.audit.sources import Source
from anchor.ledger import call_data
from anchor.ledger_events import AnchoredEvent, anchored_events
from anchor.outbox import Intent, State
from node.log_key import verify_ed25519
from node.statuses import word_masks
from node.store import Act, Checkpoint, Entry, EntryState, StatusAct
from node.tracking import dead_anchors
from rootseal.errors import AnchoringError, ConflictError, InputError, UndeterminedError, VerificationError
from rootseal.merkle import Tree, leaf_hash
from rootseal.tlog import TILE_WIDTH, LogCheckpoint, NoteKey, Tile, open_note, origin, parse_bundle
from rootseal.typed_data import checkpoint_digest

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["Recovery", "recover"]

_MAX_AHEAD: Final = 1 << 22
_BUNDLE: Final = TILE_WIDTH * 34
_ROLE_ANCHOR: Final = 1

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was filled in, or would be. `size` is the published log's, `before` what the store had.

    Of the entries beyond `before`, `found` had been accepted here, and of `by_commitment` nothing else is known.
    `checkpoints` are the sizes that were signed anew, `anchors` how many final ones were written down.
    `status_differs` are ids whose status on chain was not asked for here; `status_taken` how many acts were taken over.
    """

    dry_run: bool
    size: int
    before: int
    found: int
    by_commitment: int
    checkpoints: tuple[int, ...]
    anchors: int = 0
    status_differs: tuple[str, ...] = ()
    status_taken: int = 0


@dataclass(frozen=True, slots=True)
class _Plan:
    """The entries beyond the store's, each with the accepted entry that it is, if any; and what is to be signed."""

    size: int
    before: int
    leaves: tuple[tuple[int, bytes, Entry | None], ...]
    promises: tuple[tuple[int, bytes], ...]


def recover(
    services: Services,
    source: Source,
    *,
    dry_run: bool = False,
    take_status: bool = False,
    progress: Progress = lambda done, total: None,
) -> Recovery:
    """Fill in what the published log has and the store has not; repeating it changes nothing.

    Raises `VerificationError` where the log is not the anchored one, `ConflictError` where it contradicts the store,
    `UndeterminedError` where it ends before the last anchor or cannot be read. Nothing is changed then.
    """
    services.connection.config.pins.check(services.connection.chain)
    plan = _plan(services, source, progress)
    found = sum(entry is not None for _, _, entry in plan.leaves)
    outcome = Recovery(
        dry_run,
        plan.size,
        plan.before,
        found,
        len(plan.leaves) - found,
        tuple(size for size, _ in plan.promises),
    )
    if dry_run:
        return outcome
    if plan.leaves or plan.promises:
        _write(services, plan)
    _give_up_dead_anchors(services)
    adopted = services.anchoring.adopt(services.now)
    differs = _status_differs(services)
    taken = _take_status(services, differs) if take_status else 0
    left = () if take_status else tuple(entry.id for entry, _ in differs)
    return replace(outcome, anchors=len(adopted), status_differs=left, status_taken=taken)


def _plan(services: Services, source: Source, progress: Progress) -> _Plan:
    store, home = services.store, services.home
    head = read_head(source)
    note = open_note(head.note, NoteKey(origin(home), services.log_key.public), verify_ed25519)
    published = LogCheckpoint.from_text(note)
    if published.origin != origin(home):
        raise VerificationError("log.origin", f"the log is that of {published.origin}, not of {origin(home)}")
    events = _anchors_on_chain(services)
    anchored = events[-1].size if events else 0
    before = store.log.size()
    if published.size < anchored:
        raise UndeterminedError(
            f"the published log ends at {published.size} entries, and {anchored} are anchored: the copy is too old; "
            "give a newer one",
            "log.short",
        )
    if published.size < before:
        raise UndeterminedError(
            f"the published log has {published.size} entries, fewer than the {before} here: nothing to recover from it",
            "log.short",
        )
    if published.size > anchored + before + _MAX_AHEAD:
        raise InputError("--log", f"claims {published.size} entries, far more than were anchored", published.size)
    entries = _entries(head, published.size, progress)
    tree = Tree(map(leaf_hash, entries))
    _check(tree, published, events)
    if entries[:before] != store.log.commitments(0, before):
        raise ConflictError(
            "the published log has other entries than this store at the same places: both were sealed from copies of "
            "one store. Nothing can join them; see 'The hot key was stolen' in docs/drills.md for how to begin anew"
        )
    leaves = tuple(
        (index, entries[index], _accepted(services, entries[index])) for index in range(before, len(entries))
    )
    sizes = sorted({event.size for event in events} | {published.size})
    missing = tuple((size, tree.root(size)) for size in sizes if size and store.log.checkpoint(size) is None)
    return _Plan(published.size, before, leaves, missing)


def _anchors_on_chain(services: Services) -> list[AnchoredEvent]:
    connection, home = services.connection, services.home
    last = connection.latest().number
    first = connection.config.deployment_block or 0
    events = anchored_events(connection.chain, home.ledger, home.issuer, first, last)
    ordered = sorted(events, key=lambda event: event.sequence)
    head = connection.ledger.head(home.issuer)
    if [event.sequence for event in ordered] != list(range(1, head.sequence + 1)):
        raise UndeterminedError("the chain does not show every anchor; run the same command again", "chain.incomplete")
    return ordered


def _entries(head: LogHead, size: int, progress: Progress) -> list[bytes]:
    entries: list[bytes] = []
    while len(entries) < size:
        width = min(size - len(entries), TILE_WIDTH)
        tile = Tile(None, len(entries) // TILE_WIDTH, width)
        data = head.source.get(head.prefix + tile.path, _BUNDLE)
        if data is not None:
            entries += parse_bundle(data, width)
        else:
            # The log may have grown since; a partial bundle may go when the full one is there.
            full = Tile(None, tile.index)
            data = None if full == tile else head.source.get(head.prefix + full.path, _BUNDLE)
            if data is None:
                raise UndeterminedError(f"the published log lacks {tile.path}; give a whole copy", "log.missing")
            entries += parse_bundle(data, TILE_WIDTH)[:width]
        progress(len(entries), size)
    return entries


def _check(tree: Tree, published: LogCheckpoint, events: Sequence[AnchoredEvent]) -> None:
    if tree.root(published.size) != published.root:
        raise VerificationError("log.checkpoint", "the published entries do not give the root of their checkpoint")
    for event in events:
        if tree.root(event.size) != event.root:
            raise VerificationError(
                "log.root",
                f"the published entries do not give the root of anchor {event.sequence}: somebody else anchored over "
                "this log, or this copy of it is false",
            )


def _accepted(services: Services, commitment: bytes) -> Entry | None:
    entry = services.store.entries.by_commitment(commitment)
    if entry is None:
        return None
    if entry.state is not EntryState.ACCEPTED:
        raise ConflictError(f"{entry.id} is {entry.state.value} here, but stands at another place of the published log")
    return entry


def _write(services: Services, plan: _Plan) -> None:
    """All in one transaction: a crash leaves the old copy, and the same command begins again."""
    connection, store, now, home = services.connection, services.store, services.now, services.home
    key = connection.ledger.key_of(home.issuer, connection.signer.address)
    if key is None or not key.roles & _ROLE_ANCHOR or key.retired_at:
        raise AnchoringError(
            f"the key 0x{connection.signer.address.hex()} may not anchor any more, so it can sign no promise; run "
            "`rootseal node keys rotate DIR` first"
        )
    with store.writing():
        store.entries.seal([(index, entry.number) for index, _, entry in plan.leaves if entry is not None])
        unknown = [(index, commitment) for index, commitment, entry in plan.leaves if entry is None]
        if unknown:
            store.recovered.add(unknown, now)
        previous = store.log.newest_checkpoint()
        signed_at = now if previous is None else max(now, previous.signed_at)
        anchor_by = signed_at + services.config.promise_seconds
        for size, root in plan.promises:
            digest = checkpoint_digest(home, size, root, signed_at, anchor_by)
            signature = connection.signer.sign_digest(digest)
            acts_head = store.acts.add(now, "recover", f"{size} entries", {"size": size, "root": root.hex()})
            store.log.add_checkpoint(
                Checkpoint(size, root, signed_at, anchor_by, connection.signer.address, signature, acts_head)
            )
    services.log.forget()


def _give_up_dead_anchors(services: Services) -> None:
    """What the copy had queued under a number that the ledger has given to another can never take effect."""
    outbox, connection = services.store.outbox, services.connection
    for intent in dead_anchors(outbox, connection.signer.address, connection.ledger, services.home.issuer):
        outbox.update(replace(intent, state=State.FINAL))


def _status_differs(services: Services) -> list[tuple[Entry, Act]]:
    """Entries whose status on chain this store did not ask for, and the act that would have brought it about."""
    shown, store = services.status_map(), services.store
    wanted = {store.entries.get(entry_id).index for entry_id in store.statuses.entries()}
    bits = {index for words in (shown.revoked, shown.suspended) for index in _set_bits(words)}
    differing: list[tuple[Entry, Act]] = []
    for index in sorted(bits | {index for index in wanted if index is not None and index < shown.size}):
        entry = store.entries.sealed(index, index + 1)[0]
        acts = store.statuses.of(entry.id)
        intents = [store.outbox.get(act.intent) for act in acts]
        if any(intent is None or intent.state is not State.FINAL for intent in intents):
            continue  # on its way
        asked = [act.act for act in acts]
        last = next((act for act in reversed(asked) if act is not Act.REVOKE), None)
        suspended = _has(shown.suspended, index)
        if _has(shown.revoked, index) and Act.REVOKE not in asked:
            differing.append((entry, Act.REVOKE))
        elif suspended != (last is Act.SUSPEND):
            differing.append((entry, Act.SUSPEND if suspended else Act.REINSTATE))
    return differing


def _take_status(services: Services, differing: Sequence[tuple[Entry, Act]]) -> int:
    """Write the ledger's status down as asked for here: the lost part of the store did, and nothing is sent."""
    store, home, key = services.store, services.home, services.connection.signer.address
    for act in Act:
        entries = [entry for entry, wanted in differing if wanted is act]
        if not entries:
            continue
        masks = word_masks(entry.index for entry in entries if entry.index is not None)
        with store.writing():
            name = f"status/{store.statuses.next_number()}/{act.value}"
            data = call_data(act.value, home.issuer, list(masks), list(masks.values()), 0)
            store.outbox.add(Intent(name, key, home.ledger, data, state=State.FINAL))
            store.statuses.add([StatusAct(entry.id, act, 0, name, services.now) for entry in entries])
            if act is Act.REVOKE:
                store.entries.retire([entry.id for entry in entries])
            store.acts.add(services.now, "recover.status", name, {"entries": [entry.id for entry in entries]})
    return len(differing)


def _set_bits(words: Sequence[int]) -> list[int]:
    return [256 * at + bit for at, word in enumerate(words) for bit in range(256) if word >> bit & 1]


def _has(words: Sequence[int], index: int) -> bool:
    return bool(words[index >> 8] >> (index & 255) & 1)
