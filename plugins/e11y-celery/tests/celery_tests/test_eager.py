"""Tasks that run inside of the caller: what is told of them, and what they leave of the caller's context."""

from __future__ import annotations

from typing import Any

import pytest

import e11y

from . import eager
from .conftest import Bench, MakeBench


def test_a_success_leaves_one_event(bench: Bench) -> None:
    result = eager.work.delay(1)
    assert (result.state, result.get()) == ("SUCCESS", 1)
    (record,) = bench.records
    assert (record.name, record.severity.name.lower()) == ("task.succeeded", "success")
    assert dict(record.payload) == {
        "task": eager.work.name,
        "task_id": result.id,
        "queue": "",
        "retries": 0,
        "duration_ms": 0.0,
    }
    assert dict(record.context) == {"request_id": result.id}


def test_the_report_says_what_an_slo_counts(bench: Bench) -> None:
    for task in (eager.work, eager.fail, eager.decline):
        task.apply((1,), routing_key="mail")
    eager.retry.delay(1)
    eager.ignore.delay()
    eager.reject.delay()
    assert [(report.attributes["state"], report.failed) for report in bench.scopes] == [
        ("success", False),
        ("failed", True),
        ("failed", False),
        ("retried", False),
        ("success", False),
        ("ignored", False),
        ("ignored", False),
    ]
    assert {report.kind for report in bench.scopes} == {"task"}
    first = bench.scopes[1]
    assert first.name == eager.fail.name
    assert dict(first.attributes) == {
        "task": eager.fail.name,
        "queue": "mail",
        "state": "failed",
        "retries": 0,
        "error": "LookupError",
    }


def test_a_failure_leaves_its_trail_before_the_error(bench: Bench) -> None:
    eager.fail.delay(1)
    assert bench.names == ["task.started", "eager.step", "task.failed"]
    assert (bench.records[-1].payload["error"], bench.records[-1].payload["flushed"]) == ("LookupError", 2)


def test_an_error_event_flushes_and_the_task_succeeds(bench: Bench) -> None:
    assert eager.complain.delay(1).state == "SUCCESS"
    assert bench.names == ["task.started", "eager.step", "eager.broke", "task.succeeded"]


def test_an_expected_failure_is_told_without_alarm(bench: Bench) -> None:
    assert eager.decline.delay(1).state == "FAILURE"
    assert [(record.name, record.severity.name.lower()) for record in bench.records] == [("task.failed", "info")]


def test_one_class_may_be_expected(bench: Bench) -> None:
    @eager.app.task(name="celery_tests.single", throws=LookupError)
    def single() -> None:
        raise LookupError

    assert single.delay().state == "FAILURE"
    assert [report.failed for report in bench.scopes] == [False]


def test_retries_are_attempts_of_their_own(bench: Bench) -> None:
    assert eager.retry.delay(2).get() == "done"
    assert bench.names == ["task.retried", "task.retried", "task.succeeded"]
    assert len({record.trace_id for record in bench.records}) == 3
    assert [record.payload["retries"] for record in bench.records] == [0, 1, 2]


def test_exhausted_retries_are_a_failure(bench: Bench) -> None:
    assert isinstance(eager.retry.delay(9).result, ConnectionError)
    assert bench.names == ["task.retried", "task.retried", "task.started", "eager.step", "task.failed"]


@pytest.mark.parametrize(
    ("task", "raised", "told"),
    [
        (eager.fail, LookupError, ["task.started", "eager.step", "task.failed"]),
        (eager.retry, Exception, ["task.retried"]),
    ],
    ids=["failure", "retry"],
)
def test_an_exception_that_goes_on_to_the_caller_is_judged_the_same(
    bench: Bench, task: Any, raised: type[Exception], told: list[str]
) -> None:
    with pytest.raises(raised):
        task.apply((1,), throw=True)
    assert bench.names == told


def test_a_task_called_while_an_exception_is_handled_has_nothing_to_do_with_it(bench: Bench) -> None:
    try:
        raise LookupError
    except LookupError:
        eager.work.delay(1)
    assert bench.names == ["task.succeeded"]


