"""All that the command line and the HTTP pages may ask of a node: one object, opened on one directory.

Offline questions never touch the chain; it is asked at the first method that needs it. Every method is
safe to repeat: what a crash interrupted is finished by the same call. Times are UTC seconds.
Errors are those of `rootseal.errors`; none of a library leaks out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType

from anchor.chain import Chain
from node.access import check_entries, require_person
from node.anchoring import Anchoring, AnchorOutcome, TickOutcome, Until
from node.asking import answer_seal_request, seal_requested
from node.config import NodeConfig, read_config
from node.connection import Connection
from node.copying import check_count
from node.correcting import Correcting
from node.exporting import Exporter, ExportOutcome, ExportProgress
from node.fsck import FsckReport, check_node
from node.hurrying import anchor_wanted
from node.intake import Intake
from node.issuance import Issuance, IssueOutcome, IssueProgress
from node.issuer_document import document_bytes, issuer_id
from node.log_key import LogKey
from node.principal import Role
from node.proving import CommitmentProof, Prover
from node.roster import read_roster
from node.sealing import LogTree, Sealer
from node.set_aside import withdraw
from node.statuses import Act, Statuses, StatusMap, StatusOutcome
from node.store import STORE_NAME, Checkpoint, Entry, Store
from node.summary import NodeStatus, summarise
from rootseal.commitment import Home
from rootseal.credential import IssuerProfile
from rootseal.errors import InputError
from rootseal.instants import format_date
from rootseal.microcredential import MicroCredential

__all__ = ["Services"]


class Services:
    """One node directory, wired. `with Services.open(directory) as services: …`

    Threads may share it: each has its own connection to the store, and the log's tree has a lock.
    `clock` gives UTC seconds, `sleep` waits that many; both are injected by tests.
    """

    def __init__(
        self,
        directory: Path,
        config: NodeConfig,
        store: Store,
        *,
        chain: Chain | None = None,
        passphrase: str | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.directory = directory
        self.config = config
        self.store = store
        self.connection = Connection(directory, config, chain=chain, passphrase=passphrase)
        self._clock = clock
        self._sleep = sleep

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        chain: Chain | None = None,
        passphrase: str | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        settle: bool = True,
    ) -> Services:
        """Read `node.toml` and open the store; nothing is created but, unless `settle` is off, what `settle` makes.

        `passphrase` unlocks the key where `passphrase_file` is not set. Raises `ConfigError` or
        `StoreError` whose text is the command that makes what is missing.
        """
        config = read_config(directory)
        store = Store.open(directory / STORE_NAME)
        services = cls(directory, config, store, chain=chain, passphrase=passphrase, clock=clock, sleep=sleep)
        if settle:
            services.settle()
        return services

    def close(self) -> None:
        """Close the store's connections."""
        self.store.close()

    def __enter__(self) -> Services:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # Who and where

    @property
    def home(self) -> Home:
        """The log's home. Raises `ConfigError` while registration is unfinished."""
        return self.config.home

    @property
    def now(self) -> int:
        """UTC seconds, whole."""
        return int(self._clock())

    @cached_property
    def profile(self) -> IssuerProfile:
        """The issuer as documents name it."""
        return IssuerProfile(issuer_id(self.config), self.config.name, self.config.url, self.config.country)

    @cached_property
    def log_key(self) -> LogKey:
        """The Ed25519 key that signs the published log's checkpoints; locked until it is asked to sign."""
        return LogKey.load(self.directory / self.config.log_key_file)

    @cached_property
    def log(self) -> LogTree:
        """The log in memory: loaded once from the stored commitments, then only caught up."""
        return LogTree(self.store)

    # Templates

    def templates(self) -> dict[str, MicroCredential]:
        """The newest version of every micro-credential, by key."""
        return self.store.templates.newest()

    def add_templates(self, templates: Mapping[str, MicroCredential]) -> dict[str, int]:
        """Store new ones and new versions of changed ones; unchanged ones stay. Key → version."""
        versions = self.store.templates.add(templates.values(), self.now)
        if self.store.set_aside.count():
            self.intake.try_again(at_once=True)
        return versions

    # Issuing and sealing

    def issue(
        self,
        data: bytes,
        filename: str,
        *,
        dry_run: bool = False,
        supersedes: str | None = None,
        progress: IssueProgress | None = None,
        copies: int = 1,
    ) -> IssueOutcome:
        """Issue a roster (CSV, XLSX or JSON lines); returns after COMMIT, every row accounted for.

        With `dry_run` nothing is stored, and the outcome carries one rendered document. `supersedes` is
        the id of the credential that the list's one row corrects; that one is revoked when the new
        one's anchor is final. `progress` is told how much is done, and of how much. `copies` of each award are made,
        1 to 16, for an address each where the row names holders.
        Raises `InputError` where the list as a whole cannot be read, `ConfigError` before registration,
        `AccessDenied` where the acting person may not, or nobody acts by token and `second_approver` is on.
        """
        tell = progress or (lambda done, total: None)
        if self.config.second_approver and not dry_run:
            require_person()
        report = read_roster(
            data,
            filename,
            self.templates(),
            format_date(self.now),
            lambda done, total: tell(done, 2 * total),
            copies=check_count(copies),
        )
        if not report.rows and not report.refused:
            raise InputError(filename, "names its columns and has no rows below them: there is nothing to issue")
        if supersedes is not None:
            correcting = Correcting(self.store, self.home, self.profile)
            return correcting.issue(report, supersedes, self.now, dry_run=dry_run, copies=copies)
        return Issuance(self.store, self.home, self.profile).issue(
            report, self.now, dry_run=dry_run, progress=lambda done, total: tell(total + done, 2 * total), copies=copies
        )

    def settle(self) -> None:
        """Make the credentials of all awards that were only taken in so far; now and then of those set aside, too."""
        if self.store.accepts.waiting():
            self.intake.settle()
        if self.store.set_aside.count():
            self.intake.try_again()

    @cached_property
    def intake(self) -> Intake:
        """Awards that were taken in, and whose credentials are still to be made."""
        return Intake(self.store, self.home, self.profile, lambda: self.now)

    def withdraw(self, entry_id: str) -> Entry:
        """Take back an accepted entry and its copies, or an award that was set aside; the first copy.

        They never enter the log. Raises `ConflictError` once that is sealed. Where it was a correction, the
        credential that it would have superseded is live again.
        """
        return withdraw(self.store, self.home, entry_id, self.now)

    def entry(self, entry_id: str) -> Entry:
        """One credential by its id (`urn:uuid:…`, or the UUID alone). Raises `InputError` where there is none."""
        return self.store.entries.get(entry_id)

    def seal(self, *, everything: bool = True) -> Checkpoint | None:
        """Seal accepted entries into the log and sign the promise; None where nothing waits.

        `everything` ignores the grace time. Raises `UndeterminedError` (registration not final, chain
        not reachable) or `StoreError` (chain ahead of this store, store damaged); nothing is sealed then.
        """
        self.settle()
        return self._sealer.seal(self.now, everything=everything)

    # Anchoring

    def tick(self) -> TickOutcome:
        """One round of `node run`: seal what is due, send, follow, store what is final; never sleeps.

        Raises `UndeterminedError` where the chain cannot be asked; the next tick goes on from there.
        """
        self.intake.try_again()
        asked = seal_requested(self.store)
        if asked or self._sealer.due(self.now):
            self.seal(everything=asked)
        if asked:
            answer_seal_request(self.store)
        return self.anchoring.tick(self._clock(), hurry=anchor_wanted(self.store))

    def anchor(
        self, wait: Until = "final", timeout: float = 600.0, report: Callable[[str], None] | None = None
    ) -> AnchorOutcome:
        """Anchor the newest checkpoint and wait until it is sent, mined or final, at most `timeout` seconds.

        `outcome.reached` is False where the time was up: the same call goes on (exit code 3).
        `report` hears what changes, one sentence each.
        """
        return self.anchoring.wait(wait, timeout, report)

    @cached_property
    def anchoring(self) -> Anchoring:
        """The anchoring loop's body, for `node run`."""
        return Anchoring(self.store, self.connection, self._clock, self._sleep)

    def status(self) -> NodeStatus:
        """The summary for `node status`; what the chain could not tell is None, with the reason beside it."""
        return summarise(self.store, self.connection, self.now)

    # Status of credentials

    def revoke(self, entry_ids: Sequence[str], reason: int = 0) -> StatusOutcome:
        """Queue the revocation of anchored entries (one way); reason 0 none, 1 superseded.

        Several ids share transactions. Repeating it changes nothing. It is sent by `tick` or `anchor`.
        Raises `InputError` for an unknown id, `ConflictError` for one that is not anchored yet.
        """
        check_entries(self.store, Role.REVOKE, entry_ids)
        return self.statuses.request(Act.REVOKE, entry_ids, reason, self.now)

    def suspend(self, entry_ids: Sequence[str], reason: int = 0) -> StatusOutcome:
        """Queue a suspension; otherwise as `revoke`."""
        check_entries(self.store, Role.REVOKE, entry_ids)
        return self.statuses.request(Act.SUSPEND, entry_ids, reason, self.now)

    def reinstate(self, entry_ids: Sequence[str], reason: int = 0) -> StatusOutcome:
        """Queue the end of a suspension; otherwise as `revoke`."""
        check_entries(self.store, Role.REVOKE, entry_ids)
        return self.statuses.request(Act.REINSTATE, entry_ids, reason, self.now)

    def status_map(self) -> StatusMap:
        """The whole map at the latest head, ⌈head size/256⌉ words a purpose. Asks the chain."""
        return self.statuses.map()

    @cached_property
    def statuses(self) -> Statuses:
        """Acts on the status of entries."""
        return Statuses(self.store, self.connection)

    # Handing out

    def export(
        self, entry_ids: Sequence[str] | None, out: Path, progress: ExportProgress | None = None
    ) -> ExportOutcome:
        """Write one file per credential and `manifest.csv` to `out`; None means all that are sealed.

        Atomic file by file and resumable; one line of the audit log. Raises `ConflictError` for an id that is not
        sealed yet.
        """
        return self.exporter.export(entry_ids, out, progress, self.now)

    def update(self, out: Path, progress: ExportProgress | None = None) -> ExportOutcome:
        """Give the files that lie in `out` the newer proofs that the store has by now."""
        return self.exporter.update(out, progress, self.now)

    def credential_file(self, entry_id: str) -> bytes:
        """One credential file's bytes, as `export` writes it."""
        return self.exporter.credential_file(self.entry(entry_id)).to_bytes()

    @cached_property
    def exporter(self) -> Exporter:
        """Makes credential files."""
        return Exporter(self.store, self.home, self.prover, self.issuer_document)

    # What the public pages serve

    @cached_property
    def prover(self) -> Prover:
        """Proofs from the store alone."""
        return Prover(self.store, self.home, self.log)

    def proof(self, commitment: bytes) -> CommitmentProof | None:
        """What there is for a commitment; `proofs` None while it waits to be sealed. None: not ours."""
        return self.prover.of_commitment(commitment)

    def checkpoints(self, after: int = 0, count: int = 100) -> tuple[Checkpoint, ...]:
        """Signed checkpoints with size > `after`, ascending, at most `count`."""
        return self.store.log.checkpoints(after, count)

    def newest_checkpoint(self) -> Checkpoint | None:
        """The promise with the largest size."""
        return self.store.log.newest_checkpoint()

    def entries(self, start: int, end: int) -> list[bytes]:
        """Commitments of indexes [start, end) as far as they are sealed: what log tiles are made of."""
        return self.store.log.commitments(start, end)

    def issuer_document(self) -> bytes:
        """The `rootseal/issuer/1` document now: RFC 8785 bytes whose SHA-256 goes on chain. Offline.

        Kept in the store from the first time on, so that files can carry it after it changed.
        """
        data = document_bytes(self.config, self.log_key.public)
        self.store.documents.keep(data, self.now)
        return data

    # Truth

    def fsck(self, *, repair: bool = False, offline: bool = False) -> FsckReport:
        """Prove the store against itself and, unless `offline`, the chain; repair only what is derivable."""
        anchoring = None if offline else self.anchoring
        return check_node(self.store, self.home, self.issuer_document(), anchoring, self.now, repair=repair)

    @cached_property
    def _sealer(self) -> Sealer:
        return Sealer(self.store, self.home, self.config, self.connection, self.log, self.anchoring)
