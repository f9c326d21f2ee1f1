"""Which label of which metric has how many values, and which go beyond its limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from e11y_metrics.label_text import DROPPED, OTHER
from e11y_metrics.process import top
from e11y_metrics.shared_family import LabelNote

_NOT_COUNTED = frozenset({DROPPED, OTHER})
_FORMAT_LABELS = frozenset({"le", "quantile"})


@attrs.frozen
class LabelReport:
    """One label of one metric.

    Args:
        metric, label: Their names; the label is empty for the combinations of all labels of the metric.
        values: Values that are shown, stand-ins left out.
        limit: Most values; 0 when only the exposition was read.
        overflow: How often a value became ``[OTHER]``.
        top: The most frequent of those values with their counts, which may be too high, never too low.
        declared: Classes and lines that declare the metric.
    """

    metric: str
    label: str
    values: int
    limit: int = 0
    overflow: int = 0
    top: Sequence[tuple[str, int]] = ()
    declared: Sequence[str] = ()


def cardinality() -> list[LabelReport]:
    """Return what is known about the labels of this process, or of all that share its directory; the worst first.

    Labels whose type proves that they have few values are left out.
    """
    part = top()
    if part is None:
        return []
    if part.share is not None:
        reading = part.share.read()
        return reports(reading.metrics, reading.labels)
    return reports(part.meter.collect(), part.meter.labels())


def reports(metrics: Iterable[Metric], notes: Iterable[LabelNote]) -> list[LabelReport]:
    """Return the reports of labels that are watched."""
    values = values_of(metrics)
    found = [
        LabelReport(
            metric=note.metric,
            label=note.label,
            values=len(values.get((note.metric, note.label), ())) or note.values,
            limit=note.limit,
            overflow=note.overflow,
            top=tuple((text, count) for text, count in note.top),
            declared=tuple(note.declared),
        )
        for note in notes
    ]
    return ranked(found)


def read_exposition(text: str) -> list[LabelReport]:
    """Return what the exposition of any program tells.

    Raises:
        ValueError: The text is no exposition.
    """
    metrics = list(text_string_to_metric_families(text))
    overflow = {
        (one.labels.get("metric", ""), one.labels.get("label", "")): int(one.value)
        for metric in metrics
        if metric.name == "e11y_cardinality_overflow"
        for one in metric.samples
    }
    found = [
        LabelReport(metric, label, len(values), overflow=overflow.get((metric, label), 0))
        for (metric, label), values in values_of(metrics).items()
    ]
    return ranked(found)


def ranked(found: Iterable[LabelReport]) -> list[LabelReport]:
    """Return the reports, the worst first."""
    return sorted(found, key=lambda one: (-one.overflow, -one.values, one.metric, one.label))


def values_of(metrics: Iterable[Metric]) -> Mapping[tuple[str, str], set[str]]:
    """Return metric and label -> the values that are shown."""
    found: dict[tuple[str, str], set[str]] = {}
    for metric in metrics:
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        for sample in metric.samples:
            for label, value in sample.labels.items():
                if label not in _FORMAT_LABELS:
                    values = found.setdefault((name, label), set())
                    if value not in _NOT_COUNTED:
                        values.add(value)
    return found