def test_a_process_that_is_told_to_end_keeps_the_trail_and_is_no_failure(bench: Bench) -> None:
    with pytest.raises(SystemExit):
        eager.leave.delay()
    assert bench.names == ["task.started"]
    assert [report.attributes["state"] for report in bench.scopes] == ["ignored"]


def test_a_task_inside_a_request_leaves_its_context_alone(bench: Bench) -> None:
    with e11y.scope("POST /orders", kind="request"):
        e11y.bind(request_id="r-1", user_id="42")
        before = e11y.current_context()
        inside = eager.context.delay().get()
        with pytest.raises(LookupError):
            eager.fail.apply((1,), throw=True)
        assert e11y.current_context() == before
    assert inside["parent_trace_id"] == before["trace_id"]
    assert inside["trace_id"] != before["trace_id"]
    assert inside["user_id"] == "42"
    assert inside["request_id"] not in ("r-1", None)
    assert len(bench.scopes) == 3


def test_the_trail_of_a_success_joins_that_of_the_request_around_it(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), e11y.scope("POST /orders"):
        eager.EagerStep.track(number=0)
        eager.work.delay(1)
        eager.EagerStep.track(number=2)
        raise ZeroDivisionError
    assert [record.payload.get("number") for record in bench.records if record.name == "eager.step"] == [0, 1, 2]


def test_the_failure_of_a_task_is_not_that_of_the_request_around_it(bench: Bench) -> None:
    with e11y.scope("POST /orders"):
        eager.EagerStep.track(number=0)
        assert eager.fail.delay(1).state == "FAILURE"
    assert bench.names == ["task.started", "eager.step", "task.failed"]
    assert bench.records[1].payload["number"] == 1
    assert [report.failed for report in bench.scopes] == [True, False]


def test_tasks_within_tasks(bench: Bench) -> None:
    eager.nest.delay(3)
    assert bench.names == ["task.succeeded"] * 4
    traces = [record.trace_id for record in bench.records]
    assert [record.parent_trace_id for record in bench.records] == [*traces[1:], None]


def test_a_decision_about_the_trace_is_inherited(bench: Bench) -> None:
    from e11y.context import CURRENT, SAMPLED
    from e11y.trace import Trace

    seen = []

    @eager.app.task(name="celery_tests.look")
    def look() -> None:
        seen.append(CURRENT.get().snapshot[SAMPLED])

    for sampled in (None, True, False):
        with e11y.scope("POST /orders", trace=Trace(1, 2, sampled=sampled)):
            look.delay()
    assert seen == [-1, 1, 0]


def test_severities_are_settings_and_off_is_silence(make_bench: MakeBench) -> None:
    bench = make_bench(succeeded="info", failed="fatal", retried="off", ignored="off", started="off")
    eager.work.delay(1)
    eager.fail.delay(2)
    eager.retry.delay(1)
    eager.ignore.delay()
    told = [(record.name, record.severity.name.lower()) for record in bench.records]
    assert told == [
        ("task.succeeded", "info"),
        ("eager.step", "debug"),
        ("task.failed", "fatal"),
        ("task.succeeded", "info"),
    ]


def test_excluded_tasks_have_a_scope_all_the_same(make_bench: MakeBench) -> None:
    bench = make_bench(exclude=["*.eager.f*"])
    eager.fail.delay(1)
    assert bench.names == ["eager.step"]
    assert [report.attributes["state"] for report in bench.scopes] == ["failed"]


def test_a_task_whose_end_cannot_be_judged_gives_the_context_back(bench: Bench) -> None:
    @eager.app.task(name="celery_tests.odd", throws="LookupError")
    def odd() -> None:
        raise LookupError

    with pytest.raises(TypeError):
        odd.delay()  # Celery cannot work with this either
    assert e11y.current_context() == {}
    assert [(fault.operation, fault.kind) for fault in bench.faults] == [("signal task_postrun", "TypeError")]
    assert len(bench.scopes) == 1
