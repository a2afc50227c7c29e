"""Handing out: one file per credential, named by its UUID, and a manifest for delivery.

Each file is complete or not there, so that an export that was cut off is finished by the same command.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anchor.files import sync_directory, write_atomically
from node.copying import handed_out
from node.proving import Prover
from node.store import Entry, EntryState, Store
from rootseal.canonical import Json, loads
from rootseal.commitment import Home
from rootseal.errors import ConflictError, InputError
from rootseal.files import CredentialFile

__all__ = ["MANIFEST_NAME", "ExportOutcome", "ExportProgress", "Exporter"]

ExportProgress = Callable[[int], None]
"""Called with the number of files done so far."""

MANIFEST_NAME: Final = "manifest.csv"
_SUFFIX: Final = ".credential.json"
_PAGE: Final = 500
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """`written` files are new or newer, `unchanged` were right already; `anchored` of all hold a final anchor.

    `waiting` counts accepted entries that have no file because they are not sealed yet; `unknown` names
    files in the folder that are no credential of this node, or of one that was erased.
    """

    directory: Path
    written: int
    unchanged: int
    anchored: int
    waiting: int
    unknown: tuple[str, ...] = ()


class Exporter:
    """Makes credential files. `current_document` gives the issuer document as it is now."""

    def __init__(self, store: Store, home: Home, prover: Prover, current_document: Callable[[], bytes]) -> None:
        self._store = store
        self._home = home
        self._prover = prover
        self._current_document = current_document

    def credential_file(self, entry: Entry) -> CredentialFile:
        """The complete file with the newest proofs. Raises `ConflictError` where the entry is not sealed."""
        proofs = self._prover.of_entry(entry)
        if proofs is None or entry.index is None:
            raise ConflictError(f"{entry.id} is {entry.state.value}, not sealed: it has no place in the log to show")
        if self._store.erasures.at(entry.id) is not None:
            raise InputError("id", "was erased: only the learner has this credential now", entry.id)
        document = self._issuer_document(entry.index)
        return CredentialFile(self._home, document, json.loads(entry.document), entry.seed, entry.subject, proofs)

    def export(
        self, entry_ids: Sequence[str] | None, out: Path, progress: ExportProgress | None, now: int
    ) -> ExportOutcome:
        """See `Services.export`. A crash leaves complete files only; the manifest comes last."""
        entries: Iterable[Entry]
        subject, detail = "all that are sealed", dict[str, object]()
        if entry_ids is None:
            entries = self._all_sealed()
        else:
            named = self._store.entries.get_all(entry_ids)
            for entry in named:
                self.credential_file(entry)
            entries = {copy.id: copy for entry in named for copy in handed_out(self._store, entry)}.values()
            subject, detail = f"{len(entries)} files", {"entries": [entry.id for entry in entries]}
        _make(out)
        # Before the first file: whoever interrupts it has what was written so far.
        self._store.acts.add(now, "export", subject, detail)
        return self._write(entries, out, progress, ())

    def update(self, out: Path, progress: ExportProgress | None, now: int) -> ExportOutcome:
        """See `Services.update`. The audit log has a line of it where a file was newer."""
        if not out.is_dir():
            raise InputError("out", "is no folder of exported files", str(out))
        names = sorted(path.name for path in out.iterdir() if path.name.endswith(_SUFFIX))
        entries: list[Entry] = []
        unknown: list[str] = []
        erased = self._store.erasures.all()
        for name in names:
            try:
                entry = self._store.entries.get(name.removesuffix(_SUFFIX))
            except InputError:
                unknown.append(name)
                continue
            if entry.id in erased:
                # It should not lie here any more, but it is not ours to delete.
                unknown.append(name)
            else:
                entries.append(entry)
        ids = [entry.id for entry in entries]

        def told() -> None:
            self._store.acts.add(now, "update", f"{len(ids)} files", {"entries": ids})

        return self._write(entries, out, progress, tuple(unknown), told)

    def _write(
        self,
        entries: Iterable[Entry],
        out: Path,
        progress: ExportProgress | None,
        unknown: tuple[str, ...],
        before_first: Callable[[], None] = lambda: None,
    ) -> ExportOutcome:
        written = unchanged = anchored = 0
        for done, entry in enumerate(entries, 1):
            file = self.credential_file(entry)
            anchored += bool(file.proofs.anchors)
            path, data = out / f"{entry.uuid}{_SUFFIX}", file.to_bytes()
            if _differs(path, data):
                if not written:
                    before_first()
                _put(path, data)
                written += 1
            else:
                unchanged += 1
            if progress is not None:
                progress(done)
        self._write_manifest(out)
        waiting = self._store.entries.counts()[EntryState.ACCEPTED]
        return ExportOutcome(out, written, unchanged, anchored, waiting, unknown)

    def _write_manifest(self, out: Path) -> None:
        """Every credential whose file lies in `out`, so that a second export adds to the first.

        In the order of the lists and of their lines, which is that of acceptance; the log's order says nothing.
        """
        present = {path.name for path in out.iterdir()}
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(("line", "learner_id", "email", "file"))
        numbers: dict[str, int] = {}
        rows: list[tuple[str, int, tuple[int, str, str, str]]] = []
        for entry in self._all_sealed():
            name = f"{entry.uuid}{_SUFFIX}"
            if entry.copy_of is None:
                numbers[entry.id] = entry.number
            if name in present:
                row = entry.line, _cell(entry.learner), _cell(entry.email), name
                rows.append((entry.first_id, entry.copy, row))
        # The copies of one credential stand together.
        writer.writerows(row for _, _, row in sorted(rows, key=lambda row: (numbers[row[0]], row[1])))
        # The byte-order mark makes spreadsheets read UTF-8.
        _put(out / MANIFEST_NAME, b"\xef\xbb\xbf" + text.getvalue().encode())
        _translate(lambda: sync_directory(out), out)

    def _issuer_document(self, index: int) -> Json:
        """The document in force at the introducing anchor; before there is one, today's; None where unknown."""
        anchor = self._store.log.introducing(index)
        if anchor is None:
            return loads(self._current_document())
        if anchor.document_hash is None:
            return None
        content = self._store.documents.get(anchor.document_hash)
        if content is None:
            # A store that never kept it: today's, if it is the one.
            self._current_document()
            content = self._store.documents.get(anchor.document_hash)
        return None if content is None else loads(content)

    def _all_sealed(self) -> Iterator[Entry]:
        """By index, without those that were erased."""
        erased = self._store.erasures.all()
        for start in range(0, self._store.log.size(), _PAGE):
            yield from (e for e in self._store.entries.sealed(start, start + _PAGE) if e.id not in erased)


def _differs(path: Path, data: bytes) -> bool:
    return not path.is_file() or path.read_bytes() != data


def _put(path: Path, data: bytes) -> None:
    """Write `data` unless it is there."""
    if _differs(path, data):
        _translate(lambda: write_atomically(path, data, sync_parent=False), path)


def _make(out: Path) -> None:
    _translate(lambda: out.mkdir(mode=0o700, parents=True, exist_ok=True), out)


def _translate(act: Callable[[], None], path: Path) -> None:
    try:
        act()
    except OSError as error:
        raise InputError("out", f"cannot be written: {error.strerror}", str(path)) from error


def _cell(text: str) -> str:
    """No spreadsheet takes it for a formula (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text
