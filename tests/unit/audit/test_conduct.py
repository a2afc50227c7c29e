"""Accreditation and silence of one issuer over time, against the auditor's own standards."""

from __future__ import annotations

import pytest

from anchor.audit.conduct import DAY, Standards, judge_conduct
from anchor.audit.findings import Finding
from anchor.audit.state import AnchorEntry, IssuerState
from rootseal.facts import AccreditationFact, DocumentFact

AGENCY, OTHER = b"\1" * 20, b"\2" * 20
FIRST, SECOND = b"\3" * 32, b"\4" * 32


def issuer(*days: int) -> IssuerState:
    """Anchors on these days, block and number as they come; its second description from day 100 on."""
    state = IssuerState(1)
    for number, day in enumerate(days, 1):
        root = bytes([number]) * 32
        state.anchors.append(AnchorEntry(number, number, number - 1, root, b"", 0, day, day * DAY, b"\5" * 32))
    state.documents = [DocumentFact(FIRST, 0, 0), DocumentFact(SECOND, 100 * DAY, 100)]
    return state


def accredited(since: int, until: int = 0, ended: int = 0, document: bytes = FIRST) -> AccreditationFact:
    return AccreditationFact(AGENCY, document, since * DAY, until * DAY, ended * DAY, False, "")


def judged(state: IssuerState, standards: Standards, day: int = 200) -> list[Finding]:
    return list(judge_conduct(state, standards, day * DAY))


NAMED = Standards((AGENCY,))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((accredited(5), accredited(100, document=SECOND)), []),
        ((accredited(20), accredited(100, document=SECOND)), []),  # before the first one nothing had been promised
        ((accredited(5, 40), accredited(90, document=SECOND)), [("accreditation.lapsed", 3, 2)]),
        ((accredited(5, 0, 60), accredited(90, document=SECOND)), [("accreditation.lapsed", 4, 1)]),
        ((accredited(5),), [("accreditation.document", 5, 2)]),
        ((accredited(5, 40),), [("accreditation.lapsed", 3, 4)]),
        ((accredited(5), accredited(70, document=SECOND)), []),
        ((accredited(90, document=SECOND),), []),
    ],
)
def test_each_anchor_in_time_and_under_the_accredited_description(
    given: tuple[AccreditationFact, ...], expected: list[tuple[str, int, int]]
) -> None:
    state = issuer(10, 30, 50, 80, 120, 140)
    state.accreditations[AGENCY] = list(given)
    found = judged(state, NAMED)
    assert [(f.code, f.sequence, dict(f.details)["count"]) for f in found] == expected


def test_accreditors_that_nobody_named_are_not_judged() -> None:
    state = issuer(10, 30)
    state.accreditations[OTHER] = [accredited(5, 20)]
    assert judged(state, NAMED) == []
    assert [f.code for f in judged(state, Standards((AGENCY, OTHER)))] == ["accreditation.lapsed"]


def test_longest_silence_is_named_to_now_or_to_the_end() -> None:
    state = issuer(10, 30, 100, 150)
    limits = Standards(silence=40 * DAY)
    [found] = judged(state, limits, 160)
    told = dict(found.details)
    assert (found.code, found.sequence, told["days"], told["count"]) == ("issuer.silent", 2, 70, 2)
    [found] = judged(state, limits, 300)
    assert (found.sequence, dict(found.details)["days"]) == (4, 150)
    state.successor, state.succeeded_at = 2, 151 * DAY
    assert judged(state, limits, 300)[0].sequence == 2
    assert judged(state, Standards(silence=70 * DAY), 300) == []


def test_silence_of_one_issuer_goes_before_that_of_all_and_none_is_not_judged() -> None:
    state = issuer(10, 100)
    assert judged(state, Standards(silence=40 * DAY, silence_of={1: 120 * DAY}), 150) == []
    assert len(judged(state, Standards(silence_of={1: 40 * DAY}), 150)) == 1
    assert judged(state, Standards(), 9999) == []
    assert judged(issuer(), Standards(silence=DAY), 9999) == []
