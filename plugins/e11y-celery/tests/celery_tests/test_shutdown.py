"""What was tracked just before a process of a worker ends, exactly once, in every pool.

Batches are held back for a minute, so that only the end of the process can deliver them. ``tests/shutdown`` runs these pools
beside dead adapters; here is what the plugin itself tells of tasks.
"""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from .worker import Worker

pytestmark = pytest.mark.timeout(180)

COUNT = 20
PUBLISH = f"results = [tick.delay(number) for number in range({COUNT})]\n[r.get(timeout=40) for r in results]"

TWICE = r"(?s)(Sending due task.*){2}"

ROWS = {
    "prefork, max-tasks-per-child": "worker --pool=prefork --concurrency=2 --max-tasks-per-child=1",
    "prefork": "worker --pool=prefork --concurrency=2",
    "prefork, spawn": "worker --pool=prefork --concurrency=2",
    "threads": "worker --pool=threads --concurrency=4",
    "solo": "worker --pool=solo",
    "gevent": "worker --pool=gevent --concurrency=10",
}


def ticks(worker: Worker) -> list[int]:
    return sorted(record["payload"]["number"] for record in worker.records("shop.ticked"))


def begun(worker: Worker, count: int) -> bool:
    """Return whether so many of the ticks that last have begun."""
    return len([*worker.folder.glob("begun-*")]) >= count


def check_ledgers(worker: Worker) -> dict[str, Any]:
    ledgers = worker.ledgers()
    assert all(not ledger["imbalances"] for ledger in ledgers)
    return {
        "tracked": sum(ledger["tracked"] for ledger in ledgers),
        "delivered": sum(ledger["logs"]["delivered"] for ledger in ledgers),
        "processes": len(ledgers),
    }


@pytest.mark.parametrize("row", ROWS)
def test_a_warm_shutdown_just_after_the_last_task(tmp_path: Path, broker: str, row: str) -> None:
    start_method = "spawn" if "spawn" in row else "fork"
    with Worker(tmp_path, broker, ROWS[row], start_method=start_method) as worker:
        worker.publish(PUBLISH)
        time.sleep(0.05)
        took_s = worker.stop()
        assert ticks(worker) == list(range(COUNT)), worker.log()
        assert len(worker.records("task.succeeded")) == COUNT
        found = check_ledgers(worker)
        assert found["delivered"] == len(worker.records())
        if "max-tasks" in row:
            assert found["processes"] >= COUNT
        assert took_s < 30  # Celery itself takes up to six seconds under gevent


def test_children_that_are_recycled_deliver_before_the_worker_ends(tmp_path: Path, broker: str) -> None:
    with Worker(tmp_path, broker, ROWS["prefork, max-tasks-per-child"]) as worker:
        worker.publish(PUBLISH)
        worker.wait_until(lambda: len(ticks(worker)) == COUNT)
        assert ticks(worker) == list(range(COUNT)), worker.log()


@pytest.mark.parametrize("row", ["prefork", "threads", "solo"])
def test_a_warm_shutdown_while_tasks_run(tmp_path: Path, broker: str, row: str) -> None:
    with Worker(tmp_path, broker, ROWS[row]) as worker:
        worker.publish("for number in range(2): tick.delay(number, 1.0)")
        assert worker.wait_until(lambda: begun(worker, 1)), worker.log()
        worker.stop()
        ticked = worker.records("shop.ticked")
        assert ticked, worker.log()
        assert len(worker.records("task.succeeded")) == len(ticked)
        check_ledgers(worker)


@pytest.mark.parametrize("signals", [(signal.SIGQUIT,), (signal.SIGTERM, signal.SIGQUIT)], ids=["quit", "term, quit"])
@pytest.mark.parametrize("row", ["prefork", "threads"])
def test_a_cold_shutdown_while_tasks_run(tmp_path: Path, broker: str, row: str, signals: tuple[int, ...]) -> None:
    """What tasks tracked before they were cut off is delivered, and so is their trail."""
    with Worker(tmp_path, broker, ROWS[row]) as worker:
        seconds = 30.0 if row == "prefork" else 3.0  # children are killed, threads run to their end
        worker.publish(f"for number in range(2): tick.delay(number, {seconds})")
        assert worker.wait_until(lambda: begun(worker, 2)), worker.log()
        worker.stop(*signals)
        assert ticks(worker) == [0, 1], worker.log()
        if row == "prefork":
            assert len(worker.records("task.started")) == 2, worker.log()
            assert worker.records("task.succeeded") == []
        check_ledgers(worker)


def test_beat_beside_a_worker_and_inside_of_one(tmp_path: Path, broker: str) -> None:
    settings = '\n[celery]\npublished = "info"\n'
    beside = tmp_path / "beat"
    beside.mkdir()
    with Worker(beside, broker, "beat --max-interval=1", settings=settings) as beat:
        beat.wait_for_log(TWICE)
        beat.stop()
        published = beat.records("task.published")
        assert published, beat.log()
    inside = tmp_path / "worker"
    inside.mkdir()
    with Worker(inside, broker, "worker --pool=prefork --concurrency=1 --beat", settings=settings) as worker:
        worker.wait_for_log(TWICE)
        worker.wait_for_log(r"shop\.sell\[.*succeeded")
        worker.stop()
        done = worker.records("task.succeeded")
        assert published[0]["payload"]["task_id"] in {record["payload"]["task_id"] for record in done}
        assert all("parent_trace_id" not in record for record in done)
        assert worker.records("task.published"), worker.log()
