"""The plugin as an application meets it: settings, counters, the place in the pipeline."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from e11y import ConfigError, Fault, Runtime, Sample, Schema, hookimpl
from e11y.adapters import MemoryAdapter
from e11y.testing import StandaloneHost, TrackedEvents
from e11y_logging import E11yHandler, LoggingPlugin, LoggingSettings, LogLine, log_line

from .conftest import Bench, MakeBench


@pytest.mark.e11y_config({"plugins": ["logging"]})
def test_tests_of_an_application_see_its_lines(e11y_events: TrackedEvents, log: logging.Logger) -> None:
    log.warning("stock is low", extra={"sku": "s-1"})
    e11y_events.assert_tracked(LogLine, severity="warn", message="stock is low", sku="s-1", times=1)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (
            {"level_outside_scopes": "LOUD"},
            "setting 'level_outside_scopes' must be one of 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'",
        ),
        (
            {"ignore": [""]},
            'setting \'ignore\' is refused: must be names of loggers, for example "django.db" or "*.access"',
        ),
        (
            {"ignore_messages": ["Ended", "**"]},
            "setting 'ignore_messages' is refused: must be parts of messages, "
            'for example "Started GET" or "GET /healthz * 200"',
        ),
        ({"flush": "no"}, "flush"),
        ({"ignored": []}, "ignored"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(table: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Runtime(
            {"plugins": ["logging"], "logging": table}, adapters={"logs": MemoryAdapter()}, environ={}, event_types=()
        )
    assert text in str(caught.value)


def test_lines_are_counted(bench: Bench, log: logging.Logger) -> None:
    for number in range(7):
        log.info("line %d", number)
    log.debug("outside of a scope")
    bench.runtime.shutdown()
    assert bench.counts == {"logging.lines": 7}


def test_the_count_is_told_once_a_second_and_begins_anew_in_a_child() -> None:
    host = StandaloneHost()
    plugin = LoggingPlugin(LoggingSettings(), host)
    for expected in (3, 5, 5):
        for _ in range(expected - host.counts.get("lines", 0)):
            next(plugin._lines)
        plugin._tell_count()
        assert host.counts.get("lines", 0) == expected
    next(plugin._lines)
    plugin.e11y_forked()
    plugin._tell_count()
    assert host.counts["lines"] == 5


class Sampler:
    """Looks at the logger's name, which no filter changes."""

    name = "sampler"

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    def e11y_sample(self, schema: Schema) -> Sample | None:
        return Sample(self.weigh, needs=("logger",)) if schema.event_type is LogLine else None

    def weigh(self, logger: str) -> float:
        self.seen.append(logger)
        return 1.0


def test_later_steps_may_read_the_logger(make_bench: MakeBench, log: logging.Logger) -> None:
    sampler = Sampler()
    bench = make_bench({"plugins": ["logging", sampler]})
    log.info("said")
    assert bench.messages == ["said"]
    assert sampler.seen == ["shop.orders"]


def test_a_line_of_another_library(bench: Bench) -> None:
    log_line("warning", "low", logger="shop", extra={"sku": "s-1", "line": 2}, module="m", function="f", line=7)
    assert bench.records[0].severity == "warn"
    assert bench.payload == {
        "logger": "shop",
        "message": "low",
        "module": "m",
        "function": "f",
        "line": 7,
        "sku": "s-1",
        "extra_line": 2,
    }


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        ("debug", None),
        ("TRACE", None),
        ("info", "info"),
        ("Success", "success"),
        ("warn", "warn"),
        ("warning", "warn"),
        ("error", "error"),
        ("exception", "error"),
        ("critical", "fatal"),
        ("fatal", "fatal"),
        ("nonsense", "warn"),
        (33, "warn"),
    ],
)
def test_levels_have_names_too(bench: Bench, level: int | str, severity: str | None) -> None:
    log_line(level, "said")
    assert [record.severity for record in bench.records] == ([severity] if severity else [])


def test_a_line_without_anything_is_no_event_and_a_broken_one_is_reported(bench: Bench) -> None:
    log_line("info", "")
    log_line("info", 7)  # type: ignore[arg-type]
    assert bench.records == ()
    assert bench.faults == [Fault("logging", "a line", "TypeError")]


def test_without_a_runtime_that_runs_lines_go_nowhere(bench: Bench) -> None:
    bench.runtime.shutdown()
    log_line("error", "late")
    assert bench.runtime.ledger.snapshot().tracked == 0


def test_importing_it_starts_nothing() -> None:
    import subprocess
    import sys

    source = "import threading, e11y_logging, e11y.context, sys; e11y_logging.E11yHandler(); print(threading.active_count(), 'e11y.active' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True, env={**os.environ}, cwd=Path("/")
    )
    assert answer.stdout == "1 False\n"


def test_the_handler_is_known_by_name() -> None:
    assert repr(E11yHandler("INFO")) == "<E11yHandler (INFO)>"
