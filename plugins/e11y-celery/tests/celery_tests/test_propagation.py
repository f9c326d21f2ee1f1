"""Trace context in messages: what is written, what is read, and that nothing that stands there can do harm."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import e11y
from e11y.context import CURRENT, NO_FRAME
from e11y.trace import Trace
from e11y_celery import CelerySettings
from e11y_celery.delivery import read
from e11y_celery.propagation import trace_of, write

from .conftest import Bench

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def hop(headers: dict[str, Any], settings: CelerySettings | None = None) -> Trace:
    """Return the trace of a task whose message has ``headers``."""
    delivery = read({"task": "t", "id": "1", **headers}.get)
    return trace_of(delivery, settings or CelerySettings(), lambda bits: (1 << bits) - 1)


@pytest.mark.parametrize("sampled", [None, True, False])
def test_the_publisher_becomes_the_parent_and_its_decision_holds(bench: Bench, sampled: bool | None) -> None:
    headers: dict[str, Any] = {}
    with e11y.scope("POST /orders", trace=Trace(7, 8, sampled=sampled)):
        write(headers, CelerySettings())
    trace = hop(headers)
    assert (trace.parent_trace_id, trace.sampled, trace.span_id) == (7, sampled, 0)
    assert trace.trace_id == 2**128 - 1


def test_a_retry_keeps_the_parent_of_the_first_attempt(bench: Bench) -> None:
    headers: dict[str, Any] = {"traceparent": PARENT, "baggage": "request_id=1"}
    with e11y.scope("shop.charge", kind="task"):
        write(headers, CelerySettings())
    assert headers == {"traceparent": PARENT, "baggage": "request_id=1"}


def test_baggage_travels_by_list_and_context_by_name(bench: Bench) -> None:
    headers: dict[str, Any] = {}
    trace = Trace(7, baggage={"request_id": "r", "tenant": "t"})
    with e11y.scope("POST /orders", trace=trace), e11y.context(user_id=42, card="4111", plan="free"):
        write(headers, CelerySettings(context=("user_id", "plan")))
    assert headers["baggage"] == "request_id=r,user_id=42,plan=free"
    assert hop(headers).baggage == {"request_id": "r", "user_id": "42"}
    assert hop({"baggage": "request_id=r,email=x,user_id=%0d%0a"}).baggage == {"request_id": "r"}


def test_without_a_scope_there_is_no_parent(bench: Bench) -> None:
    headers: dict[str, Any] = {}
    assert CURRENT.get() is NO_FRAME
    write(headers, CelerySettings())
    assert headers == {}
    assert hop({}).parent_trace_id == 0


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
names = st.sampled_from(
    ["traceparent", "tracestate", "baggage", "task", "id", "retries", "delivery_info", "is_eager", "e11y-undecided"]
)
nearly = st.sampled_from([PARENT, PARENT.upper(), "ff" + PARENT[2:], PARENT + "-x", "x" * 10_000, "a=b," * 400])


@given(headers=st.dictionaries(names, anything | nearly))
def test_no_message_makes_reading_raise(headers: dict[str, Any]) -> None:
    delivery = read(headers.get)
    assert len(delivery.task) <= 255
    assert len(delivery.task_id) <= 255
    trace = trace_of(delivery, CelerySettings(), lambda bits: 1)
    assert trace.trace_id == 1
    assert set(trace.baggage) <= {*CelerySettings().baggage, *CelerySettings().context}
