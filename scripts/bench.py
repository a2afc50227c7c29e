"""`make bench`: what the node's own work costs, as ratios against named peers measured in the same run.

CPU seconds of one core (`time.process_time`), the least of several rounds, because the machine may be shared.
Writes docs/performance.json and the table in docs/performance.md.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from rootseal.merkle import Tree, leaf_hash, root_of
from scripts.bench_anchoring import SIZES, checkpoints_a_minute, gas_a_credential
from scripts.bench_audit import audit_figures
from scripts.bench_cases import bare_rows, issue_and_seal, offline_verification, pymerkle_tree
from scripts.bench_http import bare_accepts, http_accepts

ROOT = Path(__file__).resolve().parent.parent
ROWS = 10_000
LEAVES = 1_000_000
_HTTP_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One measured figure. `ratio` is figure ÷ peer; below 1 is faster than the peer."""

    what: str
    figure: float
    unit: str
    target: str
    peer: str
    peer_figure: float

    @property
    def ratio(self) -> float:
        return self.figure / self.peer_figure


def cpu(work: Callable[[], object], rounds: int = 3) -> float:
    """The least CPU seconds of `rounds` runs."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def wall(command: list[str], rounds: int = 5) -> float:
    """The least wall seconds of a process."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        times.append(time.perf_counter() - start)
    return min(times)


def issuing() -> Line:
    with tempfile.TemporaryDirectory() as folder:
        ours = min(issue_and_seal(Path(folder) / str(i), ROWS) for i in range(3)) / ROWS * 1000
        peer = min(bare_rows(Path(folder) / f"bare{i}.db", ROWS) for i in range(3)) / ROWS * 1000
    return Line(
        f"row → document → commitment → durable row → sealed, each of {ROWS:,}",
        ours,
        "ms",
        "≤ 0.35 ms",
        "json.dumps, 128 SHA-256 and one SQLite row, nothing else",
        peer,
    )


def tree() -> list[Line]:
    leaves = [leaf_hash(index.to_bytes(32)) for index in range(LEAVES)]
    built = cpu(lambda: Tree(leaves))
    plain = cpu(lambda: [sha256(b"\1" + leaves[i] + leaves[i]).digest() for i in range(LEAVES)])
    whole = Tree(leaves)
    batch = [leaf_hash(b"new" + index.to_bytes(32)) for index in range(300)]
    start = time.process_time()
    whole.extend(batch)
    root = whole.root()
    appended = time.process_time() - start
    if root != root_of(leaves + batch):
        raise SystemExit("the appended tree has another root than the one built anew")
    some = leaves[:100_000]
    small = cpu(lambda: Tree(some))
    theirs = cpu(lambda: pymerkle_tree(some), 1)
    rebuilt = built * 1000
    return [
        Line(f"tree over {LEAVES:,} leaves", built, "s", "≤ 2.5 s", f"{LEAVES:,} bare SHA-256 of 65 bytes", plain),
        Line("tree over 100,000 leaves", small, "s", "–", "pymerkle, in memory", theirs),
        Line(f"append 300 to {LEAVES:,}, and the root", appended * 1000, "ms", "no rebuild", "building it", rebuilt),
    ]


def verifying() -> list[Line]:
    verify, canonical, data = offline_verification()
    rounds = 300
    one = cpu(lambda: [verify() for _ in range(rounds)]) / rounds * 1000
    peer = cpu(lambda: [canonical() for _ in range(rounds)]) / rounds * 1000
    python = [sys.executable, "-c", "pass"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "file.json"
        file.write_bytes(data)
        policy = Path(folder) / "policy.toml"
        policy.write_text('format = "rootseal/policy/1"\n')
        command = [sys.executable, "-m", "rootseal", "verify", str(file), "--policy", str(policy)]
        code = subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode
        if code != 3:
            raise SystemExit(f"rootseal verify without a chain ended with {code}, not 3")
        process = wall(command)
    return [
        Line("offline verification, after import", one, "ms", "≤ 1.5 ms", "rfc8785 writing the same file", peer),
        Line("`rootseal verify` without RPC, process", process, "s", "≤ 0.5 s", "python -c pass", wall(python)),
    ]


def accepting() -> list[Line]:
    """One row a request, as a student system would send them; and lists of 100, for each credential."""
    lines = []
    for rows in (1, 100):
        # The best of some rounds of each, in turns: what else this machine does is nobody's figure.
        rounds = [(ours := http_accepts(rows), bare_accepts(ours.stored, rows)) for _ in range(_HTTP_ROUNDS)]
        ours, bare = (max(figures, key=lambda figure: figure.rate) for figures in zip(*rounds, strict=True))
        print(f"durable accepts over HTTP, {rows} a request: {ours}\nbare group commit: {bare}")
        waits = f"p50 {ours.p50:.0f} ms, p99 {ours.p99:.0f} ms"
        what = f"durable accepts over HTTP, {rows} a request ({waits}; ratio: of the peer's rate)"
        peer = "plain sqlite3 in group commit, as many askers"
        lines.append(Line(what, ours.rate, "/s", "ratio ≥ 0.3", peer, bare.rate))
        if rows == 1:
            what = "the same with the making of their credentials"
            lines.append(Line(what, max(figure.whole for figure, _ in rounds), "/s", "–", peer, bare.rate))
    return lines


def anchoring() -> list[Line]:
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = checkpoints_a_minute(Path(folder) / "speed")
        gas = gas_a_credential(Path(folder) / "gas")
    lines = [Line("checkpoints on Anvil, one in flight", ours, "a minute", "–", "bare transactions, one by one", bare)]
    for size in SIZES:
        what = f"gas for each credential of a batch of {size:,}"
        lines.append(Line(what, gas[size], "gas", "–", "a batch of one", gas[1]))
    return lines


def table(lines: list[Line]) -> str:
    rows = ["| what | measured | target | peer in the same run | peer | ratio |", "|---|--:|--:|---|--:|--:|"]
    for line in lines:
        rows.append(
            f"| {line.what} | {line.figure:.3g} {line.unit} | {line.target} | {line.peer} "
            f"| {line.peer_figure:.3g} {line.unit} | {line.ratio:.2f} |"
        )
    return "\n".join(rows)


def main() -> int:
    """Measure, print the table, write it beside its JSON."""
    audited = [Line(**asdict(figure)) for figure in audit_figures()]
    lines = [issuing(), *tree(), *verifying(), *anchoring(), *accepting(), *audited]
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    text = table(lines)
    print(f"{text}\n\n{machine}; CPU of one core unless it says process (then wall time); least of several rounds.")
    record = {"machine": machine, "lines": [{**asdict(line), "ratio": line.ratio} for line in lines]}
    (ROOT / "docs/performance.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    page = ROOT / "docs/performance.md"
    head, mark, _ = page.read_text().partition("<!-- measured -->\n")
    page.write_text(f"{head}{mark}\n{text}\n\n{machine}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
