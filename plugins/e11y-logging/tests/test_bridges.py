"""structlog and loguru, by the recipes of docs/how-to/logging.md."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import loguru
import pytest
import structlog

import e11y
from e11y_logging import E11yHandler, log_line

from .conftest import Bench


def to_e11y(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The processor of the how-to page."""
    extra = {key: value for key, value in event.items() if key not in ("event", "exc_info")}
    log_line(method, str(event.get("event", "")), logger="shop", extra=extra, exc_info=event.get("exc_info"))
    return event


def sink(message: loguru.Message) -> None:
    """The sink of the how-to page."""
    record = message.record
    log_line(
        record["level"].no,
        record["message"],
        logger=record["name"] or "root",
        level_name=record["level"].name,
        extra=record["extra"],
        exc_info=record["exception"],
        module=record["module"],
        function=record["function"],
        line=record["line"],
    )


@pytest.fixture
def structured() -> Iterator[list[Any]]:
    """What structlog goes on with."""
    seen: list[Any] = []

    def keep(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        seen.append(dict(event))
        raise structlog.DropEvent

    structlog.configure(processors=[to_e11y, keep], wrapper_class=structlog.make_filtering_bound_logger(0))
    yield seen
    structlog.reset_defaults()


def test_lines_of_structlog_are_lines(bench: Bench, structured: list[Any]) -> None:
    log = structlog.get_logger().bind(order_id="o-1")
    with e11y.scope("POST /orders"):
        log.debug("read the cart", items=3)
        try:
            raise LookupError("no such order")
        except LookupError:
            log.exception("failed", line="taken")
    first, second = bench.records
    assert dict(first.payload) == {
        "logger": "shop",
        "message": "read the cart",
        "module": None,
        "function": None,
        "line": None,
        "order_id": "o-1",
        "items": 3,
    }
    assert (first.severity, second.severity) == ("debug", "error")
    assert second.payload["exception_message"] == "no such order"
    assert second.payload["extra_line"] == "taken"
    assert [event["event"] for event in structured] == ["read the cart", "failed"], "structlog goes on as before"


def test_structlog_over_the_standard_library_needs_the_handler_alone(bench: Bench, root: logging.Logger) -> None:
    root.addHandler(E11yHandler())
    root.setLevel(logging.DEBUG)
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
    )
    try:
        log = structlog.get_logger("shop.structured")
        log.info("paid", order_id="o-1")
        log.error("failed", exc_info=ValueError("no"))
        try:
            raise LookupError("no such order")
        except LookupError:
            log.exception("failed too")
    finally:
        structlog.reset_defaults()
    first, second, third = bench.records
    payload = dict(first.payload)
    assert (payload.pop("module"), payload.pop("function"), payload.pop("line")) != (None, None, None)
    assert payload == {"logger": "shop.structured", "message": "paid", "order_id": "o-1"}
    assert second.payload["exception_type"] == "ValueError"
    assert third.payload["exception_message"] == "no such order"


def test_structlog_that_renders_to_keywords_needs_the_handler_alone(bench: Bench, root: logging.Logger) -> None:
    root.addHandler(E11yHandler())
    root.setLevel(logging.DEBUG)
    structlog.configure(
        processors=[structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    try:
        structlog.get_logger("shop.keywords").info("paid", order_id="o-1")
    finally:
        structlog.reset_defaults()
    assert (bench.payload["message"], bench.payload["order_id"]) == ("paid", "o-1")


@pytest.fixture
def guru() -> Iterator[Any]:
    loguru.logger.remove()
    number = loguru.logger.add(sink, level=0, format="{message}", catch=False)
    yield loguru.logger
    loguru.logger.remove(number)


def test_lines_of_loguru_are_lines(bench: Bench, guru: Any) -> None:
    with e11y.scope("POST /orders"):
        guru.trace("very detailed")
        guru.bind(order_id="o-1").debug("read {n} items", n=3)
        guru.success("paid")
        try:
            raise LookupError("no such order")
        except LookupError:
            guru.exception("failed")
    by_message = {str(record.payload["message"]): record for record in bench.records}
    assert {message: str(record.severity) for message, record in by_message.items()} == {
        "very detailed": "debug",
        "read 3 items": "debug",
        "paid": "success",
        "failed": "error",
    }
    read = by_message["read 3 items"].payload
    assert (read["order_id"], read["n"], read["module"], read["function"]) == (
        "o-1",
        3,
        "test_bridges",
        "test_lines_of_loguru_are_lines",
    )
    assert by_message["very detailed"].payload["level"] == "TRACE"
    assert by_message["failed"].payload["exception_type"] == "LookupError"
    assert len({record.trace_id for record in bench.records}) == 1


def test_loguru_takes_the_handler_as_a_sink_too(bench: Bench) -> None:
    loguru.logger.remove()
    number = loguru.logger.add(E11yHandler(), level=0, format="{message}")
    try:
        loguru.logger.bind(order_id="o-1").success("paid")
    finally:
        loguru.logger.remove(number)
    (record,) = bench.records
    assert (record.severity, record.payload["extra"]) == ("success", {"order_id": "o-1"})
