"""`/metrics`: what Prometheus reads, from the store and the last pulse; the chain is never asked for it.

Names and meanings stand in docs/operating.md, and a test holds the two together. No label names a person, a
credential or an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from node.backup_record import last_backup
from node.delivery.metering import delivery_metrics
from node.health import Health, Pulse
from node.promises import unkept
from node.store import EntryState
from node.summary import awaiting_approval

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["NodeMetrics"]


class NodeMetrics(Collector):
    """Read anew at each scrape."""

    def __init__(self, services: Services, health: Health) -> None:
        self._services = services
        self._health = health

    def describe(self) -> Iterator[Metric]:
        """Nothing: the store must not be read while the registry is set up."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The values of one moment."""
        now = self._services.now
        yield from self._entries(now)
        yield from self._promises(now)
        yield from self._witnesses()
        yield from self._witness_funds()
        yield from delivery_metrics(self._services.store, now)
        if self._health.working:
            yield from _work(self._health.pulse)
        yield self._requests()

    def _entries(self, now: int) -> Iterator[Metric]:
        store = self._services.store
        entries = GaugeMetricFamily("rootseal_entries", "Credentials by state.", labels=["state"])
        counts = store.entries.counts()
        for state in EntryState:
            entries.add_metric([state.value], counts[state])
        yield entries
        oldest = store.entries.oldest_waiting()
        yield _gauge(
            "oldest_waiting_seconds", "Age of the oldest unsealed entry.", 0 if oldest is None else now - oldest
        )
        yield _gauge("waiting_copies", "Accepted copies that wait for the one before them.", store.copies.waiting())
        yield _gauge("set_aside_awards", "Accepted awards whose credential cannot be made.", store.set_aside.count())
        waiting = awaiting_approval(store, self._services.config)
        yield _gauge("lists_awaiting_approval", "Lists that wait for a second person.", waiting)
        backup = last_backup(store)
        if backup is not None:
            yield _gauge("last_backup_timestamp_seconds", "When the last backup was made.", backup)

    def _promises(self, now: int) -> Iterator[Metric]:
        store = self._services.store
        newest, anchor, waiting = store.log.newest_checkpoint(), store.log.newest_anchor(), store.log.unanchored()
        size, anchored = 0 if newest is None else newest.size, 0 if anchor is None else anchor.size
        late = unkept(waiting, self._services.config, now)
        oldest = now - waiting[0].signed_at if waiting else 0
        yield _gauge("log_size", "Entries under the newest checkpoint.", size)
        yield _gauge("anchored_size", "Entries under the newest final anchor.", anchored)
        yield _gauge("unanchored_entries", "Sealed entries without a final anchor.", size - anchored)
        yield _gauge("oldest_unanchored_seconds", "Age of the oldest promise without a final anchor.", oldest)
        yield _gauge("overdue_promises", "Promises past their date without a final anchor.", len(late.overdue))
        yield _gauge("near_promises", "Promises due within a quarter of the promised time.", len(late.near))
        yield _gauge("recovered_entries", "Entries known by their commitment alone.", store.recovered.count())

    def _witnesses(self) -> Iterator[Metric]:
        """By the ledger's number here; nothing where no other ledger is in use."""
        store = self._services.store
        size = GaugeMetricFamily(
            "rootseal_witness_anchored_size", "Entries final on another ledger.", labels=["ledger"]
        )
        failing = GaugeMetricFamily("rootseal_witness_failing", "1 if the last round there failed.", labels=["ledger"])
        witnesses = store.witnesses.all()
        for witness in witnesses:
            newest = store.witnesses.anchors(witness.number).newest_anchor()
            size.add_metric([str(witness.number)], 0 if newest is None else newest.size)
            failing.add_metric([str(witness.number)], int(witness.problem is not None))
        yield from (size, failing)

    def _witness_funds(self) -> Iterator[Metric]:
        """Of the ledgers that are still in use, as the thread that serves them last asked."""
        known = self._health.pulse.witness_funds
        text = "Balance of the node's key on another ledger."
        balance = GaugeMetricFamily("rootseal_witness_key_balance_wei", text, labels=["ledger"])
        text = "Anchors that it pays for on another ledger."
        anchors = GaugeMetricFamily("rootseal_witness_affordable_anchors", text, labels=["ledger"])
        for witness in self._services.store.witnesses.all():
            funds = known.get(witness.number)
            if funds is not None:
                balance.add_metric([str(witness.number)], funds.balance)
            if funds is not None and funds.anchors is not None:
                anchors.add_metric([str(witness.number)], funds.anchors)
        yield from (balance, anchors)

    def _requests(self) -> Metric:
        labels = ["method", "route", "status"]
        family = CounterMetricFamily("rootseal_http_requests", "Answered requests.", labels=labels)
        for (method, route, status), count in sorted(self._health.requests.all().items()):
            family.add_metric([method, route, str(status)], count)
        return family


def _work(pulse: Pulse) -> Iterator[Metric]:
    """What the working thread saw last."""
    yield _gauge("worked_timestamp_seconds", "Last successful round of work.", pulse.worked_at)
    yield _gauge("unfinished_transactions", "Transactions that are not final.", pulse.unfinished)
    yield _gauge("sending_blocked", "1 while nothing can be sent or offered (money, fees).", int(pulse.blocked))
    yield _gauge("final_block", "Newest final block seen.", pulse.final_block)
    yield _gauge("final_block_timestamp_seconds", "When the newest final block was first seen.", pulse.final_at)
    if pulse.rounds:
        reachable = pulse.problem is None or not pulse.problem.startswith("chain.")
        yield _gauge("chain_reachable", "1 if the last round could ask the pinned chain.", int(reachable))
    if pulse.funds is not None:
        yield _gauge("key_balance_wei", "Balance of the node's key when last asked.", pulse.funds.balance)
    if pulse.funds is not None and pulse.funds.anchors is not None:
        yield _gauge("affordable_anchors", "Anchors that the node's key pays for.", pulse.funds.anchors)
    yield CounterMetricFamily("rootseal_rounds", "Rounds of work.", pulse.rounds)
    yield CounterMetricFamily("rootseal_failed_rounds", "Rounds of work that failed.", pulse.failures)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"rootseal_{name}", text, value)
