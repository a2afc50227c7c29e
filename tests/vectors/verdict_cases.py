"""Verifications with the code that each must show: tests run the table, `scripts/make_vectors.py` writes it down."""

from __future__ import annotations

from collections.abc import Iterator

from tests.vectors.cases.anchors import anchor_cases, promise_cases
from tests.vectors.cases.case import Case
from tests.vectors.cases.files import altered_cases, date_cases, plain_cases
from tests.vectors.cases.holders import holder_cases, presentation_cases
from tests.vectors.cases.issuers import issuer_cases
from tests.vectors.cases.status import cases_in_time, status_cases

__all__ = ["CASES", "Case"]


def _cases() -> Iterator[tuple[str, Case]]:
    yield from plain_cases()
    yield from altered_cases()
    yield from anchor_cases()
    yield from promise_cases()
    yield from issuer_cases()
    yield from status_cases()
    yield from date_cases()
    yield from holder_cases()
    yield from presentation_cases()
    yield from cases_in_time()


CASES: dict[str, Case] = {}
for _name, _made in _cases():
    assert _name not in CASES, _name
    CASES[_name] = _made
