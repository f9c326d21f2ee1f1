"""structlog in the configuration that its documentation calls "as fast as it gets"."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.case import Emitter
from benchmarks.workload import EVENT, Rows, personal_rows

_KEYS = ("email", "phone")
_PERSONAL = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"  # mail address
    r"|\b\d(?:[ -]?\d){12,18}\b"  # card number
    r"|\b\d{3}-\d{2}-\d{4}\b"  # US social security number
    r"|(?<!\w)\+?\d{1,3}[ .-]\(?\d{2,4}\)?[ .-]\d{3,4}[ .-]?\d{3,4}\b"  # telephone number
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b"  # IPv4 address
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]+"  # JSON web token
)


def redact(logger: object, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Mask listed keys, and what looks personal in every text: what users of structlog write by hand."""
    del logger, method
    for key, value in event.items():
        if key in _KEYS:
            event[key] = "[FILTERED]"
        elif value.__class__ is str:
            event[key] = _PERSONAL.sub("[FILTERED]", value)
    return event


@contextmanager
def _bound_logger(path: Path, *processors: Any) -> Iterator[Any]:
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
                *processors,
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


@contextmanager
def redacting(directory: Path) -> Iterator[Emitter]:
    """An event with personal data, redacted by a processor."""
    data = personal_rows()
    with _bound_logger(directory / "structlog-redacting.jsonl", redact) as log:

        def run(rows: Rows) -> None:
            for _, (order_id, email, phone, note, amount) in zip(rows, data, strict=True):
                log.info(EVENT, order_id=order_id, email=email, phone=phone, note=note, amount=amount)

        yield Emitter(run)
