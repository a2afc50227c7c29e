"""Writes tests/vectors/*.json and the generated parts of docs/spec/*.md; `--check` compares instead.

Everything is deterministic: fixed keys and seeds, signatures with nonces by RFC 6979.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from scripts.specification_parts import PARTS, all_texts
from scripts.vector_files import VECTORS

ROOT = Path(__file__).parent.parent
FOLDER, SPEC = ROOT / "tests" / "vectors", ROOT / "docs" / "spec"
_MARK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def wanted() -> dict[Path, str]:
    """Path → content of every generated file."""
    made = {FOLDER / name: json.dumps(make(), ensure_ascii=False, indent=1) + "\n" for name, make in VECTORS.items()}
    made[SPEC / "catalogue.json"] = all_texts()
    for path in sorted(SPEC.glob("*.md")):
        made[path] = _MARK.sub(_part, path.read_text(encoding="utf-8"))
    return made


def _part(match: re.Match[str]) -> str:
    return match[1] + "\n".join(PARTS[match[2]]()).rstrip() + "\n" + match[3]


def stale_files() -> list[Path]:
    """Files that differ from what the code makes now, or are missing."""
    return [p for p, text in wanted().items() if not p.exists() or p.read_text(encoding="utf-8") != text]


def main() -> int:
    """Exit code 0; with `--check` 1 where a file is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is stale")
    if parser.parse_args().check:
        stale = stale_files()
        for path in stale:
            print(f"stale: {path.relative_to(ROOT)} (run scripts/make_vectors.py)")
        return 1 if stale else 0
    for path, text in wanted().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
