"""The standard library's logging with python-json-logger."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from benchmarks.case import Emitter
from benchmarks.workload import EVENT, Rows

_FORMAT = "%(asctime)s %(levelname)s %(message)s"


@contextmanager
def json(directory: Path) -> Iterator[Emitter]:
    """The serialiser is ``json`` of the standard library."""
    formatter = import_module("pythonjsonlogger.json").JsonFormatter(_FORMAT)
    with _emitter(directory / "stdlib.jsonl", formatter) as emitter:
        yield emitter


@contextmanager
def orjson(directory: Path) -> Iterator[Emitter]:
    """The serialiser is orjson."""
    formatter = import_module("pythonjsonlogger.orjson").OrjsonFormatter(_FORMAT)
    with _emitter(directory / "stdlib-orjson.jsonl", formatter) as emitter:
        yield emitter


@contextmanager
def _emitter(path: Path, formatter: logging.Formatter) -> Iterator[Emitter]:
    logger = logging.getLogger(f"benchmark.{path.stem}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    handler = logging.FileHandler(path)
    handler.setFormatter(formatter)
    logger.addHandler(handler)

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            logger.info(
                EVENT,
                extra={"order_id": order_id, "customer_id": customer_id, "amount": amount, "currency": currency},
            )

    try:
        yield Emitter(run)
    finally:
        logger.removeHandler(handler)
        handler.close()
