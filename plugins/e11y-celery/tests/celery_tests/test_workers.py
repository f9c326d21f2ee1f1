"""Every way in which a task can end, in real workers behind a real broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .worker import Worker

pytestmark = pytest.mark.timeout(180)

POOLS = {
    "prefork": "worker --pool=prefork --concurrency=2",
    "threads": "worker --pool=threads --concurrency=2",
    "solo": "worker --pool=solo",
}

TRAIL = ["shop.step"] * 3


@pytest.fixture(scope="module", params=POOLS)
def worker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server: str) -> Iterator[Worker]:
    """One worker for all tests of this module: each task is known by its id."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    with Worker(folder, server, POOLS[request.param], interval="50ms") as started:
        yield started


def run(worker: Worker, call: str, *ends: str) -> tuple[str, list[dict[str, Any]]]:
    """Publish one task, wait for how its attempts end, and return its id and everything that was told of it, in order."""
    task_id = worker.publish(f"result = {call}\nresult.get(timeout=30, propagate=False)\ntold['id'] = result.id")["id"]
    return task_id, told(worker, task_id, *ends)


def told(worker: Worker, task_id: str, *ends: str) -> list[dict[str, Any]]:
    worker.wait_until(lambda: Counter(ends) <= Counter(worker.told_of(task_id)))
    return [record for record in worker.records() if record.get("context", {}).get("request_id") == task_id]


def names(records: list[dict[str, Any]]) -> list[str]:
    return [record["event_name"] for record in records]


def test_success_leaves_no_debug_line(worker: Worker) -> None:
    task_id, records = run(worker, "sell.delay('a')", "task.succeeded")
    assert names(records) == ["shop.sold", "task.succeeded"]
    payload = records[-1]["payload"]
    assert payload.pop("duration_ms") > 0
    assert payload == {"task": "shop.sell", "task_id": task_id, "queue": "celery", "retries": 0}
    assert records[-1]["severity"] == "success"
    assert len({record["trace_id"] for record in records}) == 1


def test_an_exception_leaves_the_whole_trail_in_order_before_the_error(worker: Worker) -> None:
    task_id, records = run(worker, "fail.delay('b')", "task.failed")
    assert names(records) == ["task.started", *TRAIL, "task.failed"]
    assert [record["payload"].get("number") for record in records] == [None, 0, 1, 2, None]
    payload = records[-1]["payload"]
    assert payload.pop("duration_ms") > 0
    assert payload == {
        "task": "shop.fail",
        "task_id": task_id,
        "queue": "celery",
        "retries": 0,
        "error": "LookupError",
        "flushed": 4,
        "evicted": 0,
    }
    assert records[-1]["severity"] == "error"


def test_the_handlers_of_a_task_class_belong_to_the_attempt(worker: Worker) -> None:
    _, records = run(worker, "app.tasks['shop.Report'].delay('c')", "task.failed")
    assert [record["payload"].get("number") for record in records] == [None, 0, 1, 2, 99, None]


def test_an_exception_that_the_task_declares_is_no_error(worker: Worker) -> None:
    _, records = run(worker, "decline.delay('d')", "task.failed")
    assert [(record["event_name"], record["severity"]) for record in records] == [("task.failed", "info")]
    assert records[0]["payload"]["error"] == "Declined"


def test_a_retry_is_no_failure(worker: Worker) -> None:
    _, records = run(worker, "retry.delay('e', 2)", "task.retried", "task.retried", "task.succeeded")
    records.sort(key=lambda record: record["payload"]["retries"])  # the next attempt may run before the last one ends
    assert names(records) == ["task.retried", "task.retried", "task.succeeded"]
    assert [record["payload"]["retries"] for record in records] == [0, 1, 2]
    assert [record["payload"].get("error") for record in records] == ["ConnectionError", "ConnectionError", None]
    assert [record["severity"] for record in records] == ["warn", "warn", "success"]
    assert len({record["trace_id"] for record in records}) == 3


def test_retries_that_are_exhausted_are_a_failure(worker: Worker) -> None:
    _, records = run(worker, "autoretry.delay('f')", "task.retried", "task.failed")
    first = [record for record in records if record["event_name"] == "task.retried"]
    last = [record for record in records if record not in first]
    assert [record["payload"]["retries"] for record in first] == [0]
    assert names(last) == ["task.started", *TRAIL, "task.failed"]
    assert len({record["trace_id"] for record in last}) == 1
    assert (last[-1]["payload"]["error"], last[-1]["payload"]["retries"]) == ("ConnectionError", 1)


