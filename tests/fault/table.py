"""The table of what was survived: `python -m tests.fault.table` runs the kit and writes docs/reliability.md anew."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
FAULT = "fault"
"""The property of a report that holds name and way of the fault."""
BEGIN, END = "<!-- table: made by python -m tests.fault.table -->", "<!-- end of table -->"


@dataclass(frozen=True)
class Row:
    """One fault: what, how it was brought about, how it ended, in how many rounds."""

    name: str
    how: str
    outcome: str
    rounds: int


def survived(reports: Iterable[object]) -> Iterator[Row]:
    """What the reports of a run tell of faults; the others are passed over."""
    for report in reports:
        told = dict(getattr(report, "user_properties", ()))
        if FAULT in told:
            name, how = told[FAULT]
            yield Row(name, how, getattr(report, "outcome", "failed"), int(told.get("rounds", 1)))


def rows_of(reports: Iterable[Row]) -> list[Row]:
    """One row a fault: the worst outcome of its tests, their rounds added up, in the order of first appearance."""
    order = ("failed", "skipped", "passed")
    merged: dict[str, Row] = {}
    for row in reports:
        before = merged.get(row.name)
        if before is None:
            merged[row.name] = row
            continue
        outcome = min(before.outcome, row.outcome, key=order.index)
        merged[row.name] = Row(row.name, before.how, outcome, before.rounds + row.rounds)
    return list(merged.values())


def console(rows: Sequence[Row]) -> str:
    """For a terminal."""
    width = max(len(row.name) for row in rows)
    lines = [f"{row.name.ljust(width)}  {_said(row.outcome):<12} {row.rounds:>5}  {row.how}" for row in rows]
    return "\n".join(lines)


def markdown(rows: Sequence[Row]) -> str:
    """For the page."""
    lines = ["| fault | brought about by | rounds | result |", "|---|---|---:|---|"]
    lines += [f"| {row.name} | {row.how} | {row.rounds} | {_said(row.outcome)} |" for row in rows]
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    """What a run hands to the program below."""
    return json.dumps([asdict(row) for row in rows])


def _said(outcome: str) -> str:
    return {"passed": "survived", "failed": "NOT SURVIVED", "skipped": "not run"}[outcome]


def main() -> int:
    """Run the kit; write its table into the page where all of it ran and passed."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "rows.json"
        environment = os.environ | {"ROOTSEAL_FAULT_TABLE": str(found), "ROOTSEAL_REQUIRE_ALL": "1"}
        command = [sys.executable, "-m", "pytest", "-rs", str(ROOT / "tests" / "fault")]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if code != 0:
            print("the table was not written: not everything was survived", file=sys.stderr)
            return code
        rows = [Row(**row) for row in json.loads(found.read_text(encoding="utf-8"))]
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    full = "every point" if os.environ.get("ROOTSEAL_FAULT_FULL") == "1" else "the default run"
    where = f"Python {platform.python_version()}, {platform.system()}, {full}."
    PAGE.write_text(f"{before}{BEGIN}\n{where}\n\n{markdown(rows)}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
