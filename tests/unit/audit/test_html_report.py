"""The page: the same report, the same bytes; nothing in it runs or comes from elsewhere; each plot has a table."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from anchor.audit.charts import Bar, Mark, bars, columns, figure, table, timeline
from anchor.audit.collecting import Basis, CreditsBasis
from anchor.audit.costs import GasUse
from anchor.audit.findings import Unchecked, finding
from anchor.audit.html_report import report_html
from anchor.audit.log_audit import AuditedLog
from anchor.audit.reexecution import ReplayOutcome
from anchor.audit.report import AuditReport, CreditsSummary, IssuerReport, Subject
from anchor.audit.sampling import Sample
from anchor.audit.state import AnchorEntry, IssuerState, Worth
from anchor.chain import Block
from rootseal.facts import AccreditationFact, DocumentFact, KeyFact

NAME = '<script>alert("x")</script> & Söhne'


def made(*, name: str = NAME, anchors: int = 5, gas: bool = True) -> AuditReport:
    """A report with something of everything."""
    state = IssuerState(1, name, "", b"\1" * 20, registered_at=1_700_000_000)
    state.keys = [KeyFact(b"\2" * 20, 3, 1_700_000_000, 1_710_000_000, 1_705_000_000)]
    state.documents = [DocumentFact(b"\3" * 32, 1_700_000_000, 4)]
    state.accreditations = {
        b"\4" * 20: [AccreditationFact(b"\4" * 20, b"\3" * 32, 1_700_000_100, 0, 0, False, "<b>5</b>")]
    }
    state.words = {(0, 0): 7}
    for number in range(1, anchors + 1):
        time, root = 1_700_000_000 + number * 3_000_000, bytes([number]) * 32
        state.anchors.append(
            AnchorEntry(number, number * 10, number * 10 - 10, root, b"\2" * 20, 0, number + 4, time, root)
        )
    log = AuditedLog(
        None,
        "unchecked",
        (finding("log.root", 1, sequence=4, anchors=1, size=40, published=40),),
        (),
        frozenset({1, 2}),
    )
    basis = Basis(31337, bytes(32), b"\5" * 20, bytes(32), 1, 1, Block(20, b"\6" * 32, bytes(32), 1_720_000_000, None))
    basis = replace(basis, credits=CreditsBasis(b"\7" * 20, bytes(32), 1))
    found = [*log.findings, finding("replay.events", block=9, transaction=b"\7" * 32)]
    credits = CreditsSummary(((Worth.COUNTED, 2),), 1200, 500)
    return AuditReport.of(
        Subject(basis, bytes(32), "tag", 12, ()),
        found,
        [Unchecked("<i>this</i>", "that")],
        [IssuerReport(state, log, credits)],
        replay=ReplayOutcome("anvil/v1", 4, (found[1],)),
        gas=(GasUse(1, "publishing", 5, 500_000), GasUse(0, "credits", 1, 90_000)) if gas else None,
        sample=Sample("0xabc<", 3, 9),
    )


class Reader(HTMLParser):
    """Collects tags; notices what is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_same_report_gives_the_same_page() -> None:
    assert report_html(made()) == report_html(made())
    assert report_html(made()) != report_html(made(anchors=4))


def test_nothing_runs_and_nothing_comes_from_elsewhere() -> None:
    page = report_html(made())
    tags = read(page).tags
    assert not {"script", "link", "img", "iframe", "object", "i", "b"} & {tag for tag, _ in tags}
    assert not any(name.startswith("on") or name in ("src", "href", "style") for _, attrs in tags for name in attrs)
    assert "url(" not in page
    assert "http:" not in page
    assert "https:" not in page
    assert "default-src 'none'" in page
    assert "&lt;script&gt;" in page


def test_every_plot_has_words_and_a_table_behind_it() -> None:
    page = report_html(made())
    figures = re.findall(r'<figure id="(\w+)">(.*?)</figure>', page, re.DOTALL)
    assert [name for name, _ in figures] == ["publications", "months", "revoked", "credits", "gas"]
    for name, inside in figures:
        assert f'aria-labelledby="{name}-t {name}-d"' in inside
        assert f'<title id="{name}-t">' in inside
        assert f'<desc id="{name}-d">' in inside
        assert "<details><summary>" in inside
        assert "<table>" in inside
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_page_says_what_the_json_says() -> None:
    report = made()
    page = report_html(report)
    for found in report.findings:
        assert found.code in page
    assert report.digest in page
    assert "✗ FINDINGS" in page
    assert "TEST: this chain is for development only" in page
    assert "3 of 9 credentials, by the public seed 0xabc&lt;" in page
    assert "4 transactions on anvil/v1: something else came out" in page
    assert "12, 5 recognised" in page
    assert "590,000 gas in 6 transactions" in page


def test_shapes_and_not_colours_tell_what_was_reproduced() -> None:
    page = report_html(made())
    kinds = {kind: page.count(f'class="{kind}"') for kind in ("dot", "cross", "ring")}
    assert kinds == {"dot": 2, "cross": 2, "ring": 1}


def test_report_without_issuers_is_a_page_too() -> None:
    report = made()
    page = report_html(AuditReport.of(report.subject, report.findings, []))
    read(page)
    assert "<figure" not in page


@pytest.mark.parametrize("times", [[5], [5, 5], [0, 1 << 62]])
def test_plots_of_odd_numbers_are_drawn(times: list[int]) -> None:
    marks = [Mark(0, time, "yes", f"at {time}") for time in times]
    rows = [Bar("none", 0, "0")]
    for plot in (timeline(["a" * 90], marks), bars(rows), bars([]), columns(rows, 200), columns([], 200)):
        drawn = figure("f", "<t>", "&", plot, table(("a",), [("<",)]), 2)
        read(drawn)
        assert "nan" not in drawn
        assert "inf" not in drawn.replace("info", "")
