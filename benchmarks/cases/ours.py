"""e11y itself: one event type on its way through the core, with and without plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.case import Emitter
from benchmarks.workload import EVENT, Rows

LOGS = "events.jsonl.gz"
"""File that the events of a case end in."""

DRAIN_S = 30.0


@contextmanager
def track(directory: Path) -> Iterator[Emitter]:
    """The core alone: check, clock, context, one append."""
    with activated(directory):
        yield Emitter(tracking(), drain)


@contextmanager
def held(directory: Path) -> Iterator[Emitter]:
    """The core alone, with a consumer that can be held back."""
    from benchmarks.cases.e11y_plugins import HoldPlugin  # noqa: PLC0415 - needs e11y

    hold = HoldPlugin()
    with activated(directory, [hold]):
        yield Emitter(tracking(), drain, held=hold.held)


@contextmanager
def concerned(directory: Path) -> Iterator[Emitter]:
    """Five plugins, each with a step for this event type."""
    from benchmarks.cases.e11y_plugins import TRUSTED, five_plugins  # noqa: PLC0415 - needs e11y

    with activated(directory, five_plugins(EVENT), trusted=TRUSTED):
        yield Emitter(tracking(), drain)


@contextmanager
def unconcerned(directory: Path) -> Iterator[Emitter]:
    """The same five plugins, none of them with a step for this event type."""
    from benchmarks.cases.e11y_plugins import TRUSTED, five_plugins  # noqa: PLC0415 - needs e11y

    with activated(directory, five_plugins("some.other.event"), trusted=TRUSTED):
        yield Emitter(tracking(), drain)


@contextmanager
def buffered(directory: Path) -> Iterator[Emitter]:
    """Debug events inside a scope that succeeds: buffered, then discarded."""
    import e11y  # noqa: PLC0415 - only where it is measured
    from benchmarks.cases.e11y_events import OrderLookedUp  # noqa: PLC0415

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            OrderLookedUp.track(order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

    with activated(directory):
        yield Emitter(run, drain, around=lambda: e11y.scope("benchmark"))


@contextmanager
def disabled(directory: Path) -> Iterator[Emitter]:
    """The library switched off by ``enabled = false``."""
    with activated(directory, enabled=False):
        yield Emitter(tracking(), drain)


@contextmanager
def invalid(directory: Path) -> Iterator[Emitter]:
    """Events with one field that fails its constraint, reported instead of raised."""
    from benchmarks.cases.e11y_events import OrderPaid  # noqa: PLC0415 - needs e11y

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            OrderPaid.track(order_id=order_id, customer_id=customer_id, amount=-amount, currency=currency)

    with activated(directory, on_invalid="report"):
        yield Emitter(run, drain)


@contextmanager
def activated(
    directory: Path,
    plugins: Sequence[object] = (),
    *,
    names: Sequence[str] = (),
    adapter: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Iterator[None]:
    """Run e11y with one adapter.

    Args:
        directory: Where files go.
        plugins: Objects.
        names: Names of installed plugins.
        adapter: Its table; ``None``: it writes a compressed file.
        settings: Further settings.
    """
    import e11y  # noqa: PLC0415 - only where it is measured
    from benchmarks.gzip_adapter import GzipPlugin  # noqa: PLC0415 - needs e11y

    e11y.configure(
        {
            "adapters": {"logs": adapter or {"type": "gzip", "path": str(directory / LOGS)}},
            "plugins": list(names),
            **settings,
        },
        plugins=[GzipPlugin, *plugins],
    )
    e11y.start()
    try:
        yield
    finally:
        e11y.shutdown(DRAIN_S)


def tracking() -> Callable[[Rows], None]:
    """Return what tracks one event per row."""
    from benchmarks.cases.e11y_events import OrderPaid  # noqa: PLC0415 - needs e11y

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            OrderPaid.track(order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

    return run


def drain() -> None:
    """Return once everything tracked so far is written."""
    import e11y  # noqa: PLC0415 - only where it is measured

    e11y.flush(DRAIN_S)
