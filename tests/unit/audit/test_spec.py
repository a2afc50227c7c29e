"""Document, schema and catalogue say the same."""

from __future__ import annotations

import json
from pathlib import Path

from anchor.audit.catalogue import CATALOGUE

SPEC = Path(__file__).parents[3] / "docs" / "spec"


def test_every_finding_stands_in_the_document_and_the_schema_word_for_word() -> None:
    document = (SPEC / "audit-report.md").read_text(encoding="utf-8")
    for code, (severity, sentence) in CATALOGUE.items():
        assert f"| `{code}` | {severity} | {sentence} |" in document
    schema = json.loads((SPEC / "schemas" / "audit.schema.json").read_bytes())
    assert schema["$defs"]["finding"]["properties"]["code"]["enum"] == sorted(CATALOGUE)
