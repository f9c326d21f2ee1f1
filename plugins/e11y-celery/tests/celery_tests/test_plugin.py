"""The plugin by itself: its settings, its hooks, and what a task notices of e11y being broken: nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from celery import signals

import e11y
import e11y_celery
from e11y import AdapterType, Capabilities, ConfigError, Enrich, Host, Record, Retryable, Schema, hookimpl
from e11y.testing import StandaloneHost
from e11y_celery import CeleryPlugin, CelerySettings

from . import eager, test_shutdown
from .conftest import MakeBench


def raise_something(*args: object) -> Any:
    raise RuntimeError("secret")


class BrokenContext:
    """Fails wherever a plugin can fail on the way of an event."""

    name = "broken"

    @hookimpl
    def e11y_filter_context(self, host: Host) -> Any:
        return raise_something

    @hookimpl
    def e11y_enrich(self, schema: Schema) -> Enrich:
        return Enrich(raise_something, needs=(), adds={"region": str})

    @hookimpl
    def e11y_scope_finished(self, report: e11y.ScopeReport) -> None:
        raise_something()


@attrs.frozen(eq=False)
class DeadSettings:
    """No setting."""


class DeadAdapter:
    capabilities = Capabilities()

    def __init__(self, settings: DeadSettings, host: Host) -> None:
        del settings, host

    def write_batch(self, records: Sequence[Record]) -> None:
        raise Retryable("nobody there")

    def healthy(self) -> bool:
        return False

    def close(self) -> None:
        raise RuntimeError


class DeadPlugin:
    name = "dead"

    @hookimpl
    def e11y_export(self) -> AdapterType:
        return AdapterType(name="dead", settings=DeadSettings, make=DeadAdapter)


def check_that_tasks_do_as_ever() -> None:
    assert eager.work.delay(1).get() == 1
    assert isinstance(eager.fail.delay(1).result, LookupError)
    assert eager.retry.delay(2).get() == "done"
    assert str(eager.ignore.delay().state) == "IGNORED"
    assert eager.nest.delay(2).get() == 2


def test_tasks_do_as_ever_while_plugins_raise(make_bench: MakeBench) -> None:
    bench = make_bench({"trusted": ["broken"]}, plugins=[BrokenContext()])
    check_that_tasks_do_as_ever()
    assert bench.names.count("task.succeeded") == 5
    assert {fault.source for fault in bench.faults} == {"broken"}
    assert bench.celery.attempts == {}


def test_tasks_do_as_ever_while_the_only_adapter_is_dead() -> None:
    e11y_celery.connect()
    runtime = e11y.Runtime(
        {
            "environment": "test",
            "plugins": ["celery", DeadPlugin()],
            "adapters": {"logs": {"type": "dead"}},
            "shutdown_timeout": "100ms",
        },
        environ={},
        event_types=(),
    )
    with runtime:
        check_that_tasks_do_as_ever()
    runtime.ledger.check()


def test_tasks_do_as_ever_while_e11y_is_off() -> None:
    e11y_celery.connect()
    with e11y.Runtime({"enabled": False, "plugins": ["celery"]}, adapters={}, environ={}, event_types=()):
        check_that_tasks_do_as_ever()


def test_what_fails_here_is_a_fault_and_no_task_notices(make_bench: MakeBench) -> None:
    bench = make_bench()

    class Odd(dict[str, Any]):
        def __contains__(self, key: object) -> bool:
            raise_something()
            return False

    signals.before_task_publish.send(sender="t", headers=Odd(), body=None)
    assert [(fault.source, fault.operation) for fault in bench.faults] == [("celery", "signal before_task_publish")]


def test_a_second_connection_changes_nothing(make_bench: MakeBench) -> None:
    e11y_celery.connect()
    before = len(signals.task_prerun.receivers)
    e11y_celery.connect()
    assert len(signals.task_prerun.receivers) == before


def test_settings_that_cannot_work_are_refused(make_bench: MakeBench) -> None:
    with pytest.raises(ConfigError) as caught:
        make_bench(started="quiet")
    assert "started" in str(caught.value)


def test_the_severities_of_the_settings_are_those_of_the_event_types(make_bench: MakeBench) -> None:
    schemas = {schema.event_type.__name__: schema for schema in make_bench().celery.host.schemas()}
    for name in ("published", "started", "succeeded", "retried", "failed", "ignored"):
        assert schemas[f"Task{name.capitalize()}"].severity.name.lower() == getattr(CelerySettings(), name)


def test_a_forked_child_forgets_the_attempts_of_its_parent() -> None:
    plugin = CeleryPlugin(CelerySettings(), StandaloneHost())
    plugin.attempts[1] = None  # type: ignore[assignment]
    plugin.received["1"] = plugin
    plugin.e11y_forked()
    assert (plugin.attempts, dict(plugin.received)) == ({}, {})


def test_the_package_does_not_import_celery() -> None:
    code = "import sys, e11y_celery; sys.exit('celery' in sys.modules or 'billiard' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 0


def rows_of_the_readme(heading: str) -> list[str]:
    """Return what stands in backticks in the first column of the table below a heading."""
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    first = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for cell in first for name in re.findall(r"`([^`]+)`", cell)]


def test_the_tables_of_the_readme_are_true() -> None:
    assert rows_of_the_readme("Settings") == [attribute.name for attribute in attrs.fields(CelerySettings)]
    assert sorted(rows_of_the_readme("When a worker stops")) == sorted(test_shutdown.ROWS)
