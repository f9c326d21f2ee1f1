"""What a log record becomes."""

from __future__ import annotations

import logging
import logging.config
import logging.handlers
import queue
import re
import sys
import time
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import e11y
from e11y import Fault, Runtime
from e11y.adapters import MemoryAdapter
from e11y.testing import StandaloneHost
from e11y_logging import E11yHandler, LoggingPlugin, LoggingSettings, log_line

from .conftest import Bench, MakeBench


def line_number() -> int:
    return sys._getframe(1).f_lineno


def test_a_record_tells_where_and_what(bench: Bench, log: logging.Logger) -> None:
    line = line_number() + 1
    log.info("cart has %d items of %s", 3, "42")
    (record,) = bench.records
    assert (record.name, record.severity) == ("log.line", "info")
    assert dict(record.payload) == {
        "logger": "shop.orders",
        "message": "cart has 3 items of 42",
        "module": "test_records",
        "function": "test_a_record_tells_where_and_what",
        "line": line,
    }


def test_arguments_are_taken_as_they_are_at_the_call(bench: Bench, log: logging.Logger) -> None:
    items = ["a"]
    log.info("cart %s", items)
    items.append("b")
    assert bench.messages == ["cart ['a']"]


@pytest.mark.parametrize(
    ("level", "name", "severity", "told"),
    [
        (1, "Level 1", "debug", "Level 1"),
        (5, "TRACE", "debug", "TRACE"),
        (logging.DEBUG, "DEBUG", "debug", None),
        (15, "VERBOSE", "debug", "VERBOSE"),
        (logging.INFO, "INFO", "info", None),
        (25, "NOTICE", "info", "NOTICE"),
        (25, "success", "success", "success"),
        (logging.WARNING, "WARNING", "warn", None),
        (35, "SUCCESS", "success", "SUCCESS"),
        (logging.ERROR, "ERROR", "error", None),
        (45, "Level 45", "error", "Level 45"),
        (logging.CRITICAL, "CRITICAL", "fatal", None),
        (1000, "PANIC", "fatal", "PANIC"),
    ],
)
def test_levels_are_severities(
    make_bench: MakeBench, log: logging.Logger, level: int, name: str, severity: str, told: str | None
) -> None:
    bench = make_bench(level_outside_scopes="DEBUG")
    record = logging.LogRecord("shop.orders", level, "", 1, "m", None, None)
    record.levelname = name
    log.handle(record)
    if level >= logging.DEBUG:
        (found,) = bench.records
        assert (found.severity, found.payload.get("level")) == (severity, told)
    else:
        assert bench.records == (), "below DEBUG it takes a scope"


def test_extra_stands_beside_the_fields(bench: Bench, log: logging.Logger) -> None:
    class Cart:
        pass

    log.info("paid", extra={"order_id": "o-1", "items": [1, {"a": (2,)}], "cart": Cart(), "_private": 1, 7: "x"})
    payload = bench.payload
    assert {key: payload[key] for key in list(payload)[5:]} == {
        "order_id": "o-1",
        "items": [1, {"a": [2]}],
        "cart": "<Cart>",
    }


def test_extra_that_has_the_name_of_a_field_is_called_otherwise(bench: Bench, log: logging.Logger) -> None:
    extra = {"logger": "x", "line": 7, "function": None, "exception_type": "x", "level": 1, "stacktrace": 2}
    log.info("paid", extra=extra)
    payload = bench.payload
    assert {key: value for key, value in payload.items() if key.startswith("extra_")} == {
        f"extra_{key}": value for key, value in extra.items()
    }
    assert payload["logger"] == "shop.orders"


@pytest.mark.parametrize("name", ["self", "cls", "args", "_time_ns", "track", "time", "severity", "fields", "kwargs"])
def test_extra_may_have_any_name(bench: Bench, log: logging.Logger, name: str) -> None:
    if name == "args":  # the standard library refuses it
        with pytest.raises(KeyError):
            log.info("paid", extra={name: 1})
        return
    log.info("paid", extra={name: 1})
    assert bench.payload.get(name) == (None if name.startswith("_") else 1)


