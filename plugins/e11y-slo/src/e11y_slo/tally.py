"""The numbers of one exported metric, with labels that stay bounded."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable

from e11y import MetricFamily
from e11y_slo.exported import OTHER, Exported

LONGEST = 128
"""Characters of a label value; what is longer is cut."""

_WARN_AT = 0.8

Key = tuple[str, ...]
Notice = Callable[[str, int], None]


class Room:
    """Lets the first ``limit`` values of each label pass, for good; every other one becomes ``[OTHER]``.

    Args:
        limit: Most values of a label.
        notice: Called with a label and the number of its values, once at 80 % of the limit and once above it.
    """

    def __init__(self, limit: int, notice: Notice) -> None:
        self.limit = limit
        self._notice = notice
        self._warn_at = max(1, int(limit * _WARN_AT))
        self._values: dict[str, set[str]] = {}
        self._warned: set[str] = set()
        self._told: set[str] = set()

    def admit(self, label: str, text: str) -> str:
        """Return the value to label with, always fit to be written as UTF-8."""
        values = self._values.setdefault(label, set())
        if text in values:
            return text
        if len(text) > LONGEST or not text.isascii():
            text = text[:LONGEST].encode("utf-8", "replace").decode("utf-8")
            if text in values:
                return text
        if len(values) < self.limit:
            values.add(text)
            if len(values) >= self._warn_at and label not in self._warned:
                self._warned.add(label)
                self._notice(label, len(values))
            return text
        if label not in self._told:
            self._told.add(label)
            self._notice(label, self.limit + 1)
        return OTHER

    def forget(self) -> None:
        """Begin anew. For forked children only."""
        self._values.clear()
        self._warned.clear()
        self._told.clear()


class Tally:
    """Adds up one metric; changed by one thread at a time.

    Args:
        exported: The metric.
        bounded: Labels whose values are limited.
        limit: Most values of these.

    Attributes:
        series: Label values -> count, or values per bucket with their sum at the end.
    """

    def __init__(self, exported: Exported, bounded: tuple[str, ...], limit: int) -> None:
        self.exported = exported
        self.series: dict[Key, list[float]] = {}
        self._limits = dict.fromkeys(bounded, limit)
        self._slots = len(exported.buckets) + 2 if exported.kind == "histogram" else 1

    def touch(self, key: Key) -> list[float]:
        """Return the numbers of a series, which begin with 0."""
        found = self.series.get(key)
        if found is None:
            found = self.series[key] = [0] * self._slots
        return found

    def add(self, key: Key) -> None:
        """Count one."""
        self.touch(key)[0] += 1

    def observe(self, key: Key, seconds: float) -> bool:
        """Put a duration into its bucket; return whether it is one: finite and not negative."""
        if not (0 <= seconds < math.inf):
            return False
        numbers = self.touch(key)
        numbers[bisect_left(self.exported.buckets, seconds)] += 1
        numbers[-1] += seconds
        return True

    def family(self) -> MetricFamily:
        """Return what stands there now."""
        one = self.exported
        series = {key: tuple(numbers) for key, numbers in self.series.items()}
        return MetricFamily(one.name, one.kind, one.help, one.labels, series, buckets=one.buckets, limits=self._limits)
