"""A metric on its way between processes, and how those of several are added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import add

import msgspec
from prometheus_client import Metric
from prometheus_client.samples import Exemplar, Sample

from e11y_metrics.label_text import OTHER

_LARGEST = 2**63  # as an int on its way

Numbers = list[int | float]
Exemplars = dict[int, tuple[dict[str, str], float]]
"""Place in the row -> labels and value."""


class SharedSeries(msgspec.Struct, array_like=True):
    """The numbers of one combination of label values; ``time`` is when a gauge was set, in seconds since 1970."""

    values: tuple[str, ...]
    numbers: Numbers
    time: float = 0.0
    exemplars: Exemplars = {}


class SharedFamily(msgspec.Struct, array_like=True):
    """All series of one metric in one process, with the limits that hold for all processes together.

    ``row`` names the numbers of each series: sample and, for a bucket, its bound.
    """

    name: str
    help: str
    kind: str
    across: str
    limits: dict[str, int]
    max_series: int
    labels: tuple[str, ...]
    row: tuple[tuple[str, str], ...]
    series: list[SharedSeries]


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
        metric: Its label set is constant. Returned again.
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
        marked = vars(metric).get("e11y")
        if marked is not None:
            yield _shared(metric, *marked)


def _shared(
    metric: Metric, across: str, limits: dict[str, int], max_series: int, times: tuple[float, ...]
) -> SharedFamily:
    found: dict[tuple[str, ...], SharedSeries] = {}
    row: dict[tuple[str, str], None] = {}
    labels: tuple[str, ...] = ()
    for at, sample in enumerate(metric.samples):
        labels = tuple([label for label in sample.labels if label != "le"])
        values = tuple([value for label, value in sample.labels.items() if label != "le"])
        row[sample.name, sample.labels.get("le", "")] = None
        series = found.get(values)
        if series is None:
            series = found[values] = SharedSeries(values, [], times[at] if times else 0.0, {})
        if sample.exemplar is not None:
            series.exemplars[len(series.numbers)] = (dict(sample.exemplar.labels), sample.exemplar.value)
        number = sample.value
        series.numbers.append(number if -_LARGEST < number < _LARGEST else float(number))
    return SharedFamily(
        metric.name,
        metric.documentation,
        metric.type,
        across,
        limits,
        max_series,
        labels,
        tuple(row),
        list(found.values()),
    )


class _Cell:
    """One series of all processes.

    Attributes:
        kept: From those that ended: what must stay; ``None``: nothing.
        shown: From all.
        time: When the shown value of a gauge was set.
    """

    __slots__ = ("exemplars", "kept", "shown", "time")

    def __init__(self) -> None:
        self.kept: Numbers | None = None
        self.shown: Numbers | None = None
        self.time = 0.0
        self.exemplars: Exemplars = {}


class Total:
    """One metric of all processes.

    A label value, or a combination, that found room once keeps it: a series that was shown never ends in ``[OTHER]``.

    Attributes:
        grew: Whether a series was met that those kept do not have.
    """

    def __init__(self, first: SharedFamily) -> None:
        self.first = first
        self.grew = False
        self._is_gauge = first.kind == "gauge"
        self._is_latest = self._is_gauge and first.across == "latest"
        self._joined = {"max": max, "min": min}.get(first.across, add) if self._is_gauge else add
        self._cells: dict[tuple[str, ...], _Cell] = {}
        self._guarded = [(at, first.limits[label]) for at, label in enumerate(first.labels) if label in first.limits]
        self._values: dict[int, set[str]] = {at: set() for at, _ in self._guarded}

    def add(self, family: SharedFamily, *, live: bool, kept_already: bool = False) -> None:
        """Add the series of one process.

        Two versions of a program may run at the same time; of a metric that changed, the one met first is shown.

        Args:
            family: Of the process.
            live: It runs; of one that ended only what lasts is added.
            kept_already: What was kept before, and found room then.
        """
        first = self.first
        if (family.kind, family.labels, family.row) != (first.kind, first.labels, first.row):
            return
        if self._is_gauge and not live and not self._is_latest:
            return
        cells = self._cells
        for series in family.series:
            cell = cells.get(series.values)
            if cell is None:
                cell = self._note(series.values) if kept_already else self._placed(series.values)
            if self._is_latest:
                _latest(cell, series)
                continue
            cell.shown = series.numbers if cell.shown is None else list(map(self._joined, cell.shown, series.numbers))
            if not live:
                cell.kept = cell.shown  # those that live are added last
            if series.exemplars:
                cell.exemplars = {**cell.exemplars, **series.exemplars}

    def kept(self) -> SharedFamily:
        """Return what must stay when all processes have ended. Series that live ones hold are there with 0."""
        nothing: Numbers = [0] * len(self.first.row)
        series = [
            SharedSeries(values, nothing if cell.kept is None else cell.kept, cell.time)
            for values, cell in self._cells.items()
            if cell.kept is not None or not self._is_gauge
        ]
        return msgspec.structs.replace(self.first, series=series)

    def metric(self) -> Metric:
        """Return the metric in the form of prometheus-client."""
        first = self.first
        metric = Metric(first.name, first.help, first.kind)
        for values, cell in self._cells.items():
            labels = dict(zip(first.labels, values, strict=True))
            for at, ((name, le), number) in enumerate(zip(first.row, cell.shown or (), strict=True)):
                exemplar = Exemplar(*cell.exemplars[at]) if at in cell.exemplars else None
                metric.samples.append(Sample(name, {**labels, "le": le} if le else labels, number, None, exemplar))
        return metric

    def _note(self, values: tuple[str, ...]) -> _Cell:
        """Give a series its room, for good."""
        for at, _ in self._guarded:
            if values[at] != OTHER:
                self._values[at].add(values[at])
        cell = self._cells[values] = _Cell()
        return cell

    def _placed(self, values: tuple[str, ...]) -> _Cell:
        """Return the series that a series of one process becomes part of."""
        allowed = list(values)
        for at, limit in self._guarded:
            if values[at] not in self._values[at] and len(self._values[at]) >= limit:
                allowed[at] = OTHER
        placed = tuple(allowed)
        if placed not in self._cells and self.first.max_series and len(self._cells) >= self.first.max_series:
            placed = (OTHER,) * len(values)
        found = self._cells.get(placed)
        if found is None:
            found = self._note(placed)
            self.grew = self.grew or not self._is_gauge
        return found


def _latest(cell: _Cell, series: SharedSeries) -> None:
    """Show a gauge that was set later. It lasts: the process that set it will have ended when that counts."""
    if cell.shown is None or series.time >= cell.time:
        cell.kept = cell.shown = series.numbers
        cell.time = series.time
