"""What a log call costs its caller, beside others in the same run.

    python plugins/e11y-logging/tests/measure.py

Each case logs one line with two arguments. The cheapest of many short runs counts, since other programs only add.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable

import structlog
from pythonjsonlogger.json import JsonFormatter

import e11y
from e11y import Runtime
from e11y.adapters import NullAdapter
from e11y_logging import ContextFilter, E11yHandler

CALLS = 300
RUNS = 60
LINE = "cart has %d items for %s"


class PlainJson(logging.Formatter):
    """The least that a JSON formatter can do."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {
                "time": record.created,
                "level": record.levelname,
                "logger": record.name,
                "message": record.getMessage(),
                "module": record.module,
                "function": record.funcName,
                "line": record.lineno,
            }
        )


def logger(name: str, handler: logging.Handler, level: int = logging.DEBUG) -> logging.Logger:
    made = logging.getLogger(f"measured.{name}")
    made.propagate = False
    made.addHandler(handler)
    made.setLevel(level)
    return made


def file_handler(formatter: logging.Formatter) -> logging.Handler:
    handler = logging.FileHandler(os.devnull)
    handler.setFormatter(formatter)
    return handler


def over_the_standard_library() -> Callable[[int], object]:
    """Return a call of structlog that ends in a file by way of ``ProcessorFormatter``, as its documentation has it."""
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ]
    )
    logger("structlog", file_handler(formatter))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    log = structlog.get_logger("measured.structlog")
    return lambda number: log.info("cart has items", items=number, cart="c-1")


def cases() -> dict[str, Callable[[int], object]]:
    ours = logger("ours", E11yHandler())
    nobody = logger("nobody", logging.NullHandler())
    python_json = logger("python-json", file_handler(JsonFormatter("%(levelname)s %(name)s %(message)s %(lineno)d")))
    plain_json = logger("plain-json", file_handler(PlainJson()))
    context = ContextFilter()
    record = logging.LogRecord("measured", logging.INFO, "", 1, "m", None, None)
    off, off_nobody = logger("off", E11yHandler(), logging.INFO), logger("off-n", logging.NullHandler(), logging.INFO)
    extra = {"order_id": "o-1", "items": 3}

    def add_ids(_: int) -> None:
        context.filter(record)
        for name in ("trace_id", "span_id", "request_id", "_e11y_context"):
            del record.__dict__[name]

    return {
        "the call alone, to a NullHandler": lambda number: nobody.info(LINE, number, "c-1"),
        "e11y: a debug line in a scope": lambda number: ours.debug(LINE, number, "c-1"),
        "e11y: with two values of extra": lambda number: ours.debug(LINE, number, "c-1", extra=extra),
        "e11y: an info line": lambda number: ours.info(LINE, number, "c-1"),
        "FileHandler, json.dumps": lambda number: plain_json.info(LINE, number, "c-1"),
        "FileHandler, python-json-logger": lambda number: python_json.info(LINE, number, "c-1"),
        "structlog over the standard library": over_the_standard_library(),
        "a level that is off, e11y's handler": lambda number: off.debug(LINE, number, "c-1"),
        "a level that is off, NullHandler": lambda number: off_nobody.debug(LINE, number, "c-1"),
        "ContextFilter alone": add_ids,
    }


def main() -> None:
    settings = {"plugins": ["logging"], "environment": "production"}
    with Runtime(settings, adapters={"logs": NullAdapter()}, environ={}, event_types=()) as runtime:
        best: dict[str, float] = {}
        measured = cases()
        for _ in range(RUNS):
            for name, call in measured.items():
                with e11y.scope("measured"):
                    began = time.perf_counter_ns()
                    for number in range(CALLS):
                        call(number)
                    took = (time.perf_counter_ns() - began) / CALLS
                best[name] = min(took, best.get(name, took))
            runtime.flush(10)
        runtime.ledger.check()
    floor, ours = best["the call alone, to a NullHandler"], best["e11y: a debug line in a scope"]
    print(f"{'':38} {'ns':>7} {'/ e11y':>7} {'/ e11y without the call alone':>30}")
    for name, took in best.items():
        print(f"{name:38} {took:7.0f} {took / ours:7.2f} {(took - floor) / (ours - floor):30.2f}")


if __name__ == "__main__":
    main()
