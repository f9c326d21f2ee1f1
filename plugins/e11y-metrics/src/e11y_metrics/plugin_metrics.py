"""The metrics of other plugins in the form of prometheus-client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from e11y import MetricFamily
from e11y_metrics.shared_family import mark

Labels = Mapping[str, str]


class NameTaken(Exception):
    """A plugin counts under a name that an event type has."""


def metric_of(family: MetricFamily) -> Metric:
    """Return a family as prometheus-client shows it, fit to be added up over processes."""
    metric = Metric(family.name.removesuffix("_total"), family.help, family.kind)
    bounds = [*map(floatToGoString, family.buckets), "+Inf"]
    for values, numbers in family.series.items():
        labels = dict(zip(family.labels, values, strict=True))
        if family.kind == "histogram":
            metric.samples.extend(_buckets(family.name, labels, bounds, numbers))
        else:
            (number,) = numbers
            metric.samples.append(Sample(family.name, labels, number))
    return mark(metric, across=family.across, limits=dict(family.limits))


def _buckets(name: str, labels: Labels, bounds: Sequence[str], numbers: Sequence[float]) -> Iterator[Sample]:
    *counts, total = numbers
    seen: float = 0
    for bound, seen in zip(bounds, accumulate(counts), strict=True):
        yield Sample(f"{name}_bucket", {**labels, "le": bound}, seen)
    yield Sample(f"{name}_count", dict(labels), seen)
    yield Sample(f"{name}_sum", dict(labels), total)
