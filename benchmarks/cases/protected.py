"""e11y with all plugins of protection and flow: pii, ratelimit, sampling, versioning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.case import Emitter
from benchmarks.cases.ours import activated, drain
from benchmarks.workload import Rows, personal_rows

PLUGINS = ("pii", "ratelimit", "sampling", "versioning")


@contextmanager
def concerned(directory: Path) -> Iterator[Emitter]:
    """All four are concerned: two field rules, a limit, a rate, a version; all texts are scanned behind the call."""
    from benchmarks.cases.protected_events import OrderNotedV2  # noqa: PLC0415 - needs the plugins

    data = personal_rows()

    def run(rows: Rows) -> None:
        for _, (order_id, email, phone, note, amount) in zip(rows, data, strict=True):
            OrderNotedV2.track(order_id=order_id, email=email, phone=phone, note=note, amount=amount)

    with activated(directory, names=PLUGINS):
        yield Emitter(run, drain)


@contextmanager
def opted_out(directory: Path) -> Iterator[Emitter]:
    """All four are active, and the event type has opted out of each."""
    from benchmarks.cases.protected_events import OrderLeftAlone  # noqa: PLC0415 - needs the plugins

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            OrderLeftAlone.track(order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

    with activated(directory, names=PLUGINS):
        yield Emitter(run, drain)
