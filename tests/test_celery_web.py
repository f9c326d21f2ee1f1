"""A task that runs eagerly inside of a request: its own scope, and a request that goes on as before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from celery import Celery

import e11y
import e11y_celery
from e11y import Event, Runtime
from e11y.adapters import MemoryAdapter
from e11y.record import Record
from e11y_web import WsgiMiddleware

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

celery = Celery("orders", broker="memory://", backend="cache+memory://", set_as_current=False)
celery.conf.task_always_eager = True


class OrderStep(Event, severity="debug"):
    where: str


@celery.task(name="orders.mail")
def mail(fails: bool) -> None:
    OrderStep.track(where="task")
    if fails:
        raise LookupError


@pytest.fixture
def memory() -> Iterator[MemoryAdapter]:
    e11y_celery.connect()
    memory = MemoryAdapter(max_records=None)
    settings = {"environment": "test", "plugins": ["celery", "web"]}
    with Runtime(settings, adapters={"logs": memory}, environ={}, event_types=()) as runtime:
        yield memory
        runtime.ledger.check()


def ask(*, task_fails: bool, request_fails: bool) -> None:
    """Serve one request whose view calls the task between two steps of its own."""

    def view(environ: Any, start_response: Any) -> Iterable[bytes]:
        OrderStep.track(where="before")
        before = e11y.current_context()
        mail.delay(task_fails)
        assert e11y.current_context() == before
        OrderStep.track(where="after")
        if request_fails:
            raise ZeroDivisionError
        start_response("200 OK", [])
        return [b"ok"]

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/orders",
        "HTTP_TRACEPARENT": f"00-{TRACE}-00f067aa0ba902b7-01",
        "HTTP_X_REQUEST_ID": "r-1",
    }
    try:
        list(WsgiMiddleware(view)(environ, lambda *told: None))
    except ZeroDivisionError:
        assert request_fails


def told(memory: MemoryAdapter) -> list[tuple[str, bool]]:
    """Return what happened, in order, each with whether it is the request's; the rest is the task's."""
    assert not e11y.flush(20).undelivered
    records = sorted(memory.records, key=lambda record: record.time_ns)  # the task's end may not wait for the request's
    return [(str(record.payload.get("where", record.name)), is_of_request(record)) for record in records]


def is_of_request(record: Record) -> bool:
    ids = (record.trace_id, record.parent_trace_id, record.context["request_id"] == "r-1")
    assert ids == (TRACE, None, True) or ids[1:] == (TRACE, False)
    return ids[0] == TRACE


def test_an_eager_task_stands_in_the_trail_of_its_request(memory: MemoryAdapter) -> None:
    ask(task_fails=False, request_fails=True)
    assert told(memory) == [
        ("before", True),
        ("task.started", False),
        ("task", False),
        ("task.succeeded", False),
        ("after", True),
        ("request.completed", True),
    ]


def test_an_eager_task_that_fails_leaves_its_own_trail_alone(memory: MemoryAdapter) -> None:
    ask(task_fails=True, request_fails=False)
    assert told(memory) == [
        ("task.started", False),
        ("task", False),
        ("task.failed", False),
        ("request.completed", True),
    ]
    assert [str(record.severity) for record in memory.records if is_of_request(record)] == ["success"]
