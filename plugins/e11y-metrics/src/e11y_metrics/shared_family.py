"""A metric on its way between processes, and how those of several are added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from prometheus_client import Metric
from prometheus_client.samples import Exemplar, Sample

from e11y_metrics.label_text import OTHER


class SharedSample(msgspec.Struct, array_like=True):
    """One sample; ``time`` is when a gauge was set, in seconds since 1970."""

    name: str
    labels: dict[str, str]
    value: int | float
    time: float = 0.0
    exemplar: tuple[dict[str, str], float] | None = None


class SharedFamily(msgspec.Struct, array_like=True):
    """All samples of one metric in one process, with the limits that hold for them all together."""

    name: str
    help: str
    kind: str
    across: str
    limits: dict[str, int]
    max_series: int
    samples: list[SharedSample]


class LabelNote(msgspec.Struct, array_like=True):
    """What one process knows about a label; ``label`` is empty for the combinations of all of them."""

    metric: str
    label: str
    limit: int
    values: int
    overflow: int
    top: list[tuple[str, int]]
    declared: list[str]


def mark(
    metric: Metric, *, across: str = "sum", limits: dict[str, int], max_series: int = 0, times: Sequence[float] = ()
) -> Metric:
    """Note on a metric how those of several processes are added up; only what is marked is shared.

    Args:
        metric: Returned again.
        across: For a gauge: ``latest``, ``sum``, ``max`` or ``min``.
        limits: Label -> most values.
        max_series: Most combinations of label values; 0: no limit.
        times: When each sample of a gauge was set.
    """
    vars(metric)["e11y"] = (across, limits, max_series, tuple(times))
    return metric


def shared(metrics: Iterable[Metric]) -> Iterator[SharedFamily]:
    """Yield those that are marked, in the form that travels."""
    for metric in metrics:
        found = vars(metric).get("e11y")
        if found is None:
            continue
        across, limits, max_series, times = found
        samples = []
        for at, one in enumerate(metric.samples):
            exemplar = None if one.exemplar is None else (dict(one.exemplar.labels), one.exemplar.value)
            samples.append(SharedSample(one.name, one.labels, one.value, times[at] if times else 0.0, exemplar))
        yield SharedFamily(metric.name, metric.documentation, metric.type, across, limits, max_series, samples)


class Cell:
    """One sample of all processes.

    Attributes:
        kept: From those that ended: what must stay.
        shown: From all.
        time: When the shown value of a gauge was set.
    """

    __slots__ = ("exemplar", "kept", "shown", "time")

    def __init__(self) -> None:
        self.kept: float | None = None
        self.shown: float | None = None
        self.time = 0.0
        self.exemplar: tuple[dict[str, str], float] | None = None


Labels = tuple[tuple[str, str], ...]


class Total:
    """One metric of all processes.

    A label value, or a combination, that found room once keeps it: a series that was shown never ends in ``[OTHER]``.

    Attributes:
        grew: Whether a series was met that those kept do not have.
    """

    def __init__(self, first: SharedFamily) -> None:
        self.first = first
        self.grew = False
        self._cells: dict[tuple[str, Labels], Cell] = {}
        self._values: dict[str, set[str]] = {label: set() for label in first.limits}
        self._series: set[Labels] = set()

    def add(self, family: SharedFamily, *, live: bool, kept_already: bool = False) -> None:
        """Add the samples of one process.

        Args:
            family: Of the process.
            live: It runs; of one that ended only what lasts is added.
            kept_already: What was kept before, and found room then.
        """
        if family.kind != self.first.kind:
            return  # two versions of a program at the same time; the older one is shown
        lasts = live or family.kind != "gauge" or family.across == "latest"
        places: dict[Labels, Labels] = {}
        for one in family.samples if lasts else ():
            le = one.labels.pop("le", None)
            labels = tuple(one.labels.items())
            place = places.get(labels)
            if place is None:
                place = places[labels] = labels if kept_already and self._note(labels) else self._place(labels)
            self._put(one, place if le is None else (*place, ("le", le)), live=live)

    def kept(self) -> SharedFamily:
        """Return what must stay when all processes have ended. Series that live ones hold are there with 0."""
        is_gauge = self.first.kind == "gauge"
        samples = [
            SharedSample(name, dict(labels), cell.kept or 0, cell.time)
            for (name, labels), cell in self._cells.items()
            if cell.kept is not None or not is_gauge
        ]
        return msgspec.structs.replace(self.first, samples=samples)

    def metric(self) -> Metric:
        """Return the metric in the form of prometheus-client."""
        metric = Metric(self.first.name, self.first.help, self.first.kind)
        for (name, labels), cell in self._cells.items():
            exemplar = None if cell.exemplar is None else Exemplar(*cell.exemplar)
            metric.samples.append(Sample(name, dict(labels), cell.shown or 0, None, exemplar))
        return metric

    def _note(self, labels: Labels) -> bool:
        self._series.add(labels)
        for label, value in labels:
            if label in self._values and value != OTHER:
                self._values[label].add(value)
        return True

    def _place(self, labels: Labels) -> Labels:
        """Return the series that a series of one process becomes part of."""
        if labels in self._series:
            return labels
        placed = tuple([(label, self._admitted(label, value)) for label, value in labels])
        if placed in self._series:
            return placed
        if self.first.max_series and len(self._series) >= self.first.max_series:
            placed = tuple([(label, OTHER) for label, _ in labels])
        self._note(placed)
        self.grew = self.grew or self.first.kind != "gauge"
        return placed

    def _admitted(self, label: str, value: str) -> str:
        known = self._values.get(label)
        return value if known is None or value in known or len(known) < self.first.limits[label] else OTHER

    def _put(self, one: SharedSample, labels: Labels, *, live: bool) -> None:
        cell = self._cells.get((one.name, labels))
        if cell is None:
            cell = self._cells[one.name, labels] = Cell()
        if self.first.kind == "gauge" and self.first.across == "latest":
            if cell.shown is None or one.time >= cell.time:
                cell.shown, cell.time = one.value, one.time
                cell.kept = one.value  # also of one that lives: it will have ended by the time that counts
            return
        cell.shown = self._joined(cell.shown, one.value)
        if not live:
            cell.kept = self._joined(cell.kept, one.value)
        if one.exemplar is not None:
            cell.exemplar = one.exemplar

    def _joined(self, before: float | None, value: float) -> Any:
        if before is None:
            return value
        if self.first.kind == "gauge" and self.first.across in ("max", "min"):
            return max(before, value) if self.first.across == "max" else min(before, value)
        return before + value