@pytest.mark.parametrize(("call", "why"), [("ignore", "ignored"), ("reject", "rejected")])
def test_a_task_that_asks_to_be_ignored(worker: Worker, call: str, why: str) -> None:
    task_id = worker.publish(f"told['id'] = {call}.delay().id")["id"]
    records = told(worker, task_id, "task.ignored")
    assert [(record["event_name"], record["severity"]) for record in records] == [("task.ignored", "info")]
    assert records[0]["payload"]["why"] == why


def test_a_task_that_was_revoked_or_comes_too_late_never_begins(worker: Worker) -> None:
    code = """
app.control.broadcast("revoke", arguments={"task_id": "called-off"}, reply=True, timeout=20, limit=1)
sell.apply_async(("g",), task_id="called-off", countdown=1)
told["late"] = sell.apply_async(("h",), expires=-1).id
"""
    late = worker.publish(code)["late"]
    (revoked,) = told(worker, "called-off", "task.ignored")
    (expired,) = told(worker, late, "task.ignored")
    assert (revoked["payload"]["why"], expired["payload"]["why"]) == ("revoked", "expired")
    assert revoked["payload"]["duration_ms"] is None


def test_the_publisher_is_the_parent_through_the_broker(worker: Worker) -> None:
    code = """
with e11y.scope("POST /orders", kind="request") as scope:
    e11y.bind(user_id="42", secret="x")
    told["trace"] = scope.trace_id
    told["ids"] = [sell.delay("i").id, retry.delay("j", 1).id]
    (sell.s("k") | fail.si("l")).delay()
"""
    sent = worker.publish(code)
    for task_id in sent["ids"]:
        records = told(worker, task_id, "task.succeeded")
        assert {record["parent_trace_id"] for record in records} == {sent["trace"]}
        assert sent["trace"] not in {record["trace_id"] for record in records}
        assert all(record["context"] == {"user_id": "42", "request_id": task_id} for record in records)
    published = [record["trace_id"] for record in worker.records("task.published")]
    assert sent["trace"] not in published  # debug events of a scope that succeeded


def test_a_chain_and_a_chord_are_linked_task_by_task(worker: Worker) -> None:
    code = """
from celery import chord
with e11y.scope("POST /orders", kind="request") as scope:
    told["trace"] = scope.trace_id
    chain = (sell.si("m") | sell.si("n")).delay()
    body = chord([sell.s("o"), sell.s("p")])(gather.s())
    told["ids"] = [chain.parent.id, chain.id, body.id]
    told["headers"] = [result.id for result in body.parent.results]
chain.get(timeout=30), body.get(timeout=30)
"""
    sent = worker.publish(code)
    first, second, body = (told(worker, task_id, "task.succeeded")[-1] for task_id in sent["ids"])
    assert first["parent_trace_id"] == sent["trace"]
    assert second["parent_trace_id"] == first["trace_id"]
    headers = [told(worker, task_id, "task.succeeded")[-1] for task_id in sent["headers"]]
    assert {header["parent_trace_id"] for header in headers} == {sent["trace"]}
    assert body["parent_trace_id"] in {header["trace_id"] for header in headers}


def test_nobody_is_the_parent_of_a_task_that_was_published_outside_of_a_scope(worker: Worker) -> None:
    _, records = run(worker, "sell.delay('q')", "task.succeeded")
    assert all("parent_trace_id" not in record for record in records)


def test_a_task_called_as_a_function_eagerly_and_through_the_broker(worker: Worker) -> None:
    code = "result = outer.delay('r')\ntold['context'] = result.get(timeout=30)\ntold['id'] = result.id"
    sent = worker.publish(code)
    outer = told(worker, sent["id"], "task.succeeded")[-1]
    assert outer["trace_id"] == sent["context"]["trace_id"]

    def inner() -> list[str]:
        records = worker.records("task.succeeded")
        return [r["payload"]["queue"] for r in records if r.get("parent_trace_id") == outer["trace_id"]]

    worker.wait_until(lambda: len(inner()) == 2)
    assert sorted(inner()) == ["", "celery"]
