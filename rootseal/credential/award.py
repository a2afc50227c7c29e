"""An award: who achieved a micro-credential, when, with which grade."""

from __future__ import annotations

from dataclasses import dataclass

from rootseal.errors import InputError
from rootseal.ethereum import ZERO_ADDRESS
from rootseal.microcredential import check_date, clean_text

__all__ = ["Award"]

ID_LIMIT = 64
NAME_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Award:
    """One learner's award. Text is made NFC and checked on construction.

    `learner_id` is text (leading zeros count), `given_name` None for a person with one name,
    `awarded_on` a day `YYYY-MM-DD`, `grade` text or None (a template's `check_grade` judges it),
    `holder` the learner's 20-byte address or None. Deliberately without an e-mail address: that
    is delivery data and stays out of documents. Raises `InputError` naming the element.
    """

    learner_id: str
    given_name: str | None
    family_name: str
    awarded_on: str
    grade: str | None = None
    holder: bytes | None = None

    def __post_init__(self) -> None:
        clean = object.__setattr__
        clean(self, "learner_id", clean_text(self.learner_id, "learner_id", "learner id", ID_LIMIT))
        if self.given_name is not None:
            clean(self, "given_name", clean_text(self.given_name, "given_name", "given name", NAME_LIMIT))
        clean(self, "family_name", clean_text(self.family_name, "family_name", "family name", NAME_LIMIT))
        check_date(self.awarded_on, "awarded_on", "date of issuing")
        if self.grade is not None:
            clean(self, "grade", clean_text(self.grade, "grade", "grade", 20))
        if self.holder is not None and (len(self.holder) != 20 or self.holder == ZERO_ADDRESS):
            raise InputError("holder", "holder is an address of 20 bytes, not all zero", self.holder)

    @property
    def full_name(self) -> str:
        """Given name and family name, in this order, or the one name there is."""
        return f"{self.given_name} {self.family_name}" if self.given_name else self.family_name
