"""The figures of one scrape, gathered metric by metric, and given to Prometheus' library in the table's order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family

from csms.domain.tallies import Distribution
from csms.metrics.table import METRICS, Metric


class Figures:
    """One scrape."""

    def __init__(self) -> None:
        self._spreads = {m.name: HistogramMetricFamily(m.name, m.text, labels=m.labels) for m in _of("histogram")}
        self._values: dict[str, GaugeMetricFamily | CounterMetricFamily] = {
            m.name: GaugeMetricFamily(m.name, m.text, labels=m.labels) for m in _of("gauge")
        }
        self._values |= {m.name: CounterMetricFamily(m.name, m.text, labels=m.labels) for m in _of("counter")}

    def add(self, metric: Metric, value: float, *labels: object) -> None:
        """A gauge's or a counter's value; labels in the order of the table."""
        self._values[metric.name].add_metric(_texts(metric, labels), value)

    def spread(self, metric: Metric, values: Distribution, *labels: object) -> None:
        """A histogram."""
        bounds = [*(f"{bound:g}" for bound in values.bounds), "+Inf"]
        up_to = [float(count) for count in accumulate(values.counts)]
        buckets = list(zip(bounds, up_to, strict=True))
        self._spreads[metric.name].add_metric(_texts(metric, labels), buckets, values.total)

    def families(self) -> Iterator[Family]:
        families: dict[str, Family] = {**self._values, **self._spreads}
        yield from (families[metric.name] for metric in METRICS)


def _of(kind: str) -> list[Metric]:
    return [metric for metric in METRICS if metric.kind == kind]


def _texts(metric: Metric, labels: tuple[object, ...]) -> list[str]:
    return [str(label) for _, label in zip(metric.labels, labels, strict=True)]
