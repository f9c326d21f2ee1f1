"""Requests and jobs are counted from their scopes, whatever events say."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import e11y

from .conftest import Bench, Run, shown

REQUESTS = "slo_http_requests_total"
JOBS = "slo_background_jobs_total"


def serve(status: int | None, *, method: str = "GET", route: str | None = "/orders/{id}", **more: Any) -> None:
    with e11y.scope("request", kind="request", method=method) as scope:
        scope.set(status=status, **({} if route is None else {"route": route}), **more)


def work(task: str = "shop.ship", queue: str = "fast", **facts: Any) -> None:
    with e11y.scope(task, kind="task", task=task, queue=queue, **facts):
        pass


def test_each_class_of_status_is_counted(bench: Bench) -> None:
    for status in (200, 201, 204, 302, 404, 500):
        serve(status)
    assert bench.series(REQUESTS) == {
        "GET /orders/{id} 2xx": 3,
        "GET /orders/{id} 3xx": 1,
        "GET /orders/{id} 4xx": 1,
        "GET /orders/{id} 5xx": 1,
    }
    assert bench.series("slo_http_request_duration_seconds_count") == {"GET /orders/{id}": 6}


def test_a_route_shows_its_failures_before_the_first(bench: Bench) -> None:
    serve(200)
    assert bench.series(REQUESTS) == {"GET /orders/{id} 2xx": 1, "GET /orders/{id} 5xx": 0}


@pytest.mark.parametrize("status", [None, 101, 199, 600, 999, -1, True, "200"])
def test_what_is_no_answer_is_unknown_and_was_not_slow(bench: Bench, status: Any) -> None:
    serve(status)
    assert bench.series(REQUESTS) == {"GET /orders/{id} unknown": 1}
    assert bench.series("slo_http_request_duration_seconds_count") == {}


@pytest.mark.parametrize("status", [None, 200, 201, 404, 500, 503])
def test_what_failed_is_a_servers_error_whatever_was_sent_before(bench: Bench, status: int | None) -> None:
    serve(status, ended="failed")
    assert bench.series(REQUESTS) == {"GET /orders/{id} 5xx": 1}
    assert bench.series("slo_http_request_duration_seconds_count") == {"GET /orders/{id}": 1}


def test_durations_are_seconds(run: Run) -> None:
    bench = run()
    with e11y.scope("request", kind="request", method="GET", route="/slow", status=200):
        bench.clock.advance(0.25)
    found = bench.series("slo_http_request_duration_seconds_bucket")
    assert (found["0.1 GET /slow"], found["0.25 GET /slow"], found["+Inf GET /slow"]) == (0, 1, 1)
    assert bench.series("slo_http_request_duration_seconds_sum") == {"GET /slow": 0.25}
    assert len(found) == 12


def test_work_after_the_response_is_not_its_duration(run: Run) -> None:
    bench = run()
    with e11y.scope("request", kind="request", method="GET", route="/slow", status=200) as scope:
        bench.clock.advance(0.25)
        scope.set(answered_ns=125_000_000)
    assert bench.series("slo_http_request_duration_seconds_sum") == {"GET /slow": 0.125}


def test_ten_thousand_paths_without_a_route_are_one_series(bench: Bench) -> None:
    serve(200)
    before = set(bench.series(REQUESTS))
    for number in range(10_000):
        with e11y.scope(f"GET /{number}", kind="request", method="GET", status=404):
            pass
    after = bench.series(REQUESTS)
    assert set(after) - before == {"GET unmatched 4xx"}
    assert after["GET unmatched 4xx"] == 10_000


def test_routes_that_are_no_templates_stay_bounded(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    bench = run(limit=50)
    for number in range(1_000):
        serve(200, route=f"/{number}")
    found = bench.series(REQUESTS)
    assert found["GET [OTHER] 2xx"] == 950
    assert (len(found), sum(found.values())) == (102, 1_000)
    bench.advance(60)
    assert [record.getMessage() for record in caplog.records] == [
        "slo: label 'route' of metric 'slo_http_requests_total' has 40 of 50 values; further ones will become '[OTHER]'",
        "slo: label 'route' of metric 'slo_http_requests_total' is over its limit of 50 values: "
        "further ones are '[OTHER]'",
    ]


@pytest.mark.parametrize(
    ("limit", "amount", "told"),
    [
        (10, 7, []),
        (10, 8, ["has 8 of 10"]),
        (10, 10, ["has 8 of 10"]),
        (10, 12, ["has 8 of 10", "is over its limit of 10"]),
    ],
)
def test_a_label_that_nears_its_limit_is_told_once(
    run: Run, caplog: pytest.LogCaptureFixture, limit: int, amount: int, told: list[str]
) -> None:
    bench = run(limit=limit)
    for number in [*range(amount), 0]:
        work(f"task {number}", state="success")
    bench.advance(60)
    said = [record.getMessage() for record in caplog.records]
    assert all(one.startswith("slo: label 'task' of metric 'slo_background_jobs_total' ") for one in said)
    assert [one.partition("jobs_total' ")[2].partition(" values")[0] for one in said] == told


def test_what_is_ignored_leaves_no_trace(run: Run) -> None:
    bench = run(ignore_statuses=[404], ignore_routes=["/health", "/static/*", "/[x]?"], ignore_tasks=["shop.beat*"])
    for status, route in [(404, "/a"), (200, "/health"), (500, "/static/a/b"), (200, "/[x]?")]:
        serve(status, route=route)
    work("shop.beat_often", state="failed")
    assert (bench.series(REQUESTS), bench.series(JOBS)) == ({}, {})
    serve(200, route="/healthy")
    serve(200, route="/x?")
    assert set(bench.series(REQUESTS)) == {"GET /healthy 2xx", "GET /healthy 5xx", "GET /x? 2xx", "GET /x? 5xx"}


def test_jobs_succeed_or_fail_and_retries_are_neither(bench: Bench) -> None:
    for state in ("success", "success", "failed", "retried", "ignored"):
        work(state=state)
    assert bench.series(JOBS) == {"fast success shop.ship": 2, "fast failed shop.ship": 1}
    assert bench.series("slo_background_job_duration_seconds_count") == {"fast shop.ship": 2}


def test_a_failed_job_has_no_duration(bench: Bench) -> None:
    work(state="failed")
    assert bench.series("slo_background_job_duration_seconds_count") == {}


def test_a_scope_of_the_applications_own_is_a_job(bench: Bench) -> None:
    with e11y.scope("nightly", kind="job"):
        pass
    with pytest.raises(ZeroDivisionError), e11y.scope("nightly", kind="job"):
        raise ZeroDivisionError
    assert bench.series(JOBS) == {" success nightly": 1, " failed nightly": 1}


@pytest.mark.parametrize("kind", ["scope", "command", "websocket", "lifespan"])
def test_other_scopes_are_not_counted(bench: Bench, kind: str) -> None:
    with e11y.scope("other", kind=kind, method="GET", route="/a", status=200, task="a", state="success"):
        pass
    assert (bench.series(REQUESTS), bench.series(JOBS)) == ({}, {})


def test_either_can_be_switched_off(run: Run) -> None:
    bench = run(http=False)
    serve(200)
    work(state="success")
    assert (bench.series(REQUESTS), len(bench.series(JOBS))) == ({}, 2)
    bench = run(jobs=False)
    serve(200)
    work(state="success")
    assert (len(bench.series(REQUESTS)), bench.series(JOBS)) == (2, {})


def test_a_forked_child_counts_from_zero(bench: Bench) -> None:
    serve(200)
    assert bench.series(REQUESTS)["GET /orders/{id} 2xx"] == 1
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            serve(500)
            status = 0 if bench.series(REQUESTS) == {"GET /orders/{id} 5xx": 1} else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert bench.series(REQUESTS)["GET /orders/{id} 5xx"] == 0


@given(
    facts=st.dictionaries(
        st.sampled_from(["method", "route", "status", "answered_ns", "task", "queue", "state"]),
        st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.binary(), st.lists(st.integers())),
    )
)
def test_nothing_that_an_integration_says_costs_the_scrape(facts: dict[str, Any]) -> None:
    with Bench.running({"plugins": ["slo"]}) as bench:
        for kind in ("request", "task"):
            with e11y.scope("any", kind=kind) as scope:
                scope.set(**facts)
        assert sum(value for name, value in shown().items() if name.startswith(REQUESTS)) == 1
        assert bench.counts == {}
