"""Mail and webhooks as `/metrics` shows them: counts alone."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from node.store import Store

__all__ = ["delivery_metrics"]


def delivery_metrics(store: Store, now: int) -> Iterator[Metric]:
    """Mails and webhook deliveries by state, and the age of what a webhook waits for."""
    yield _by_state("rootseal_mails", "Mails by state.", store.mails.counts())
    yield _by_state("rootseal_webhook_deliveries", "Webhook deliveries by state.", store.announcements.counts())
    oldest = store.announcements.oldest_waiting()
    age = 0 if oldest is None else max(now - oldest, 0)
    yield GaugeMetricFamily("rootseal_oldest_webhook_seconds", "Age of the oldest waiting announcement.", age)


def _by_state(name: str, text: str, counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state, count in counts.items():
        family.add_metric([state], count)
    return family
