"""From the cells of one row to an award, or the reason why not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from node.roster.report import RosterRow, digest_of
from rootseal.credential import Award
from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS, parse_address
from rootseal.microcredential import MicroCredential, check_date, clean_text

__all__ = ["check_row"]

# What spreadsheets leave behind where they took an identifier for a number, or a formula failed.
_MANGLED = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+|#+|#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)")

# Only what a typing mistake breaks; whether an address exists, the mail server knows.
_EMAIL = re.compile(r"[^@\s\"<>(),;:]{1,64}@[^@\s\"<>(),;:.]+(?:\.[^@\s\"<>(),;:.]+)+")


def check_row(line: int, cells: Mapping[str, str], templates: Mapping[str, MicroCredential], today: str) -> RosterRow:
    """The row, or `InputError` whose `where` is the column that is wrong."""
    template = _template(cells["micro_credential"], templates)
    award = Award(
        learner_id=_learner_id(cells["learner_id"]),
        given_name=_optional(cells["given_name"]),
        family_name=_family_name(cells),
        awarded_on=_date(cells["awarded_on"], today),
        grade=_grade(cells["grade"], template),
        holder=_holder(cells["holder"]),
    )
    email = _email(cells["email"])
    return RosterRow(line, award, email, template.key, digest_of(award, email, template.key))


def _learner_id(cell: str) -> str:
    if _MANGLED.fullmatch(cell.strip()):
        raise InputError("learner_id", "a spreadsheet has changed this number; format the column as text", cell)
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


def _holder(cell: str) -> bytes | None:
    if not cell.strip():
        return None
    holder = parse_address(cell.strip(), "holder")
    if holder == ZERO_ADDRESS:
        raise InputError("holder", "is the zero address; leave the cell empty if the learner has none", cell)
    return holder


def _email(cell: str) -> str:
    address = clean_text(cell, "email", "e-mail address", 254)
    if _EMAIL.fullmatch(address) is None:
        raise InputError("email", "is no e-mail address", address)
    return address


def _template(cell: str, templates: Mapping[str, MicroCredential]) -> MicroCredential:
    key = clean_text(cell, "micro_credential", "micro-credential", 64)
    template = templates.get(key)
    if template is None:
        known = ", ".join(sorted(templates)[:20]) or "none"
        raise InputError("micro_credential", f"unknown micro-credential; known are: {known}", key)
    return template


def _grade(cell: str, template: MicroCredential) -> str | None:
    text = _optional(cell)
    return template.check_grade(None if text is None else clean_text(text, "grade", "grade", 20), "grade")
