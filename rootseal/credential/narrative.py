"""The labelled lines of an achievement's criteria text, written and read back.

Open Badges 3.0 has no term for most European standard elements, and a private JSON-LD context
that goes dark would make every issued credential unreadable. So they are lines `Label: value`,
in the order of `LABELS`, each a paragraph of its own (the text is Markdown).
CONSENSUS-CRITICAL: a change here changes documents, and their readers must read old ones too.
"""

from __future__ import annotations

from rootseal.microcredential import MicroCredential, number_of

__all__ = ["LABELS", "NOT_APPLICABLE", "OUTCOME", "read_lines", "write_lines"]

OUTCOME = "Learning outcome"
NOT_APPLICABLE = "not applicable"

LABELS: dict[str, str] = {
    "awarding_body": "Awarding body",
    "country": "Country of the issuer",
    "learning_outcomes": OUTCOME,
    "workload": "Workload",
    "level": "Level",
    "assessment": "Type of assessment",
    "participation": "Form of participation",
    "quality_assurance": "Type of quality assurance",
    "prerequisites": "Prerequisites",
    "supervision": "Supervision and identity verification",
    "grade_scale": "Grade scale",
    "stackability": "Stackability",
    "language": "Language",
    "validity": "Validity",
    "further_information": "Further information",
}
"""Name of an element → its label, in the order of the lines; outcomes are numbered from 1."""

_MAX_LINES = 200


def write_lines(template: MicroCredential) -> str:
    """The criteria text of a template. Optional elements that are absent have no line."""
    values = _values(template)
    lines: list[str] = []
    for name, label in LABELS.items():
        if name == "learning_outcomes":
            lines += [f"{label} {n}: {text}" for n, text in enumerate(template.learning_outcomes, 1)]
        elif values[name] is not None:
            lines.append(f"{label}: {values[name]}")
    return "\n\n".join(lines)


def read_lines(text: str) -> dict[str, list[str]]:
    """Element → values as written, from any text; unknown lines are left out. Never raises."""
    names = {label: name for name, label in LABELS.items()}
    found: dict[str, list[str]] = {}
    for line in text.split("\n", 2 * _MAX_LINES)[: 2 * _MAX_LINES]:
        label, separator, value = line.partition(": ")
        if label.rstrip("0123456789") == f"{OUTCOME} ":
            label = OUTCOME
        if separator and value.strip() and label in names:
            found.setdefault(names[label], []).append(value)
    return found


def workload_words(template: MicroCredential) -> str:
    """`125 hours (5 ECTS)`, or `4 hours` without credits."""
    hours = number_of(template.workload)
    words = f"{hours} hour{'' if hours == 1 else 's'}"
    return f"{words} ({number_of(template.credits)} ECTS)" if template.credits else words


def _values(template: MicroCredential) -> dict[str, str | None]:
    return {
        "awarding_body": template.awarding_body,
        "country": template.country,
        "workload": workload_words(template),
        "level": template.level.words() if template.level else NOT_APPLICABLE,
        "assessment": template.assessment,
        "participation": template.participation,
        "quality_assurance": template.quality_assurance,
        "prerequisites": template.prerequisites,
        "supervision": template.supervision,
        "grade_scale": template.grading.words() if template.grading else None,
        "stackability": template.stackability,
        "language": template.language,
        "validity": template.valid_for.words() if template.valid_for else None,
        "further_information": template.further_information,
    }