@pytest.mark.parametrize("on_invalid", ["raise", "report"])
def test_extra_that_cannot_be_recorded_is_left_out_and_counted(
    make_bench: MakeBench, log: logging.Logger, on_invalid: str
) -> None:
    bench = make_bench({"on_invalid": on_invalid})
    deep: list[Any] = []
    for _ in range(20):
        deep = [deep]
    log.error("paid", extra={"order_id": "o-1", "deep": deep}, exc_info=ValueError("no"))
    payload = bench.payload
    assert (payload["message"], payload["exception_message"], "order_id" in payload) == ("paid", "no", False)
    assert bench.counts["logging.extra_refused"] == 1


def test_a_record_that_somebody_made_by_hand(bench: Bench, log: logging.Logger) -> None:
    parts = {"name": 7, "levelno": 40, "msg": "made", "lineno": "seven", "funcName": ["f"], "module": object()}
    log.handle(logging.makeLogRecord(parts))
    log.handlers[0].handle(logging.makeLogRecord({"levelno": "INFO", "msg": "no number"}))
    assert bench.payload == {"logger": "7", "message": "made", "module": None, "function": None, "line": None}
    assert bench.counts["logging.fields_refused"] == 1
    assert bench.faults == [Fault("logging", "a record", "TypeError")]


@pytest.mark.parametrize(
    ("msg", "args", "kept"),
    [("%d items", ("x",), "%d items"), ("%s", (1, 2), "%s"), ("%(a)s", ({"b": 1},), "%(a)s"), ("%", (1,), "%")],
)
def test_arguments_that_do_not_fit_are_reported_without_values(
    bench: Bench, log: logging.Logger, msg: str, args: tuple[Any, ...], kept: str
) -> None:
    line = line_number() + 1
    log.info(msg, *args)
    assert bench.messages == [kept]
    (fault,) = bench.faults
    assert (fault.source, fault.operation) == ("logging", f"message of shop.orders, test_records.py:{line}")
    assert fault.kind in ("TypeError", "ValueError", "KeyError")


def test_a_message_whose_text_is_broken(bench: Bench, log: logging.Logger) -> None:
    class Broken:
        def __str__(self) -> str:
            raise LookupError("secret")

    log.info(Broken())
    log.info("%s", Broken())
    assert bench.messages == ["<Broken>", "%s"]
    assert [fault.kind for fault in bench.faults] == ["LookupError", "LookupError"]


def test_objects_are_messages_too(bench: Bench, log: logging.Logger) -> None:
    log.info({"a": 1})
    log.info(ValueError("x"))
    log.info(None)
    log.info(b"bytes")
    assert bench.messages == ["{'a': 1}", "x", "None", "b'bytes'"]


def test_an_empty_message_is_no_event_unless_something_else_is_told(bench: Bench, log: logging.Logger) -> None:
    log.info("")
    log.info("", extra={"order_id": "o-1"})
    log.info("", exc_info=ValueError("x"))
    assert [sorted(record.payload)[:2] for record in bench.records] == [
        ["function", "line"],
        ["exception_message", "exception_stacktrace"],
    ]


def test_stack_info_is_kept(bench: Bench, log: logging.Logger) -> None:
    log.info("here", stack_info=True)
    assert bench.payload["stacktrace"].startswith("Stack (most recent call last):\n")


def test_a_long_message_is_cut_between_words(bench: Bench, log: logging.Logger) -> None:
    log.info("start %s@example.com and on", "x" * 9_990)
    log.info("word " * 3_000)
    log.info("cards: %s", "4111 1111 " * 2_000)
    log.info("x" * 20_000)
    assert [message[-40:] for message in bench.messages] == [
        "start... (10015 characters)",
        "rd word word word word... (15000 characters)"[-40:],
        "... (20007 characters)",
        "... (20000 characters)",
    ]
    assert all(len(message) < 10_100 for message in bench.messages)


def test_a_handler_has_a_level_and_filters(bench: Bench, log: logging.Logger) -> None:
    (handler,) = log.handlers
    handler.setLevel(logging.WARNING)
    handler.addFilter(lambda record: "secret" not in record.getMessage())
    log.info("low")
    log.warning("high")
    log.warning("secret")
    assert bench.messages == ["high"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="filters answer with records since Python 3.12")
