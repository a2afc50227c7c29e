"""The node's disk is gone, the backup is old, and what was published since is all that is left of the log."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.audit.sources import Source, open_source
from anchor.outbox import State
from node.config import read_config, write_config
from node.publishing import LogPublisher
from node.recovering import recover
from node.services import Services
from node.store import STORE_NAME, EntryState
from rootseal.errors import ConflictError, StoreError, UndeterminedError, VerificationError
from rootseal.files import CredentialFile
from rootseal.instants import format_date
from rootseal.tlog import LogCheckpoint, sign_note
from tests.fault.scene import Scene
from tests.fault.test_history import replace_store as put_in_place
from tests.unit.node.nodes import roster

pytestmark = pytest.mark.fault("old backup, log published", "restored, caught up with the published log, gone on with")


def backed_up(world: Scene) -> Path:
    """A copy of the store as a backup makes it."""
    backup = world.directory.parent / "backup.sqlite"
    world.services.close()
    shutil.copy(world.directory / STORE_NAME, backup)
    world.restart()
    return backup


def replace_store(world: Scene, copy: Path) -> None:
    """The disk is gone, and the backup in its place."""
    world.services.close()
    put_in_place(world, copy)


def published(world: Scene) -> Path:
    out = world.directory.parent / "log"
    LogPublisher(world.services).write(out)
    return out


def open_log(out: Path) -> Source:
    return open_source(str(out))


def test_an_old_backup_catches_up_and_goes_on(world: Scene) -> None:
    world.sealed(3)
    world.settle()
    world.issue(2)  # accepted when the backup is made
    backup = backed_up(world)
    waiting = {entry.commitment for entry in world.services.store.entries.numbered(3, 9)}
    assert len(waiting) == 2
    world.services.seal()
    world.sealed(4)
    world.settle()
    world.sealed(2)  # published and promised, not anchored
    old_files = [world.services.exporter.credential_file(e) for e in world.services.store.entries.sealed(0, 11)]
    out = published(world)
    replace_store(world, backup)
    with pytest.raises(StoreError, match="the chain is ahead"):
        world.services.seal()
    dry = recover(world.services, open_log(out), dry_run=True)
    assert (dry.size, dry.before, dry.found, dry.by_commitment) == (11, 3, 2, 6)
    assert world.services.store.log.size() == 3
    done = recover(world.services, open_log(out))
    assert replace(done, dry_run=True, anchors=0) == dry
    assert done.anchors == 1
    assert done.checkpoints == (9, 11)
    again = recover(world.services, open_log(out))
    assert (again.found, again.by_commitment, again.checkpoints, again.anchors) == (0, 0, (), 0)
    # The two whose documents the backup had are whole again; the log is the one that was published.
    assert [file.commitment for file in old_files] == list(world.services.entries(0, 11))
    entries = world.services.store.entries.sealed(0, 11)
    assert {e.commitment for e in entries if e.document} >= waiting
    assert world.services.status().recovered == 6
    world.sealed(2)
    check(world, old_files)
    # What is known by its commitment alone can still be revoked.
    lost = next(entry for entry in entries if not entry.document)
    world.services.revoke([lost.id])
    world.settle()
    assert world.services.status_map().revoked == (1 << (lost.index or 0),)
    assert world.services.fsck().findings == []


def check(world: Scene, old_files: list[CredentialFile]) -> None:
    """As every scenario ends; and files of before, given the newer proofs, prove themselves."""
    world.survived()
    report = world.services.fsck()
    assert (report.recovered, report.entries, report.findings) == (6, 13, [])
    proof = world.services.proof(old_files[8].commitment)
    assert proof is not None
    assert proof.proofs is not None
    newer = CredentialFile.from_bytes(old_files[8].with_proofs(proof.proofs, old_files[8].issuer_document).to_bytes())
    assert newer.proofs.introducing(newer.home) is not None


def test_status_of_after_the_backup_is_taken_over_only_when_asked(world: Scene) -> None:
    world.sealed(3)
    world.settle()
    backup = backed_up(world)
    first, second = (entry.id for entry in world.services.store.entries.sealed(0, 2))
    world.services.revoke([first])
    world.services.suspend([second])
    world.sealed(1)
    world.settle()
    out = published(world)
    replace_store(world, backup)
    done = recover(world.services, open_log(out))
    assert set(done.status_differs) == {first, second}
    assert {finding.code for finding in world.services.fsck().findings} == {"status.differs"}
    taken = recover(world.services, open_log(out), take_status=True)
    assert (taken.status_taken, taken.status_differs) == (2, ())
    report = world.services.fsck()
    assert (report.findings, report.unchecked) == ([], [])
    world.services.reinstate([second])
    world.survived()


def test_an_anchor_that_was_half_done_in_the_backup_is_given_up_where_another_took_its_number(world: Scene) -> None:
    world.sealed(2)
    world.settle()
    world.sealed(1)
    world.services.anchoring._track.plan(lambda: True)  # anchor/2 of three entries, never signed
    backup = backed_up(world)
    world.sealed(2)
    world.settle()
    out = published(world)
    replace_store(world, backup)
    recover(world.services, open_log(out))
    intent = world.services.store.outbox.get("anchor/2")
    assert intent is not None
    assert intent.state is State.FINAL
    world.sealed(1)
    world.survived(3)


def test_what_is_not_the_anchored_log_is_refused_and_nothing_changes(world: Scene) -> None:
    world.sealed(3)
    world.settle()
    backup = backed_up(world)
    world.sealed(2)
    too_old = published(world)
    world.sealed(2)
    world.settle()
    whole = world.directory.parent / "whole"
    LogPublisher(world.services).write(whole)
    forged = world.directory.parent / "forged"
    shutil.copytree(whole, forged)
    publisher = LogPublisher(world.services)
    bundle = forged / "tile" / "entries" / "000.p" / "7"
    data = bytearray(bundle.read_bytes())
    data[-1] ^= 1
    bundle.write_bytes(bytes(data))
    unsigned = world.directory.parent / "unsigned"
    shutil.copytree(whole, unsigned)
    text = LogCheckpoint(publisher.key.name, 7, bytes(32)).text
    (unsigned / "checkpoint").write_text(sign_note(text, publisher.key, lambda message: bytes(64)))
    replace_store(world, backup)
    with pytest.raises(UndeterminedError, match="the copy is too old"):
        recover(world.services, open_log(too_old))
    with pytest.raises(VerificationError, match="do not give the root of their checkpoint"):
        recover(world.services, open_log(forged))
    with pytest.raises(VerificationError, match="wrong signature"):
        recover(world.services, open_log(unsigned))
    assert world.services.store.log.size() == 3
    recover(world.services, open_log(whole))
    world.survived()


def test_two_logs_from_one_store_are_never_joined(world: Scene) -> None:
    world.sealed(3)
    backup = backed_up(world)
    world.sealed(2)
    world.settle()
    out = published(world)
    replace_store(world, backup)
    # What a program without the guard would have done: two more sealed, and not those that were published.
    date = format_date(int(world.clock.now) - 86_400)
    world.services.issue(roster(2, first=900, date=date), "r.csv")
    with pytest.raises(StoreError, match="the chain is ahead"):
        world.services.seal()
    places = [(3 + at, e.number) for at, e in enumerate(world.services.store.entries.numbered(3, 9))]
    world.services.store.entries.seal(places)
    with pytest.raises(ConflictError, match="other entries than this store"):
        recover(world.services, open_log(out))


def test_recover_is_a_command(world: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.support.program import Program

    program = Program(capsys)
    world.sealed(2)
    world.settle()
    backup = backed_up(world)
    world.sealed(2)
    world.settle()
    out = published(world)
    replace_store(world, backup)
    world.services.close()
    write_config(world.directory, replace(read_config(world.directory), chain_urls=(world.proxy.target,)))
    dry = program("node", "recover", world.directory, "--log", out, "--dry-run", "--json")
    assert (dry.code, dry.objects[0]["byCommitment"], dry.objects[0]["dryRun"]) == (0, 2, True), dry.err
    done = program("node", "recover", world.directory, "--log", out)
    assert done.code == 0, done.err
    assert "known by the commitment alone: 2" in done.out
    world.services = Services.open(world.directory, clock=world.clock, sleep=world.clock.sleep)
    assert world.services.store.entries.counts()[EntryState.SEALED] == 4
    world.survived(2)
