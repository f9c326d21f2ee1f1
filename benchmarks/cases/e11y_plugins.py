"""Five plugins with one step each, made for the events of one name.

With the name of the measured event all five are concerned; with any other none is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event as Flag

import attrs

from e11y import Drop, Enrich, Filter, Host, Observe, Sample, Schema, hookimpl

_TOO_SMALL = Drop("too_small")


@attrs.frozen(eq=False)
class RegionPlugin:
    """Adds a field."""

    concerns: str
    name = "bench-region"

    @hookimpl
    def e11y_enrich(self, schema: Schema) -> Enrich | None:
        """Answer with a step that looks at one field."""
        if schema.name != self.concerns:
            return None
        return Enrich(
            lambda customer_id: "eu" if customer_id % 2 else "us", needs=("customer_id",), adds={"region": str}
        )


@attrs.frozen(eq=False)
class MaskPlugin:
    """Masks a field."""

    concerns: str
    name = "bench-mask"

    @hookimpl
    def e11y_filter(self, schema: Schema) -> Filter | None:
        """Answer with a filter of one field."""
        return Filter({"order_id": lambda value: value[:2] + "***"}) if schema.name == self.concerns else None


class CountPlugin:
    """Counts events per currency."""

    name = "bench-count"

    def __init__(self, concerns: str) -> None:
        self.concerns = concerns
        self.counts: dict[str, int] = {}

    @hookimpl
    def e11y_observe(self, schema: Schema) -> Observe | None:
        """Answer with an observer of one field."""
        return Observe(self._count, needs=("currency",)) if schema.name == self.concerns else None

    def _count(self, currency: str) -> None:
        self.counts[currency] = self.counts.get(currency, 0) + 1


@attrs.frozen(eq=False)
class AmountPlugin:
    """Samples by value; keeps everything of this workload."""

    concerns: str
    name = "bench-amount"

    @hookimpl
    def e11y_sample(self, schema: Schema) -> Sample | None:
        """Answer with a rule on one field."""
        if schema.name != self.concerns:
            return None
        return Sample(lambda amount: 1.0 if amount > 0.5 else _TOO_SMALL, needs=("amount",))


@attrs.frozen(eq=False)
class CurrencyPlugin:
    """Samples by currency; keeps everything of this workload."""

    concerns: str
    name = "bench-currency"

    @hookimpl
    def e11y_sample(self, schema: Schema) -> Sample | None:
        """Answer with a rule on one field."""
        if schema.name != self.concerns:
            return None
        return Sample(lambda currency: _TOO_SMALL if currency == "XXX" else 1.0, needs=("currency",))


TRUSTED = (MaskPlugin.name,)
"""Names of those that touch payloads: only plugins that the settings trust may."""


def five_plugins(concerns: str) -> list[object]:
    """Return one plugin per kind of step, concerned with events named ``concerns``."""
    kinds = (RegionPlugin, MaskPlugin, CountPlugin, AmountPlugin, CurrencyPlugin)
    return [kind(concerns) for kind in kinds]


class HoldPlugin:
    """Holds the preparer back on request, through the job that any plugin may give it."""

    name = "bench-hold"

    def __init__(self) -> None:
        self._wanted = Flag()
        self._holding = Flag()
        self._free = Flag()

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        """Ask for a job on the preparer's thread."""
        host.every(0.01, self._hold)

    def _hold(self) -> None:
        if self._wanted.is_set():
            self._holding.set()
            self._free.wait()
            self._holding.clear()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the preparer until the block ends."""
        self._free.clear()
        self._wanted.set()
        if not self._holding.wait(5):
            raise RuntimeError("the preparer did not run its job within 5 s; was an event tracked before?")
        try:
            yield
        finally:
            self._wanted.clear()
            self._free.set()