def test_a_filter_may_answer_with_another_record(bench: Bench, log: logging.Logger) -> None:
    def renamed(record: logging.LogRecord) -> logging.LogRecord:
        return logging.makeLogRecord({**record.__dict__, "msg": "renamed"})

    log.handlers[0].addFilter(renamed)  # type: ignore[arg-type,unused-ignore]
    log.info("original")
    assert bench.messages == ["renamed"]


def test_two_handlers_make_one_event(bench: Bench, log: logging.Logger, root: logging.Logger) -> None:
    root.addHandler(E11yHandler())
    log.addHandler(E11yHandler())
    log.parent = root
    log.info("once")
    assert bench.messages == ["once"]


def test_a_record_that_waits_in_a_queue_is_one_event_and_keeps_its_time(bench: Bench, log: logging.Logger) -> None:
    waiting: queue.Queue[logging.LogRecord] = queue.Queue()
    log.addHandler(logging.handlers.QueueHandler(waiting))
    log.info("direct first")
    log.handlers[0].setLevel(logging.ERROR)
    log.info("only queued")
    first, second = waiting.get(), waiting.get()
    second.created -= 90
    for record in (first, second):
        E11yHandler().handle(record)
    times = {str(record.payload["message"]): record.time_ns for record in bench.records}
    assert len(bench.records) == len(times) == 2
    assert times["only queued"] == int(second.created * 1_000_000_000)
    assert abs(times["direct first"] / 1e9 - time.time()) < 30


def test_a_dict_config_names_the_class(bench: Bench, root: logging.Logger) -> None:
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"e11y": {"class": "e11y_logging.E11yHandler", "level": "INFO"}},
        "root": {"level": "DEBUG", "handlers": ["e11y"]},
    }
    logging.config.dictConfig(config)
    logging.config.dictConfig(config)
    logging.getLogger("shop.config").info("configured")
    logging.getLogger("shop.config").debug("below the handler's level")
    assert bench.messages == ["configured"]


def test_a_dict_config_without_a_root_leaves_the_handler_working(bench: Bench, root: logging.Logger) -> None:
    root.addHandler(E11yHandler())
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})  # closes all handlers it knows
    logging.getLogger("shop.config").warning("still there")
    assert bench.messages == ["still there"]


def test_warnings_are_records(bench: Bench, root: logging.Logger) -> None:
    root.addHandler(E11yHandler())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        try:
            warnings.warn("old way", DeprecationWarning, stacklevel=1)
        finally:
            logging.captureWarnings(False)
    (record,) = bench.records
    assert (record.severity, record.payload["logger"]) == ("warn", "py.warnings")
    assert "DeprecationWarning: old way" in str(record.payload["message"])


@pytest.mark.parametrize(
    ("logger", "ignored"),
    [
        ("django.db", True),
        ("django.db.backends", True),
        ("django.dbx", False),
        ("django", False),
        ("uvicorn.access", True),
        ("gunicorn.access.more", True),
        ("access", False),
        ("e11y", True),
        ("e11y.kit", True),
        ("e11ything", False),
        ("sentry_sdk.errors", True),
        ("opentelemetry.exporter", True),
        ("urllib3.connectionpool", False),
    ],
)
def test_loggers_can_be_ignored(make_bench: MakeBench, root: logging.Logger, logger: str, ignored: bool) -> None:
    bench = make_bench(ignore=["django.db", "*.access"])
    root.addHandler(E11yHandler())
    logging.getLogger(logger).warning("said")
    logging.getLogger(logger).warning("again")
    assert bench.messages == ([] if ignored else ["said", "again"])


