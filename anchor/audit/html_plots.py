"""Which plots the page shows, and their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from anchor.audit.charts import MAX_COLUMNS, Bar, Mark, State, bars, columns, figure, table, timeline
from anchor.audit.conduct import DAY
from anchor.audit.report import AuditReport, IssuerReport
from anchor.audit.report_text import plain_text, time_text
from anchor.audit.state import REVOKED

__all__ = ["plots"]

_COLUMNS_ROWS = 6  # height of the plot by month, in rows


def plots(report: AuditReport) -> Iterator[str]:
    """All figures for which there is something to show."""
    issuers = [issuer for issuer in report.issuers if issuer.state.anchors]
    if not issuers:
        return
    yield "<h2>At a glance</h2>"
    yield _publications(issuers)
    yield _months(issuers)
    yield from _delays(report)
    yield _revoked(issuers)
    yield from _credits(issuers)
    yield from _gas(report)


def _publications(issuers: Sequence[IssuerReport]) -> str:
    states: dict[bool | None, State] = {True: "yes", False: "no", None: "open"}
    words = {"yes": "yes", "no": "NO", "open": "not checked"}
    marks, rows = [], []
    for row, issuer in enumerate(issuers):
        for anchor in issuer.state.anchors:
            state = states[issuer.reproduced(anchor)]
            added = anchor.size - anchor.previous_size
            tip = f"{issuer.state.number}/{anchor.sequence}: {added} entries, {time_text(anchor.time)}"
            marks.append(Mark(row, anchor.time, state, tip))
            rows.append(
                (issuer.state.number, anchor.sequence, time_text(anchor.time), added, anchor.size, words[state])
            )
    return figure(
        "publications",
        "Publications in time",
        f"{len(marks)} publications of {len(issuers)} issuers. A filled dot: the published log gives its fingerprint; "
        "a cross: it does not; a ring: not checked.",
        timeline([_name(issuer) for issuer in issuers], marks),
        table(("issuer", "number", "date (UTC)", "new", "entries", "log reproduces it"), rows, (0, 1, 3, 4)),
        len(issuers),
    )


def _months(issuers: Sequence[IssuerReport]) -> str:
    counts: Counter[str] = Counter()
    for issuer in issuers:
        for anchor in issuer.state.anchors:
            counts[time_text(anchor.time)[:7]] += anchor.size - anchor.previous_size
    months = sorted(counts)
    rows = [Bar(month, counts[month], f"{counts[month]:,} entries") for month in months]
    most = max(months, key=lambda month: counts[month])
    drawn = f" The last {MAX_COLUMNS} are drawn." if len(months) > MAX_COLUMNS else ""
    return figure(
        "months",
        "Entries published by month",
        f"{sum(counts.values()):,} entries in {len(months)} months; most in {most} ({counts[most]:,}).{drawn}",
        columns(rows, 40 + _COLUMNS_ROWS * 30),
        table(("month", "entries"), [(month, counts[month]) for month in months], (1,)),
        _COLUMNS_ROWS,
    )


def _delays(report: AuditReport) -> Iterator[str]:
    times = {(i.state.number, a.sequence): a.time for i in report.issuers for a in i.state.anchors}
    found = [
        (judged, times[judged.issuer, judged.anchor] - judged.promise.promise.signed_at)
        for judged in report.promises
        if judged.anchor is not None and (judged.issuer, judged.anchor) in times
    ]
    # A summary signed again after its publication says nothing of a delay.
    found = [(judged, delay) for judged, delay in found if delay >= 0]
    if not found:
        return
    rows = [
        (plain_text(judged.promise.file), judged.issuer, judged.anchor, round(delay / 3600, 1))
        for judged, delay in found
    ]
    shown = sorted(found, key=lambda item: -item[1])[:20]
    longest = max(delay for _, delay in found)
    yield figure(
        "delays",
        "From sealed to published",
        f"{len(found)} promises were followed to their publication; the longest took {_span(longest)}. At most 20 are "
        "drawn.",
        bars([Bar(plain_text(judged.promise.file), delay, _span(delay)) for judged, delay in shown]),
        table(("file", "issuer", "publication", "hours"), rows, (1, 2, 3)),
        len(shown),
    )


def _revoked(issuers: Sequence[IssuerReport]) -> str:
    rows = []
    for issuer in issuers:
        state = issuer.state
        rows.append((_name(issuer), state.size, state.count(REVOKED), 100 * state.count(REVOKED) / max(state.size, 1)))
    total, gone = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return figure(
        "revoked",
        "Share of entries revoked",
        f"{gone:,} of {total:,} entries are revoked ({100 * gone / max(total, 1):.2f} %).",
        bars([Bar(name, share, f"{share:.2f} % ({count} of {size})") for name, size, count, share in rows]),
        table(("issuer", "entries", "revoked", "%"), [(n, s, c, f"{p:.2f}") for n, s, c, p in rows], (1, 2, 3)),
        len(rows),
    )


def _credits(issuers: Sequence[IssuerReport]) -> Iterator[str]:
    rows = [(_name(i), i.credits.counted / 100, i.credits.redeemed / 100) for i in issuers if i.credits is not None]
    if not rows:
        return
    yield figure(
        "credits",
        "Credits claimed, by issuer",
        f"{sum(row[1] for row in rows):g} credits count, {sum(row[2] for row in rows):g} of them were recognised "
        "elsewhere (the lighter, framed part of a bar).",
        bars([Bar(name, counted, f"{counted:g}, {used:g} recognised", used) for name, counted, used in rows]),
        table(("issuer", "that count", "recognised"), [(n, f"{c:g}", f"{u:g}") for n, c, u in rows], (1, 2)),
        len(rows),
    )


def _gas(report: AuditReport) -> Iterator[str]:
    if not report.gas:
        return
    acts: Counter[str] = Counter()
    for use in report.gas:
        acts[use.act] += use.gas
    total = sum(acts.values())
    rows = [(use.issuer or "all", use.act, use.transactions, f"{use.gas:,}") for use in report.gas]
    yield figure(
        "gas",
        "Gas spent, by what it was for",
        f"{total:,} gas in {sum(use.transactions for use in report.gas):,} transactions. What a unit of gas cost in "
        "money is not looked at.",
        bars([Bar(act, used, f"{used:,} ({100 * used / max(total, 1):.1f} %)") for act, used in acts.most_common()]),
        table(("issuer", "for", "transactions", "gas"), rows, (2, 3)),
        len(acts),
    )


def _name(issuer: IssuerReport) -> str:
    return f"{issuer.state.number} {plain_text(issuer.state.name)}"


def _span(seconds: int) -> str:
    return f"{seconds / DAY:.1f} days" if abs(seconds) >= 2 * DAY else f"{seconds / 3600:.1f} hours"
