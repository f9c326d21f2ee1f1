"""Tasks that run too long, and processes that die while they run one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .worker import Worker

pytestmark = pytest.mark.timeout(180)

POOL = "worker --pool=prefork --concurrency=3"
TRAIL = ["task.started", *["shop.step"] * 3]


def told(worker: Worker, task_id: str) -> list[dict[str, Any]]:
    return [record for record in worker.records() if record.get("context", {}).get("request_id") == task_id]


def names(records: list[dict[str, Any]]) -> list[str]:
    return [record["event_name"] for record in records]


def test_a_soft_time_limit_is_an_exception_like_any_other(tmp_path: Path, broker: str) -> None:
    code = "result = overlong.delay('a')\ntold['id'] = result.id\nresult.get(timeout=30, propagate=False)"
    with Worker(tmp_path, broker, POOL) as worker:
        task_id = worker.publish(code)["id"]
        worker.stop()
        records = told(worker, task_id)
    assert names(records) == [*TRAIL, *["shop.step"] * 3, "task.failed"]
    assert records[-1]["payload"]["error"] == "SoftTimeLimitExceeded"


def test_what_the_worker_tells_of_a_process_that_was_killed(tmp_path: Path, broker: str) -> None:
    """A time limit and a lost process are failures, a revoked task is none; each is told once, by the main process."""
    code = """
with e11y.scope("POST /orders") as scope:
    told["trace"] = scope.trace_id
    told["ids"] = [endless.delay("b").id, perish.delay().id, tick.delay(7, 60).id]
"""
    with Worker(tmp_path, broker, POOL, interval="20ms") as worker:
        sent = worker.publish(code)
        assert worker.wait_until(lambda: worker.records("shop.ticked")), worker.log()
        worker.publish(f"app.control.revoke({sent['ids'][2]!r}, terminate=True)")
        worker.wait_until(lambda: len(worker.records("task.failed")) == 2 and worker.records("task.ignored"))
        worker.stop()
        limit, lost, revoked = (told(worker, task_id) for task_id in sent["ids"])
    (failure,), (loss,), (end,) = (
        [record for record in records if record["event_name"] in ("task.failed", "task.ignored")]
        for records in (limit, lost, revoked)
    )
    assert [failure["payload"]["error"], loss["payload"]["error"]] == ["TimeLimitExceeded", "WorkerLostError"]
    assert end["payload"]["why"] == "terminated"
    assert {one["payload"]["queue"] for one in (failure, loss, end)} == {"celery"}
    assert {one["payload"]["duration_ms"] for one in (failure, loss, end)} == {None}
    assert {one["parent_trace_id"] for one in (*limit, *lost, *revoked)} == {sent["trace"]}
    assert sorted(names(revoked)) == ["shop.ticked", "task.ignored", "task.started"]  # the trail of what was cut off
