"""Sabotage of what an institution publishes and hands out: logs, promises, credential files."""

from __future__ import annotations

import shutil
import tarfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rootseal.typed_data import checkpoint_digest
from tests.support.history import DAY, HistoryIssuer
from tests.support.ledger_world import publish
from tests.support.sabotage_scene import Scene
from tests.support.scripted_chain import party


def root_not_reproducible(s: Scene) -> None:
    issuer = s.history.issuers[1]
    entries = list(issuer.entries)
    entries[len(entries) // 2] = sha256(b"exchanged").digest()
    shutil.rmtree(s.log(2))
    publish(issuer, s.log(2), entries)


def rewritten_between_anchors(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[1]
    issuer.entries[3] = sha256(b"rewritten").digest()
    entries, issuer.entries = issuer.entries, []
    issuer.tree = type(issuer.tree)()
    h.append(issuer, entries)
    h.seal(issuer, 5)
    h.anchor(issuer)
    h.driver.mine(DAY)
    s.publish()


def log_not_published(s: Scene) -> None:
    (s.folder / "nothing").mkdir()
    s.logs[3] = f"3={s.folder / 'nothing'}"


def log_cut_short(s: Scene) -> None:
    issuer = s.history.issuers[0]
    shutil.rmtree(s.log(1))
    publish(issuer, s.log(1), issuer.entries[: issuer.anchored - 1])


def bundle_missing(s: Scene) -> None:
    (s.log(4) / "tile/entries/000").unlink()


def bundle_malformed(s: Scene) -> None:
    bundle = s.log(4) / "tile/entries/000"
    bundle.write_bytes(bundle.read_bytes()[:-1])


def tile_wrong(s: Scene) -> None:
    (s.log(4) / "tile/0/000").write_bytes(bytes(32 * 256))


def checkpoint_wrong(s: Scene) -> None:
    shutil.rmtree(s.log(2))
    publish(s.history.issuers[1], s.log(2), checkpoint_root=sha256(b"no such root").digest())


def note_signed_by_another(s: Scene) -> None:
    publish(s.history.issuers[1], s.log(2), signer=Ed25519PrivateKey.from_private_bytes(bytes(32)))


def document_of_another(s: Scene) -> None:
    (s.log(2) / "issuer.json").write_bytes(s.history.issuers[1].document.replace(b"Example", b"Another"))


def two_logs(s: Scene) -> None:
    """Somebody is shown another log than the rest, signed like it."""
    issuer = s.history.issuers[1]
    entries = [*issuer.entries[:-2], sha256(b"for your eyes only").digest()]
    shown = publish(issuer, s.folder / "shown", entries)
    s.extra += ["--log", f"2={shown}"]


def duplicate_commitment(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[1]
    h.append(issuer, [issuer.entries[7], sha256(b"new").digest()])
    h.anchor(issuer)
    h.driver.mine(DAY)
    s.publish()


def equivocation(s: Scene) -> None:
    issuer = s.history.issuers[0]
    size = issuer.anchored - 1
    s.promise(issuer, issuer.promise(size, s.history.now, signed_root=sha256(b"other").digest()))


def promise_unkept(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[0]
    h.seal(issuer, 4)
    s.promise(issuer, issuer.promise(len(issuer.entries), h.now - DAY))
    s.publish()


def promise_forged(s: Scene) -> None:
    issuer = s.history.issuers[0]
    forged = issuer.promise(issuer.anchored, s.history.now, key=party("forger"))
    # In a file that names its home: a proof alone would be nobody's.
    s.extra += ["--promise", issuer.credential_file(s.folder / "forged.json", forged)]


def promise_by_retired_key(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[0]
    old = issuer.anchor_key
    h.rotate(issuer, 1)
    h.driver.mine(DAY)
    h.driver.settle()
    s.promise(issuer, issuer.promise(issuer.anchored, h.now + 7200, key=old))


def promise_by_stolen_key(s: Scene) -> None:
    """A promise of entries that were never published, by a key that was declared stolen before."""
    h, issuer = s.history, s.history.issuers[1]
    stolen, since = issuer.anchor_key, h.now
    h.driver.mine(3600)
    h.rotate(issuer, 1, since)
    h.driver.mine(3600)
    made = issuer.promise(issuer.anchored, h.now - DAY, key=stolen, signed_root=sha256(b"a thief's").digest())
    s.promise(issuer, replace(made, size=issuer.anchored + 9, signature=_signed(issuer, stolen, made)))


def _signed(issuer: HistoryIssuer, key: Any, made: Any) -> bytes:
    digest = checkpoint_digest(issuer.home, made.size + 9, made.root, made.signed_at, made.anchor_by)
    return bytes(key.sign_digest(digest))


def dated_back(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[1]
    given = h.credential(issuer, h.now - 400 * DAY)
    h.seal(issuer, 5, given.commitment)
    h.anchor(issuer)
    h.driver.mine(DAY)
    s.publish()
    s.extra += ["--file", given.write(s.folder / "old.json", issuer.entries.index(given.commitment))]


def left_out_of_the_log(s: Scene) -> None:
    h, issuer = s.history, s.history.issuers[1]
    s.extra += ["--file", h.credential(issuer, h.now - 3 * DAY).write(s.folder / "lost.json", 5)]


def archived(log: Path, name: str) -> Path:
    """The log as a compressed archive beside it."""
    path = log.parent / f"{name}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(log, "log")
    return path
