"""Writes the golden document of each sample micro-credential; `--check` compares instead.

A golden document changes only on purpose: credentials that were issued keep the old form for ever.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from node.samples import templates
from rootseal.credential import Award, DocumentBuilder, IssuerProfile
from rootseal.microcredential import MicroCredential

FOLDER = Path(__file__).parent.parent / "tests" / "vectors" / "documents"
ISSUER = IssuerProfile("did:web:registrar.example.edu", "Example University", "https://registrar.example.edu", "SI")
GRADES = {"percentage": "71", "pass/fail": "pass", "achieved/not achieved": "achieved"}


def golden(template: MicroCredential, number: int) -> dict[str, object]:
    """The award, its document, and the dates (UTC seconds) and credits (100 × ECTS) beside it."""
    grade = GRADES[template.grading.scale] if template.grading else None
    award = Award("00012345", "Zoë", "O’Connor-Müller", "2026-10-01", grade)
    built = DocumentBuilder(template, ISSUER).build(award, f"urn:uuid:00000000-0000-4000-8000-{number:012d}")
    return {
        "award": {
            "learner_id": award.learner_id,
            "given_name": award.given_name,
            "family_name": award.family_name,
            "awarded_on": award.awarded_on,
            "grade": award.grade,
        },
        "credits": built.credits,
        "document": built.document,
        "validFrom": built.valid_from,
        "validUntil": built.valid_until,
    }


def golden_files() -> dict[Path, str]:
    """Path → content of every golden document."""
    return {
        FOLDER / f"{key}.json": json.dumps(golden(template, number), ensure_ascii=False, indent=1) + "\n"
        for number, (key, template) in enumerate(sorted(templates().items()), 1)
    }


def stale_files() -> list[Path]:
    """Files that differ from what the code makes now, are missing, or should not be there."""
    wanted = golden_files()
    found = {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    return sorted(path for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path))


def main() -> int:
    """Exit code 0; with `--check` 1 where a file is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare and change nothing")
    if parser.parse_args().check:
        stale = stale_files()
        for path in stale:
            print(f"stale: {path.name}; run scripts/make_golden_documents.py and look at the difference")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, content in golden_files().items():
        path.write_text(content, encoding="utf-8")
        print(path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
