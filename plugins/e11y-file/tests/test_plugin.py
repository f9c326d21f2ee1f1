"""The plugin as an application meets it: installed, found by its entry point, set up by settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from e11y import AuditEvent, ConfigError, Event, Runtime
from e11y.testing import StandaloneHost
from e11y_file import FileAdapter, FileSettings

from .conftest import lines_of


class OrderFiled(Event):
    order_id: str


class RightsGranted(AuditEvent):
    user: str


def runtime(path: Path, event_types: tuple[type[Event], ...] = (), **table: Any) -> Runtime:
    settings = {"environment": "test", "plugins": ["file"]}
    adapters = {"logs": {"type": "file", "path": str(path), **table}}
    return Runtime({**settings, "adapters": adapters}, environ={}, event_types=event_types)


def test_settings_name_the_adapter_type(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with runtime(path, rotate="hour", max_size="1MiB", keep_age="30d", fsync="interval", fsync_interval="50ms") as it:
        OrderFiled.track(order_id="o-1")
        assert it.flush(30).undelivered == {}
        assert it.adapters["logs"].healthy()
        it.ledger.check()
    (line,) = map(json.loads, lines_of(path))
    assert (line["event_name"], line["payload"]) == ("order.filed", {"order_id": "o-1"})


def test_nothing_is_made_before_the_first_event(tmp_path: Path) -> None:
    with runtime(tmp_path / "logs" / "events.jsonl") as it:
        assert it.adapters["logs"].healthy()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "fit"),
    [
        ({"fsync": "batch"}, True),
        ({"fsync": "batch", "keep_age_s": 86400.0}, True),
        ({"fsync": "interval"}, False),
        ({"fsync": "never"}, False),
        ({"fsync": "batch", "keep_files": 10}, False),
        ({"fsync": "batch", "keep_bytes": 10}, False),
    ],
)
def test_audit_events_need_lines_that_are_safe_and_stay(settings: dict[str, Any], fit: bool) -> None:
    assert FileAdapter(FileSettings(path="events.jsonl", **settings), StandaloneHost()).capabilities.audit is fit


def test_audit_events_are_written_where_they_are_safe(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with runtime(path, (RightsGranted,), fsync="batch") as it:
        RightsGranted.track(user="u-1")
        assert it.flush(30).undelivered == {}
    assert len(lines_of(path)) == 1
    with pytest.raises(ConfigError, match="has no audit-capable adapter"), runtime(path, (RightsGranted,)):
        pass


@pytest.mark.parametrize(
    "table",
    [
        {"path": ""},
        {"rotate": "weekly"},
        {"max_size": "0B"},
        {"keep_files": -1},
        {"keep_age": "0s"},
        {"fsync": "always"},
        {"mode": "0777"},
        {"max_files": 3},
    ],
)
def test_what_cannot_work_stops_the_start(tmp_path: Path, table: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(table))):
        runtime(**{"path": tmp_path / "events.jsonl", **table})


def test_the_path_is_needed() -> None:
    with pytest.raises(ConfigError, match="path"):
        Runtime({"plugins": ["file"], "adapters": {"logs": {"type": "file"}}}, environ={}, event_types=())
