"""How fast an audit is, and how much memory it takes: figures with a peer in the same run.

With `--write` or `--read` it is what the memory figure runs as a process of its own: it writes a log into a folder, or
reads one through the auditor and prints seconds and the peak of its memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from anchor.audit.auditing import AuditRequest, audit
from anchor.audit.conduct import Standards
from anchor.audit.log_head import read_head
from anchor.audit.published import check_log
from anchor.audit.sources import DirectorySource, open_source
from anchor.audit.state import AnchorEntry, IssuerState
from rootseal.merkle import Tree, leaf_hash
from rootseal.tlog import LogCheckpoint, bundle_bytes, tile_bytes, tiles_of

__all__ = ["AuditFigure", "audit_figures", "measured_log", "read_log", "write_log"]

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = 1_000_000
ORIGIN = "rootseal/bench"
DAY = 86_400
MOST = 400_000_000  # bytes of memory, whatever the length of the log


@dataclass(frozen=True, slots=True)
class AuditFigure:
    """One measured figure and its peer, in the same unit."""

    what: str
    figure: float
    unit: str
    target: str
    peer: str
    peer_figure: float


def write_log(folder: Path, size: int) -> None:
    """A published log of `size` entries that follow from their indexes."""
    tree = Tree(leaf_hash(_entry(index)) for index in range(size))
    for tile in tiles_of(size):
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        first = tile.index * 256
        plain = tile.level is None
        path.write_bytes(
            bundle_bytes([_entry(index) for index in range(first, first + tile.width)])
            if plain
            else tile_bytes(tile, tree.node)
        )
    (folder / "checkpoint").write_text(LogCheckpoint(ORIGIN, size, tree.root()).text + "\n\u2014 x AAAA\n")


def read_log(folder: Path) -> tuple[float, int]:
    """CPU seconds of the auditor over that log, and the peak of this process's memory in bytes."""
    head = read_head(DirectorySource(folder))
    issuer = IssuerState(1)
    root = head.checkpoint.root
    issuer.anchors.append(AnchorEntry(1, head.checkpoint.size, 0, root, bytes(20), 0, 1, 1, bytes(32)))
    start = time.process_time()
    outcome = check_log(head, issuer, (), lambda done, size: None)
    spent = time.process_time() - start
    if outcome.findings or outcome.unchecked or outcome.reproduced != {1}:
        raise SystemExit(f"the log for the benchmark is not clean: {outcome}")
    return spent, _peak()


def _peak() -> int:
    """Bytes. On Linux by the kernel's own mark: `getrusage` would count a large parent before this process began."""
    status = Path("/proc/self/status")
    marks = status.read_text().split("VmHWM:")[1:] if status.exists() else []
    return 1024 * (int(marks[0].split()[0]) if marks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def audit_figures(entries: int = ENTRIES) -> list[AuditFigure]:
    """Recomputation, memory, and the whole audit of a generated history (on Anvil)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large = measured_log(folder / "large", entries)
        small = measured_log(folder / "small", max(entries // 10, 1000))
    if large["memory"] > MOST:
        raise SystemExit(f"the audit of {entries} entries took {large['memory']:.0f} bytes of memory")
    bare = _bare(entries)
    rate = entries / large["seconds"]
    return [
        AuditFigure(
            f"audit of a published log of {entries:,}: every root, tile and repetition ({rate:,.0f} entries/s)",
            large["seconds"],
            "s",
            "–",
            f"{2 * entries:,} bare SHA-256 of the same lengths, nothing else",
            bare,
        ),
        AuditFigure(
            f"peak memory of that audit, {entries:,} entries",
            large["memory"] / 2**20,
            "MiB",
            "≤ 400 MB, flat",
            f"the same over {max(entries // 10, 1000):,} entries",
            small["memory"] / 2**20,
        ),
        _whole_history(),
    ]


def _whole_history() -> AuditFigure:
    from tests.support.history import FULL, make_history
    from tests.support.scripted_chain import scripted_chain

    with tempfile.TemporaryDirectory() as name, scripted_chain("the bench of a whole history") as driver:
        start = time.perf_counter()
        history = make_history(driver, FULL)
        made = time.perf_counter() - start
        logs = tuple(open_source(str(path)) for path in history.publish(Path(name)).values())
        standards = Standards(tuple(a.address for a in history.accreditors), 120 * DAY)
        request = AuditRequest(
            history.chain, history.address, logs, credits=history.credits.address, standards=standards
        )
        with ExitStack() as stack:
            for log in logs:
                stack.callback(log.close)
            start = time.perf_counter()
            report = audit(request, lambda sentence: None)
            spent = time.perf_counter() - start
    if report.verdict != "clean":
        raise SystemExit(f"the history for the benchmark is not clean: {report.findings} {report.unchecked}")
    anchors = sum(len(issuer.state.anchors) for issuer in report.issuers)
    return AuditFigure(
        f"whole audit: 5 issuers, {anchors} anchors, {FULL.entries:,} entries, {report.subject.events} events (wall)",
        spent,
        "s",
        "–",
        "making that history on Anvil",
        made,
    )


def measured_log(folder: Path, entries: int) -> dict[str, float]:
    """CPU `seconds` and peak `memory` of the auditor; written by one process and read by another, which is measured."""
    for mode in ("--write", "--read"):
        command = [sys.executable, "-m", "scripts.bench_audit", mode, str(folder), "--log-of", str(entries)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _bare(entries: int) -> float:
    """CPU seconds for one hash of 33 bytes and one of 65 for each entry: no tree can do with less."""
    entry, pair = b"\0" * 33, b"\1" * 65
    start = time.process_time()
    for _ in range(entries):
        sha256(entry).digest()
        sha256(pair).digest()
    return time.process_time() - start


def _entry(index: int) -> bytes:
    return sha256(b"entry %d" % index).digest()


def main() -> int:
    """Print the figures as JSON; or write or read one log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log-of", type=int, default=ENTRIES)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--read", type=Path)
    given = parser.parse_args()
    if given.write:
        write_log(given.write, given.log_of)
    elif given.read:
        seconds, memory = read_log(given.read)
        print(json.dumps({"seconds": seconds, "memory": memory}))
    else:
        for line in audit_figures(given.log_of):
            ratio = line.figure / line.peer_figure
            print(f"{line.what}: {line.figure:.3g} {line.unit}; {line.peer}: {line.peer_figure:.3g} ({ratio:.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
