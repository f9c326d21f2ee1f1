"""A Celery application whose tasks run inside of the caller."""

from __future__ import annotations

from typing import Any

from celery import Celery, Task
from celery.exceptions import Ignore, Reject

import e11y
from e11y import Event

app = Celery("eager", broker="memory://", backend="cache+memory://", set_as_current=False)
app.conf.task_always_eager = True


class EagerStep(Event, severity="debug"):
    number: int


class EagerBroke(Event, severity="error"):
    number: int


class Declined(Exception):
    """What the task declares."""


@app.task
def work(number: int) -> int:
    EagerStep.track(number=number)
    return number


@app.task
def fail(number: int) -> None:
    EagerStep.track(number=number)
    raise LookupError


@app.task
def complain(number: int) -> int:
    EagerStep.track(number=number)
    EagerBroke.track(number=number)
    return number


@app.task(throws=(Declined,))
def decline(number: int) -> None:
    EagerStep.track(number=number)
    raise Declined


@app.task(bind=True, max_retries=2)
def retry(self: Task[Any, Any], failures: int) -> str:
    EagerStep.track(number=self.request.retries)
    if self.request.retries < failures:
        raise self.retry(exc=ConnectionError(), countdown=0)
    return "done"


@app.task
def ignore() -> None:
    raise Ignore


@app.task
def reject() -> None:
    raise Reject


@app.task
def leave() -> None:
    raise SystemExit(3)


@app.task
def context() -> dict[str, Any]:
    return dict(e11y.current_context())


@app.task
def nest(depth: int) -> int:
    EagerStep.track(number=depth)
    if depth:
        nest.delay(depth - 1).get(disable_sync_subtasks=False)
    return depth
