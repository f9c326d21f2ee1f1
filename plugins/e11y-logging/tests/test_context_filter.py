"""Trace ids in log records."""

from __future__ import annotations

import io
import logging
import logging.config
from typing import Any

import pytest

import e11y
from e11y_logging import ContextFilter

from .conftest import Bench

FORMAT = "%(levelname)s %(trace_id)s %(span_id)s %(request_id)s %(message)s"


def logger_with(form: str, added: logging.Filter, style: Any = "%") -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(form, style=style))
    handler.addFilter(added)
    logger = logging.Logger("shop.filter", logging.DEBUG)  # noqa: LOG001 - one that stands alone
    logger.addHandler(handler)
    return logger, stream


def test_records_in_a_scope_carry_its_ids(bench: Bench) -> None:
    logger, stream = logger_with(FORMAT, ContextFilter())
    with e11y.scope("GET /", kind="request") as scope, e11y.context(request_id="r-1"):
        logger.info("inside")
        context = e11y.current_context()
    assert stream.getvalue() == f"INFO {scope.trace_id} {context['span_id']} r-1 inside\n"
    assert len(scope.trace_id) == 32


def test_outside_of_a_scope_the_default_stands(bench: Bench) -> None:
    logger, stream = logger_with(FORMAT, ContextFilter())
    logger.info("outside")
    with e11y.context(request_id="r-2"):
        logger.info("context alone")
    assert stream.getvalue() == "INFO - - - outside\nINFO - - r-2 context alone\n"


def test_the_keys_and_the_default_can_be_chosen(bench: Bench) -> None:
    added = ContextFilter(keys=["user_id", "tenant"], default="")
    logger, stream = logger_with("{user_id}|{tenant}|{trace_id}|{message}", added, style="{")
    with e11y.context(user_id=42, request_id="r-1"):
        logger.info("said")
    assert stream.getvalue() == "42|||said\n"


def test_what_the_record_says_itself_stays(bench: Bench, log: logging.Logger) -> None:
    logger, stream = logger_with(FORMAT, ContextFilter())
    logger.addHandler(log.handlers[0])
    with e11y.context(request_id="context"):
        logger.info("said", extra={"request_id": "own", "trace_id": "t"})
    assert stream.getvalue() == "INFO t - own said\n"
    payload = bench.payload
    assert (payload["request_id"], payload["trace_id"], "span_id" in payload) == ("own", "t", False)


@pytest.mark.parametrize("filters", [1, 2])
def test_what_it_adds_is_no_extra_of_the_event(bench: Bench, log: logging.Logger, filters: int) -> None:
    for _ in range(filters):
        logger, _stream = logger_with(FORMAT, ContextFilter())
        log.handlers.insert(0, logger.handlers[0])
    with e11y.scope("GET /"), e11y.context(request_id="r-1"):
        log.info("said", extra={"order_id": "o-1"})
    assert list(bench.payload) == ["logger", "message", "module", "function", "line", "order_id"]


def test_a_dict_config_names_it(bench: Bench, root: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": "e11y_logging.ContextFilter", "keys": ["request_id"], "default": "none"}},
        "formatters": {"plain": {"format": "[%(trace_id)s %(request_id)s] %(message)s"}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "plain",
                "filters": ["context"],
            },
            "e11y": {"class": "e11y_logging.E11yHandler"},
        },
        "root": {"level": "INFO", "handlers": ["console", "e11y"]},
    }
    logging.config.dictConfig(config)
    logging.getLogger("shop.config").info("said")
    assert capsys.readouterr().out == "[none none] said\n"
    assert bench.messages == ["said"]


def test_it_needs_no_runtime() -> None:
    logger, stream = logger_with(FORMAT, ContextFilter())
    logger.info("said")
    assert stream.getvalue() == "INFO - - - said\n"
