"""From the cells of one row to an award, or the reason why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from node.roster.report import MOST_COPIES, RosterRow, digest_of
from rootseal.credential import Award
from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS, parse_address
from rootseal.microcredential import MicroCredential, check_date, clean_text

__all__ = ["check_copies", "check_row", "mistakes"]

# What spreadsheets leave behind where they took an identifier for a number, or a formula failed.
_MANGLED = re.compile(
    r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+|[0-9]+[.,]0+|#+|#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)"
)
_MARKED = re.compile(r"['’`][0-9]")

# Only what a typing mistake breaks; whether an address exists, the mail server knows.
_EMAIL = re.compile(r"[^@\s\"<>(),;:]{1,64}@[^@\s\"<>(),;:.]+(?:\.[^@\s\"<>(),;:.]+)+")


def check_row(line: int, cells: Mapping[str, str], templates: Mapping[str, MicroCredential], today: str) -> RosterRow:
    """The row, or `InputError` whose `where` is the column that is wrong."""
    template = _template(cells["micro_credential"], templates)
    holders = _holders(cells["holder"])
    award = Award(
        learner_id=_learner_id(cells["learner_id"]),
        given_name=_optional(cells["given_name"]),
        family_name=_family_name(cells),
        awarded_on=_date(cells["awarded_on"], today),
        grade=_grade(cells["grade"], template),
        holder=holders[0] if holders else None,
    )
    email = _email(cells["email"])
    return RosterRow(line, award, email, template.key, digest_of(award, email, template.key, holders), holders)


def check_copies(row: RosterRow, copies: int) -> None:
    """Raises `InputError` where the row has addresses, and not one for each of so many copies."""
    if row.holders and len(row.holders) != copies:
        given = "1 address" if len(row.holders) == 1 else f"{len(row.holders)} addresses"
        wanted = "one credential needs one" if copies == 1 else f"{copies} copies need {copies}, each another"
        raise InputError("holder", f"has {given}, and {wanted} (or none at all)")


def mistakes(cells: Mapping[str, str], templates: Mapping[str, MicroCredential], today: str) -> Iterator[InputError]:
    """What is wrong in each cell by itself, in the order of the columns; `where` is the column.

    A column that is not in `cells` is not judged, nor a grade whose micro-credential is unknown.
    """
    for column, check in _CHECKS.items():
        if column in cells:
            try:
                check(cells, templates, today)
            except InputError as error:
                yield InputError(column, error.problem, cells[column])


def _sound(**given: str | bytes | None) -> Award:
    """An award that is right but for what is given: so that one cell is judged by what judges the whole row."""
    return Award(**{"learner_id": "1", "given_name": None, "family_name": "A", "awarded_on": "2000-01-01", **given})  # type: ignore[arg-type]


def _learner_id(cell: str) -> str:
    if _MANGLED.fullmatch(cell.strip()):
        raise InputError("learner_id", "a spreadsheet has changed this number; format the column as text", cell)
    if _MARKED.match(cell.strip()):
        problem = (
            "begins with an apostrophe, by which spreadsheets mark text: take it away, and keep the zeros behind it"
        )
        raise InputError("learner_id", problem, cell)
    return cell


def _optional(cell: str) -> str | None:
    return cell if cell.strip() else None


def _family_name(cells: Mapping[str, str]) -> str:
    if not cells["family_name"].strip() and cells["given_name"].strip():
        raise InputError("family_name", "family name is missing; a person with one name has it in this column")
    return cells["family_name"]


def _date(cell: str, today: str) -> str:
    date = check_date(cell.strip(), "awarded_on", "date of issuing")
    # Both are YYYY-MM-DD, so that text order is date order.
    if date > today:
        raise InputError("awarded_on", f"date of issuing is in the future (today is {today})", date)
    return date


def _holders(cell: str) -> tuple[bytes, ...]:
    """Addresses with spaces between them, one for each copy."""
    parts = cell.split()
    if not parts:
        return ()
    if len(parts) > MOST_COPIES:
        raise InputError("holder", f"has {len(parts)} addresses; at most {MOST_COPIES} copies can be issued at once")
    holders = tuple(parse_address(part, "holder") for part in parts)
    if ZERO_ADDRESS in holders:
        raise InputError("holder", "is the zero address; leave the cell empty if the learner has none", cell)
    if len(set(holders)) != len(holders):
        raise InputError("holder", "has one address twice: whoever sees both copies could link them", cell)
    return holders


def _email(cell: str) -> str:
    address = clean_text(cell, "email", "e-mail address", 254)
    if _EMAIL.fullmatch(address) is None:
        raise InputError("email", "is no e-mail address", address)
    return address


def _template(cell: str, templates: Mapping[str, MicroCredential]) -> MicroCredential:
    template = templates.get(cell)
    if template is not None:
        return template
    key = clean_text(cell, "micro_credential", "micro-credential", 64)
    template = templates.get(key)
    if template is None:
        known = ", ".join(sorted(templates)[:20]) or "none"
        raise InputError("micro_credential", f"unknown micro-credential; known are: {known}", key)
    return template


def _grade(cell: str, template: MicroCredential) -> str | None:
    text = _optional(cell)
    return template.check_grade(None if text is None else clean_text(text, "grade", "grade", 20), "grade")


def _family_alone(cells: Mapping[str, str]) -> None:
    _sound(family_name=_family_name({"given_name": "", **cells}))


def _grade_of(cells: Mapping[str, str], templates: Mapping[str, MicroCredential]) -> None:
    template = templates.get(cells.get("micro_credential", "").strip())
    if template is not None:
        _grade(cells["grade"], template)


_Cells = Mapping[str, str]
_CHECKS: dict[str, Callable[[_Cells, Mapping[str, MicroCredential], str], object]] = {
    "learner_id": lambda cells, templates, today: _sound(learner_id=_learner_id(cells["learner_id"])),
    "given_name": lambda cells, templates, today: _sound(given_name=_optional(cells["given_name"])),
    "family_name": lambda cells, templates, today: _family_alone(cells),
    "email": lambda cells, templates, today: _email(cells["email"]),
    "micro_credential": lambda cells, templates, today: _template(cells["micro_credential"], templates),
    "awarded_on": lambda cells, templates, today: _date(cells["awarded_on"], today),
    "grade": lambda cells, templates, today: _grade_of(cells, templates),
    "holder": lambda cells, templates, today: _holders(cells["holder"]),
}
