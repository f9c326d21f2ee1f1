"""The way into prometheus-client's registry where no other plugin shows metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client import REGISTRY, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from e11y import MetricFamily

Source = Callable[[], Iterable[MetricFamily]]


class Shown(Collector):
    """Shows the families of the runtime that started last; one that ended can still be read.

    prometheus-client has one registry per process, and a program has one set of numbers; so there is one of these.
    """

    def __init__(self) -> None:
        self._running: list[Source] = []
        self._shown: Source | None = None
        self._is_registered = False

    def enter(self, source: Source) -> None:
        """Show ``source`` from now on."""
        self._running.append(source)
        self._shown = source
        if not self._is_registered:
            REGISTRY.register(self)
            self._is_registered = True

    def leave(self, source: Source) -> None:
        """Note that a runtime stopped: the one below shows again."""
        if source in self._running:
            self._running.remove(source)
        if self._running:
            self._shown = self._running[-1]

    def hide(self) -> None:
        """Show nothing: another plugin does."""
        self._shown = None

    def describe(self) -> Iterable[Metric]:
        """Return no names: another plugin may show the same ones later, in a runtime of its own."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield everything in the form of prometheus-client."""
        if self._shown is not None:
            yield from map(_metric, self._shown())


def _metric(family: MetricFamily) -> Metric:
    metric = Metric(family.name.removesuffix("_total"), family.help, family.kind)
    bounds = [*map(floatToGoString, family.buckets), "+Inf"]
    for values, numbers in family.series.items():
        labels = dict(zip(family.labels, values, strict=True))
        if family.kind == "counter":
            metric.samples.append(Sample(family.name, labels, numbers[0]))
            continue
        cumulated = list(accumulate(numbers[:-1]))
        buckets = zip(bounds, cumulated, strict=True)
        metric.samples.extend(Sample(f"{family.name}_bucket", {**labels, "le": le}, seen) for le, seen in buckets)
        metric.samples.append(Sample(f"{family.name}_count", labels, cumulated[-1]))
        metric.samples.append(Sample(f"{family.name}_sum", labels, numbers[-1]))
    return metric


SHOWN = Shown()
