"""loguru with its own JSON serialisation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from benchmarks.case import Emitter
from benchmarks.workload import EVENT, Rows


@contextmanager
def serialized(directory: Path) -> Iterator[Emitter]:
    """``serialize=True`` into a file; the fields land in the record's ``extra``."""
    logger = import_module("loguru").logger
    logger.remove()
    sink = logger.add(directory / "loguru.jsonl", serialize=True, level="INFO")

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            logger.info(EVENT, order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

    try:
        yield Emitter(run)
    finally:
        logger.remove(sink)
