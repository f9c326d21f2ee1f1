"""Numbers without an event: ``metrics.increment``, ``metrics.observe``, ``metrics.set``."""

from __future__ import annotations

from typing import Final

from e11y_metrics.definition import Kind
from e11y_metrics.process import meter


class DirectMetrics:
    """Adds to metrics from anywhere: no I/O, no lock, no exception, like ``track()``.

    The first call of a name makes the metric, with the labels it passes, unless an event type declares it. From
    then on its labels are fixed: a missing one is ``[DROPPED]``; one that it does not have is left out and reported.
    So is a call whose name breaks the rules of :func:`e11y_metrics.counter` and its like.

    Values of labels are the caller's own: no filter sees them. Identifiers are ``[DROPPED]`` unless a relabel rule
    of the settings turns them into a few values.
    """

    def increment(self, name: str, value: float = 1, /, **labels: object) -> None:
        """Add ``value``, 0 or more, to the counter ``name``, which ends in ``_total``."""
        self._write("counter", name, value, labels)

    def observe(self, name: str, value: float, /, **labels: object) -> None:
        """Put ``value`` into the buckets of the histogram ``name``; its bounds stand in the settings."""
        self._write("histogram", name, value, labels)

    def set(self, name: str, value: float, /, **labels: object) -> None:
        """Let the gauge ``name`` show ``value``."""
        self._write("gauge", name, value, labels)

    def _write(self, kind: Kind, name: str, value: float, labels: dict[str, object]) -> None:
        active = meter()
        if active is not None:
            active.write_direct(kind, name, value, labels)


metrics: Final = DirectMetrics()
"""The metrics of the process."""
