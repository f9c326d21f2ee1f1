"""A counter and a histogram of one event, both with one label."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from benchmarks.case import Emitter
from benchmarks.cases.ours import activated, drain, tracking
from benchmarks.workload import EVENT, Rows


@contextmanager
def ours(directory: Path) -> Iterator[Emitter]:
    """Declared on an event type; the base tracks the same event without them."""
    from benchmarks.cases.counted_events import OrderCounted  # noqa: PLC0415 - needs e11y and e11y-metrics

    process = import_module("e11y_metrics.process")

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            OrderCounted.track(order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

    def add_up() -> None:
        drain()
        process.meter().journal.settle()

    with activated(directory, names=("metrics",), adapter={"type": "null"}):
        yield Emitter(run, drain=add_up, base=tracking())


@contextmanager
def prometheus_client(directory: Path) -> Iterator[Emitter]:
    """prometheus-client's own calls, in a loop that is their base."""
    del directory
    client = import_module("prometheus_client")
    registry = client.CollectorRegistry()
    counter = client.Counter("orders_paid_total", EVENT, ["currency"], registry=registry)
    histogram = client.Histogram("order_amount", EVENT, ["currency"], registry=registry)

    def run(rows: Rows) -> None:
        for _order_id, _customer_id, amount, currency in rows:
            counter.labels(currency).inc()
            histogram.labels(currency).observe(amount)

    def base(rows: Rows) -> None:
        for _order_id, _customer_id, _amount, _currency in rows:
            pass

    yield Emitter(run, base=base)
