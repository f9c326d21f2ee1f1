"""A Celery application under test: every way in which a task can end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from celery import Celery, Task
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded

import e11y
import e11y_celery

BROKER = os.environ["BROKER"]

app = Celery("shop", broker=BROKER, backend=BROKER)
app.conf.update(
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_prefetch_multiplier=1,
    worker_pool_start_method=os.environ.get("START_METHOD", "fork"),
)
e11y_celery.connect()


class ShopStep(e11y.Event, severity="debug"):
    order: str
    number: int


class ShopTicked(e11y.Event):
    number: int


class ShopSold(e11y.Event, severity="success"):
    order: str


class Declined(Exception):
    """What a task may raise by its own declaration."""


def steps(order: str) -> None:
    for number in range(3):
        ShopStep.track(order=order, number=number)


@app.task
def tick(number: int, seconds: float = 0.0) -> int:
    ShopTicked.track(number=number)
    if seconds:
        Path(f"begun-{number}").touch()
        time.sleep(seconds)
    return number


@app.task
def sell(order: str) -> str:
    steps(order)
    ShopSold.track(order=order)
    return order


@app.task
def fail(order: str) -> None:
    steps(order)
    raise LookupError(order)


@app.task(throws=(Declined,))
def decline(order: str) -> None:
    steps(order)
    raise Declined(order)


@app.task(bind=True, max_retries=3)
def retry(self: Task[Any, Any], order: str, failures: int) -> str:
    steps(order)
    if self.request.retries < failures:
        raise self.retry(exc=ConnectionError(order), countdown=0)
    return order


@app.task(autoretry_for=(ConnectionError,), retry_backoff=False, default_retry_delay=0, max_retries=1)
def autoretry(order: str) -> None:
    steps(order)
    raise ConnectionError(order)


@app.task
def ignore() -> None:
    raise Ignore


@app.task(acks_late=True)
def reject() -> None:
    raise Reject("no", requeue=False)


@app.task(soft_time_limit=5)  # not before it sleeps, however busy the machine is
def overlong(order: str) -> str:
    steps(order)
    try:
        time.sleep(30)
    except SoftTimeLimitExceeded:
        steps(order)
        raise
    return order


@app.task(time_limit=1)
def endless(order: str) -> None:
    steps(order)
    time.sleep(20)


@app.task
def perish() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Report(app.Task):  # type: ignore[name-defined, misc]
    """A task that is a class, with handlers of its own."""

    name = "shop.Report"

    def run(self, order: str) -> None:
        steps(order)
        raise LookupError(order)

    def on_failure(self, exc: BaseException, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        ShopStep.track(order=args[0], number=99)


app.register_task(Report())


@app.task
def outer(order: str) -> dict[str, str]:
    """Calls another task as a function, eagerly, and through the broker."""
    before = dict(e11y.current_context())
    sell.apply((order,))
    sell.delay(order)
    assert dict(e11y.current_context()) == before
    return {key: str(value) for key, value in before.items()}


@app.task
def gather(orders: list[str]) -> int:
    ShopSold.track(order="+".join(orders))
    return len(orders)


app.conf.beat_schedule = {"now": {"task": "shop.sell", "schedule": 0.3, "args": ("beaten",)}}
