"""A metric and its series: plain numbers, changed by one thread at a time."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from prometheus_client import Metric
from prometheus_client.samples import Exemplar, Sample
from prometheus_client.utils import floatToGoString

from e11y_metrics.definition import Across, Definition, Kind
from e11y_metrics.guard import Guard
from e11y_metrics.label_text import DROPPED, OTHER
from e11y_metrics.shared_family import mark

Key = tuple[str, ...]
"""Label values, in the order of the family's labels."""

DEFAULT_BUCKETS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)


EXACT: Final = 2**63
"""Ints below it are added up exactly."""

_isfinite = math.isfinite


class NotANumber(ValueError):
    """A value that cannot be added to a metric. Holds no text: it could only be about the value."""


class Series:
    """The numbers of one combination of label values.

    Args:
        buckets: Bounds of a histogram.

    Attributes:
        total: Sum of all values; of a gauge the last one.
        counts: Values per bucket, not cumulated.
        exemplars: Bucket (0 for a counter) -> ``(value, trace id)`` of the last event that had a trace.
        time: Seconds since 1970 when a gauge was set.
    """

    __slots__ = ("buckets", "counts", "exemplars", "time", "total")

    def __init__(self, buckets: tuple[float, ...]) -> None:
        self.buckets = buckets
        self.total: float = 0
        self.counts = [0] * (len(buckets) + 1)
        self.exemplars: dict[int, tuple[float, int]] = {}
        self.time = 0.0


Put = Callable[[Series, Any, int], None]
"""Adds a value to a series; the last argument is the id of the trace, or 0."""


def count(series: Series, value: Any, trace: int) -> None:
    """Add to a counter.

    Raises:
        NotANumber: The value is none, is not finite or is negative.
    """
    amount = _finite(value)
    if amount < 0:
        raise NotANumber
    series.total += amount
    if trace:
        series.exemplars[0] = (amount, trace)


def observe(series: Series, value: Any, trace: int) -> None:
    """Add to a histogram.

    Raises:
        NotANumber: The value is none, is not finite, or is negative while no bound is.
    """
    amount = _finite(value)
    if amount < 0 and series.buckets[0] >= 0:
        raise NotANumber  # the sum of a histogram must not go down
    bucket = bisect_left(series.buckets, amount)
    series.counts[bucket] += 1
    series.total += amount
    if trace:
        series.exemplars[bucket] = (amount, trace)


def setter(time_ns: Callable[[], int]) -> Put:
    """Return what sets a gauge.

    Args:
        time_ns: Returns nanoseconds since 1970.
    """

    def show(series: Series, value: Any, trace: int) -> None:
        del trace  # OpenMetrics has no exemplars on gauges
        series.total = _number(value)
        series.time = time_ns() / 1e9

    return show


class Family:
    """One metric.

    Args:
        first: The definition that was met first; later ones must fit it.
        buckets: Bounds of a histogram.
        max_series: Most series; above it every label is ``[OTHER]``.
        guard_of: Label -> the guard of its values.
        full: Called once when there is no room for a series.
        time_ns: Returns nanoseconds since 1970.

    Attributes:
        overflow: How often a value met no room for its series.
        guarded: Labels whose values are not known to be few.
        definitions: All definitions of it, for the report.
    """

    def __init__(
        self,
        first: Definition,
        buckets: tuple[float, ...],
        max_series: int,
        guard_of: Callable[[str], Guard],
        full: Callable[[], None],
        time_ns: Callable[[], int],
    ) -> None:
        self.kind: Kind = first.kind
        self.name = first.name
        self.labels = first.labels
        self.help = first.help
        self.across: Across = first.across
        self.buckets: tuple[float, ...] = buckets if first.kind == "histogram" else ()
        self.max_series = max_series
        self.guards = {label: guard_of(label) for label in self.labels}
        self.guarded: set[str] = set()
        self.definitions = [first]
        self.overflow = 0
        self._full = full
        self.series: dict[Key, Series] = {}
        self.put = {"counter": count, "histogram": observe, "gauge": setter(time_ns)}[first.kind]
        self._les = tuple(floatToGoString(bound) for bound in (*self.buckets, math.inf))  # type: ignore[no-untyped-call]
        self._start()

    @property
    def family_name(self) -> str:
        """Name without ``_total``: what OpenMetrics calls the metric, and what must be unique."""
        return self.name.removesuffix("_total")

    def forget(self) -> None:
        """Begin anew. For forked children only."""
        self.series.clear()
        self.overflow = 0
        for guard in self.guards.values():
            guard.forget()
        self._start()

    def _start(self) -> None:
        if not self.labels and self.kind != "gauge":
            self.of(())  # a counter that shows 0 before the first event has a rate when that comes

    def of(self, key: Key) -> Series:
        """Return the series of label values that the guards let pass."""
        found = self.series.get(key)
        if found is None:
            if len(self.series) >= self.max_series:
                self.overflow += 1
                if self.overflow == 1:
                    self._full()
                key = (OTHER,) * len(self.labels)
                found = self.series.get(key)
            if found is None:
                found = self.series[key] = Series(self.buckets)
        return found

    def collect(self) -> Metric:
        """Return all series in the form of prometheus-client."""
        metric = Metric(self.family_name, self.help or "Counted from events.", self.kind)
        times = []
        is_gauge = self.kind == "gauge"
        for key, series in self.series.items():
            if is_gauge and not series.time:
                continue  # its first value was no number
            labels = dict(zip(self.labels, key, strict=True))
            metric.samples.extend(self._samples(labels, series))
            times.append(series.time)
        limits = {label: self.guards[label].limit for label in list(self.guarded)}  # grows when a type comes late
        return mark(
            metric,
            across=self.across if is_gauge else "sum",
            limits=limits,
            max_series=self.max_series,
            times=times if is_gauge else (),
        )

    def _samples(self, labels: dict[str, str], series: Series) -> Iterator[Sample]:
        exemplars = {at: _exemplar(*found) for at, found in series.exemplars.items()}
        if self.kind != "histogram":
            yield Sample(self.name, labels, series.total, None, exemplars.get(0))
            return
        seen = 0
        for at, (le, count) in enumerate(zip(self._les, series.counts, strict=True)):
            seen += count
            yield Sample(f"{self.name}_bucket", {**labels, "le": le}, seen, None, exemplars.get(at))
        if self.buckets[0] < 0:
            return  # OpenMetrics 1.0: no sum, and so no count, where values may be negative
        yield Sample(f"{self.name}_count", labels, seen)
        yield Sample(f"{self.name}_sum", labels, series.total)


def _exemplar(value: float, trace: int) -> Exemplar:
    return Exemplar({"trace_id": f"{trace:032x}"}, value)


def _finite(value: Any) -> float:
    number = _number(value)
    if not _isfinite(number):
        raise NotANumber
    return number


def _number(value: Any) -> float:
    """Return a value as a number. Ints stay exact, unless they are so large that a float could not hold their sum."""
    if value.__class__ is float or (value.__class__ is int and -EXACT < value < EXACT):
        return value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if value is None or isinstance(value, (str, bytes, bytearray)):
        raise NotANumber
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise NotANumber from None


def key_of(labels: Sequence[str], values: dict[str, str]) -> Key:
    """Return the key of named label values; what is absent is ``[DROPPED]``."""
    return tuple([values.get(label, DROPPED) for label in labels])
