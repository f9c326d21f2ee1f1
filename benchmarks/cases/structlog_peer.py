"""structlog in the configuration that its documentation calls "as fast as it gets"."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.case import Emitter
from benchmarks.workload import EVENT, Rows


@contextmanager
def _bound_logger(path: Path) -> Iterator[Any]:
    """Yield a bound logger (no lazy proxy) that writes JSON lines to ``path``.

    Source: https://www.structlog.org/en/stable/performance.html, "Example".
    """
    orjson = import_module("orjson")
    structlog = import_module("structlog")
    with path.open("wb") as file:
        logger = structlog.wrap_logger(
            structlog.BytesLogger(file),
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.format_exc_info,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(serializer=orjson.dumps),
            ],
            cache_logger_on_first_use=True,
        )
        yield logger.bind()


@contextmanager
def emit(directory: Path) -> Iterator[Emitter]:
    """An event that is written."""
    with _bound_logger(directory / "structlog.jsonl") as log:

        def run(rows: Rows) -> None:
            for order_id, customer_id, amount, currency in rows:
                log.info(EVENT, order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

        yield Emitter(run)


@contextmanager
def filtered(directory: Path) -> Iterator[Emitter]:
    """An event below the level of the logger."""
    with _bound_logger(directory / "structlog-filtered.jsonl") as log:

        def run(rows: Rows) -> None:
            for order_id, customer_id, amount, currency in rows:
                log.debug(EVENT, order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

        yield Emitter(run)
