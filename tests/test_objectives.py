"""Objectives beside the other plugins: requests of e11y-web, processes of e11y-metrics, exact under every loss."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import e11y
from e11y import ConfigError, Event, Outcome, Runtime
from e11y.adapters import MemoryAdapter
from e11y.testing import FrozenClock
from e11y_metrics import counter, registry
from e11y_metrics.exposition import make_wsgi_app
from e11y_metrics.process import top
from e11y_ratelimit import rate_limit
from e11y_sampling import sample
from e11y_slo import slo
from e11y_slo.builder import without_file
from e11y_slo.readings import Source
from e11y_web import AsgiMiddleware
from e11y_web.wsgi import WsgiMiddleware

EVENTS = 100_000
REQUESTS = "slo_http_requests_total"
OUTCOMES = {"paid": "success", "refused": "failure"}


@slo(contributes_to="objective_payment", status_from=lambda state: OUTCOMES.get(state))
@sample(rate=0.01)
@rate_limit(20_000, per="1h")
class ObjectivePaid(Event):
    state: str


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.timeout(120)
def test_the_ratio_is_the_truth_whatever_is_dropped(own_folder: Path) -> None:
    settings = {"environment": "test", "plugins": ["metrics", "slo", "sampling", "ratelimit"]}
    outcomes: Counter[Outcome] = Counter()
    truth: Counter[str] = Counter()
    adapters = {"logs": MemoryAdapter(max_records=None)}
    with Runtime(settings, adapters=adapters, environ={}, event_types=()) as runtime:
        for number in range(EVENTS):
            state = "refused" if number % 1000 == 0 else "pending" if number % 10 == 1 else "paid"
            outcomes[ObjectivePaid.track(state=state)] += 1
            truth[state] += 1
        (own_folder / "page.txt").write_bytes(b"".join(make_wsgi_app()({"PATH_INFO": "/"}, lambda *args: None)))
        runtime.flush(5)
        runtime.ledger.check()
    assert outcomes[Outcome.RATE_LIMITED] >= 79_000
    assert 50 < outcomes[Outcome.ACCEPTED] < 400
    objective = without_file(["objective_payment"]).objectives[-1]
    status = Source(str(own_folder / "page.txt")).status(objective)
    assert (status.bad, status.total) == (truth["refused"], truth["refused"] + truth["paid"])
    assert status.good_ratio == 1 - 100 / 90_000
    assert status.budget_left == pytest.approx(1 - 100 / 90_000 / 0.001)


@slo(contributes_to="objective_shipping", status_from=lambda state: OUTCOMES.get(state))
class ObjectiveShipped(Event):
    state: str


class _Failed(Exception):
    pass


def _app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/fail":
        raise _Failed
    start_response(f"{environ['wanted']} Told", [])
    return _half() if environ["PATH_INFO"] == "/users/half" else [b"ok"]


def _half() -> Iterator[bytes]:
    yield b"o"
    raise _Failed


def _serve(app: Callable[..., Iterable[bytes]], path: str, wanted: int = 200) -> None:
    environ: dict[str, Any] = {"PATH_INFO": path, "wanted": wanted, "REQUEST_METHOD": "GET"}
    setup_testing_defaults(environ)
    list(app(environ, lambda status, headers, error=None: lambda data: None))


def _route(environ: dict[str, Any]) -> str | None:
    return "/users/{id}" if environ["PATH_INFO"].startswith(("/users/", "/fail")) else None


def counts(name: str) -> dict[str, float]:
    return {
        " ".join(one.labels.values()): one.value
        for metric in registry().collect()
        for one in metric.samples
        if one.name == name
    }


@pytest.fixture
def served() -> Iterator[Callable[..., None]]:
    settings = {
        "environment": "test",
        "plugins": ["web", "metrics", "slo", "sampling"],
        "sampling": {"default_rate": 0.0},
    }
    with Runtime(settings, adapters={"logs": MemoryAdapter()}, environ={}, event_types=()):
        app = WsgiMiddleware(_app, route=_route)
        yield lambda *arguments: _serve(app, *arguments)


def test_an_exception_counts_as_a_servers_error(served: Callable[..., None]) -> None:
    for status in (200, 200, 200, 302, 404):
        served("/users/1", status)
    with pytest.raises(_Failed):
        served("/fail")
    assert counts(REQUESTS) == {
        "GET /users/{id} 2xx": 3,
        "GET /users/{id} 3xx": 1,
        "GET /users/{id} 4xx": 1,
        "GET /users/{id} 5xx": 1,
    }
    assert counts("slo_http_request_duration_seconds_count") == {"GET /users/{id}": 6}


def test_an_exception_after_the_status_was_sent_counts_as_a_servers_error(served: Callable[..., None]) -> None:
    served("/users/1", 200)
    with pytest.raises(_Failed):
        served("/users/half", 200)
    assert counts(REQUESTS) == {"GET /users/{id} 2xx": 1, "GET /users/{id} 5xx": 1}


def test_background_work_is_no_part_of_a_request() -> None:
    async def answer(request: Request) -> PlainTextResponse:
        clock.advance(0.125)
        return PlainTextResponse("ok", background=BackgroundTask(clock.advance, 2))

    async def ask() -> None:
        transport = httpx.ASGITransport(AsgiMiddleware(Starlette(routes=[Route("/", answer)])))
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            assert (await client.get("/")).text == "ok"

    clock = FrozenClock()
    settings = {"environment": "test", "plugins": ["web", "metrics", "slo"]}
    with Runtime(settings, adapters={"logs": MemoryAdapter()}, environ={}, event_types=(), clock=clock):
        asyncio.run(ask())
        assert counts("slo_http_request_duration_seconds_sum") == {"GET unmatched": 0.125}


def test_ten_thousand_random_paths_add_one_series(served: Callable[..., None]) -> None:
    for number in range(500):
        served(f"/users/{number}")
    before = counts(REQUESTS)
    assert before == {"GET /users/{id} 2xx": 500, "GET /users/{id} 5xx": 0}
    for number in range(10_000):
        served(f"/random/{number:x}", 404)
    assert counts(REQUESTS) == {**before, "GET unmatched 4xx": 10_000}


def test_processes_are_added_up_by_the_plugin_that_shows_metrics(own_folder: Path) -> None:
    settings = {
        "environment": "test",
        "plugins": ["metrics", "slo"],
        "metrics": {"directory": str(own_folder / "shared")},
    }
    with Runtime(settings, adapters={"logs": MemoryAdapter()}, environ={}, event_types=()) as runtime:
        ObjectiveShipped.track(state="paid")
        for leaves in ("quietly", "killed", "quietly"):
            pid = os.fork()
            if pid == 0:
                for state in ("paid", "paid", "refused"):
                    ObjectiveShipped.track(state=state)
                with e11y.scope("ship", kind="task", task="ship", queue="", state="success"):
                    pass
                part = top()
                if leaves == "killed" and part is not None and part.share is not None:
                    part.share.write()
                else:
                    runtime.shutdown(5)
                os._exit(0)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert counts("slo_event_result_total") == {
            "objective_shipping success objective.shipped ": 7,
            "objective_shipping failure objective.shipped ": 3,
        }
        assert counts("slo_background_jobs_total") == {"ship  success": 3, "ship  failed": 0}
        assert counts("slo_background_job_duration_seconds_count") == {"ship ": 3}
        text = b"".join(make_wsgi_app()({"PATH_INFO": "/"}, lambda *args: None)).decode()
        families = [one.name for one in text_string_to_metric_families(text)]
        assert len(families) == len(set(families))


@counter("slo_http_requests_total")
class ObjectiveHidden(Event):
    pass


def test_no_event_type_hides_an_indicator() -> None:
    settings = {"environment": "test", "plugins": ["metrics", "slo"]}
    with (
        pytest.raises(ConfigError, match="'slo_http_requests_total' is shown already, by plugin 'slo'"),
        Runtime(settings, adapters={"logs": MemoryAdapter()}, environ={}, event_types=[ObjectiveHidden]),
    ):
        pass
