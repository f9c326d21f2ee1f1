"""The plugin by itself: its settings, its hooks, and what happens when something of it fails."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import attrs
import pytest

import e11y
from e11y import ConfigError, Runtime, ScopeReport, hookimpl
from e11y.testing import StandaloneHost
from e11y_web import AsgiMiddleware, WebPlugin, WebSettings, annotate
from e11y_web.inbound import Inbound

from . import test_hops
from .asgi import get
from .conftest import Bench, MakeBench
from .test_asgi import respond

REFUSED = {
    "exclude": (["healthz"], "must be paths that begin with"),
    "headers": (["Cookie"], "must not name a header that carries credentials"),
    "debug_header": ("X E11y", "must be the name of a header, for example X-Request-ID"),
    "record": (["body"], "path"),
}


@pytest.mark.parametrize("key", REFUSED)
def test_settings_that_cannot_work_are_refused_and_the_cure_is_named(make_bench: MakeBench, key: str) -> None:
    value, told = REFUSED[key]
    with pytest.raises(ConfigError) as caught:
        make_bench(**{key: value})
    assert key in caught.value.what
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "Proxy-Authorization",
        "Cookie",
        "X-Api-Key",
        "x-apikey",
        "Api_Key",
        "Ocp-Apim-Subscription-Key",
        "X-Auth-Token",
        "X-Amz-Security-Token",
        "X-CSRFToken",
        "X-Session-Id",
        "X-E11y-Debug",
        "x-e11y-debug",
    ],
)
def test_a_header_with_credentials_is_not_recorded(name: str) -> None:
    with pytest.raises(ValueError, match="^must not name a header that carries credentials$"):
        WebSettings(headers=("Accept", name))


def test_the_debug_header_is_refused_by_the_name_that_it_has() -> None:
    with pytest.raises(ValueError, match="^must not name a header that carries credentials$"):
        WebSettings(headers=("x-trail",), debug_header="X-Trail")
    assert WebSettings(headers=("x-e11y-debug",), debug_header="X-Trail").headers == ("x-e11y-debug",)


@pytest.mark.parametrize(
    "name", ["Accept", "Idempotency-Key", "User-Agent", "X-Forwarded-For", "X-Tenant", "X-Author", "X-Keyboard"]
)
def test_other_headers_may_be_recorded(name: str) -> None:
    assert WebSettings(headers=(name,)).headers == (name,)


def test_the_key_is_never_shown() -> None:
    assert "horse" not in repr(WebSettings(debug_key="correct horse battery"))


@pytest.mark.parametrize("on_invalid", ["raise", "report"])
def test_fields_that_cannot_be_recorded_are_given_up_and_the_event_is_told(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture, on_invalid: str
) -> None:
    bench = make_bench({"on_invalid": on_invalid})
    too_deep: list[Any] = [1]
    for _ in range(20):
        too_deep = [too_deep]
    answer = get(AsgiMiddleware(respond(before=lambda: annotate(deep=too_deep, fine=1))))
    assert (answer.status, answer.error) == (200, None)
    assert bench.completed.payload["status"] == 200
    assert not {"deep", "fine"} & set(bench.completed.payload)
    assert bench.counts == {"web.annotations_refused": 1}
    bench.runtime.faults.tell(final=True)
    assert len(caplog.messages) == 1
    assert "deep" in caplog.messages[0]


def test_a_request_that_cannot_be_begun_is_served_all_the_same(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    web = bench.web
    assert web.begin(Inbound("GET", "/", "", "", None)) is None  # type: ignore[arg-type]
    assert web.exchanges == {}
    bench.runtime.faults.tell(final=True)
    assert caplog.messages == ["web: beginning of a request failed: AttributeError (1 times)"]


def test_a_forked_child_forgets_the_requests_of_its_parent() -> None:
    plugin = WebPlugin(WebSettings(), StandaloneHost())
    plugin.lifespans = 1
    plugin.exchanges[1] = None  # type: ignore[assignment]
    plugin.e11y_forked()
    assert (plugin.exchanges, plugin.lifespans) == ({}, 0)


def test_the_child_of_a_request_ends_it_without_telling_it_twice(bench: Bench) -> None:
    """``os.fork()`` in a view: the child's copy of the request is nobody's."""
    told: list[bytes] = []

    def fork() -> None:
        reading, writing = os.pipe()
        if pid := os.fork():
            os.close(writing)
            os.waitpid(pid, 0)
            told.append(os.read(reading, 10))
            os.close(reading)
            return
        os.write(writing, str(annotate(child=True)).encode())
        os._exit(0)

    if hasattr(os, "fork"):
        get(AsgiMiddleware(respond(before=fork)))
        assert told == [b"False"]
    assert "child" not in bench.completed.payload


class Listener:
    """Is told of the scopes of a runtime."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    @hookimpl
    def e11y_scope_finished(self, report: ScopeReport) -> None:
        self.scopes.append(report.name)


def test_the_runtime_that_served_the_request_ends_it(bench: Bench) -> None:
    """A runtime that is activated amid a request is not told of it."""
    listener = Listener()
    settings = {"environment": "test", "plugins": ["web", listener]}
    other = Runtime(settings, adapters={}, environ={}, event_types=())
    get(AsgiMiddleware(respond(before=other.activate)))
    other.deactivate()
    other.shutdown()
    assert len(bench.scopes) == 1
    assert listener.scopes == []
    assert e11y.current_context() == {}


def rows_of_the_readme(heading: str) -> list[str]:
    """Return what stands in backticks in the first column of the table below a heading."""
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    first = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for cell in first for name in re.findall(r"`([^`]+)`", cell)]


def test_the_tables_of_the_readme_are_the_rows_that_are_tested() -> None:
    assert sorted(rows_of_the_readme("Where the context reaches")) == sorted(test_hops.ROWS)
    settings = [attribute.name for attribute in attrs.fields(WebSettings)]
    assert rows_of_the_readme("Settings") == settings