@pytest.mark.parametrize(
    ("message", "ignored"),
    [
        ("Started GET /", True),
        ("127.0.0.1 Started GET", True),
        ("started GET /", False),
        ("Started POST /", False),
        ("[probe] GET /healthz took 3 ms: 200", True),
        ("[probe] GET /healthz\nwith a body\n200", True),
        ("[probe] 200 for GET /healthz", False),
        ("p GET /healthz 200", False),
    ],
)
def test_messages_can_be_ignored(make_bench: MakeBench, log: logging.Logger, message: str, ignored: bool) -> None:
    bench = make_bench(ignore_messages=["Started GET", "[probe]*GET /healthz*200"])
    log.warning(message)
    log_line("warning", message)
    assert bench.messages == ([] if ignored else [message, message])
    assert bench.counts.get("logging.ignored_message", 0) == (2 if ignored else 0)


def test_a_message_is_ignored_by_what_it_says_with_its_arguments(make_bench: MakeBench, log: logging.Logger) -> None:
    bench = make_bench(ignore_messages=["Started GET"])
    with e11y.scope("request", kind="request"):
        log.debug("trail")
        log.error("Started %s", "GET")  # writes no trail either
        log.error({"event": "Started GET"})
        log.info("Started %s", "POST")
    assert bench.messages == ["Started POST"]


@given(st.lists(st.text("ab*.[", max_size=4).filter(lambda text: text.strip("*")), max_size=3), st.text("ab.[\n"))
def test_a_pattern_means_what_a_regular_expression_of_its_parts_means(patterns: list[str], message: str) -> None:
    plugin = LoggingPlugin(LoggingSettings(ignore_messages=tuple(patterns)), StandaloneHost())
    meant = [".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns]
    assert plugin.ignores(message) == any(re.search(one, message, re.DOTALL) for one in meant)


def test_names_that_are_made_up_do_not_pile_up(make_bench: MakeBench) -> None:
    bench, handler = make_bench(), E11yHandler()
    for number in range(10_050):
        handler.handle(logging.LogRecord(f"made.up.{number}", logging.INFO, "", 1, "m", None, None))
    assert len(bench.records) == 10_050


def test_without_the_plugin_or_a_runtime_nothing_happens(make_bench: MakeBench, log: logging.Logger) -> None:
    bench = make_bench({"plugins": []})
    log.error("nobody listens")
    assert bench.records == ()
    bench.runtime.shutdown()
    log.error("stopped")


TEXT = st.text(st.characters(codec=None), max_size=30)
KEYS = TEXT.filter(lambda text: text != "event") | st.integers()  # a dict with that key is structlog's
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.binary(max_size=9) | st.just(object()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=9,
)


def said(msg: Any, args: list[Any]) -> str:
    """Return what a line says: of one that its arguments do not fit the message without them."""
    try:
        return logging.LogRecord("shop.any", logging.INFO, "", 1, msg, tuple(args), None).getMessage()
    except (TypeError, ValueError, KeyError, OverflowError):
        return str(msg)


@given(
    msg=TEXT | VALUES,
    args=st.lists(VALUES, max_size=3),
    extra=st.dictionaries(TEXT | st.sampled_from(["logger", "line", "self", "level"]), VALUES, max_size=4),
    level=st.integers(-5, 200),
)
def test_whatever_is_logged_nothing_is_raised_and_nothing_lost(msg: Any, args: Any, extra: Any, level: int) -> None:
    marks = {"_e11y_tracked", "_e11y_context"}  # handler and filter leave them; Hypothesis finds them in our sources
    reserved = {*logging.makeLogRecord({}).__dict__, "message", "asctime", *marks}
    memory, faults = MemoryAdapter(), []
    logger = logging.Logger("shop.any", 1)  # noqa: LOG001 - one that stands alone
    logger.addHandler(E11yHandler())
    settings = {"environment": "test", "plugins": ["logging"], "logging": {"level_outside_scopes": "DEBUG"}}
    with Runtime(settings, adapters={"logs": memory}, environ={}, event_types=()) as runtime:
        logger.log(max(level, 10), msg, *args, extra={k: v for k, v in extra.items() if k not in reserved})
        assert not runtime.flush(20).undelivered
        runtime.ledger.check()
        faults = [reason for reason in runtime.ledger.snapshot().plugins if "refused" in reason]
    empty = said(msg, args) == "" and not [k for k in extra if k not in reserved and not k.startswith("_")]
    assert len(memory.records) == (0 if empty else 1)
    assert faults == []
