"""Micro-credentials as institutions describe them: templates, grades, levels and validity."""

from __future__ import annotations

from rootseal.microcredential.dates import Validity, check_date, midnight
from rootseal.microcredential.grading import Grading
from rootseal.microcredential.level import Level
from rootseal.microcredential.template import MicroCredential, number_of, templates_from_json
from rootseal.microcredential.text import clean_text, display_text

__all__ = [
    "Grading",
    "Level",
    "MicroCredential",
    "Validity",
    "check_date",
    "clean_text",
    "display_text",
    "midnight",
    "number_of",
    "templates_from_json",
]
