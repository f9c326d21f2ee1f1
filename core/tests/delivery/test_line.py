"""The JSON line: the fast way says exactly what the plain way would."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from e11y.clock import Ids
from e11y.context import EMPTY
from e11y.delivery.records import make_records
from e11y.encode import encode
from e11y.record import Layout, Record, iso_ms
from e11y.sentinel import MISSING
from e11y.severity import Severity

ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.binary()
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6)
NAMES = st.lists(st.text(min_size=1), unique=True, max_size=4)
IDS = st.integers(0, 2**64 - 1)


def plain_line(record: Record, resource: dict[str, str]) -> bytes:
    """Build the line in the obvious way."""
    whole: dict[str, Any] = {"timestamp": iso_ms(record.time_ns), "severity": str(record.severity)}
    whole |= {"event_name": record.name, **resource, "trace_id": record.trace_id, "span_id": record.span_id}
    whole |= {"parent_span_id": record.parent_span_id} if record.parent_span_id else {}
    whole |= {"parent_trace_id": record.parent_trace_id} if record.parent_trace_id else {}
    whole["payload"] = dict(record.payload)
    whole |= {"context": dict(record.context)} if record.context else {}
    whole |= {"metadata": dict(record.metadata)} if record.metadata else {}
    return encode(whole)


@settings(deadline=None)
@given(
    data=st.data(),
    names=NAMES,
    time_ns=st.integers(0, 4 * 10**18),
    retention_ns=st.integers(0, 10**11).map(lambda ms: ms * 10**6),
)
def test_both_ways_agree(data: Any, names: list[str], time_ns: int, retention_ns: int) -> None:
    resource = data.draw(st.sampled_from([{}, {"service": "100 % shop"}]))
    metadata = data.draw(st.sampled_from([{}, {"v": 2}, {"v": "100 %b"}, {"retention_until": "x"}, {"sample_rate": 1}]))
    extras = data.draw(st.sampled_from([(), ("weight",), ("metadata",), ("weight", "metadata")]))
    given_extras = {
        "weight": data.draw(st.sampled_from([0.0, 1.0, 0.25])),
        "metadata": data.draw(st.sampled_from([None, {"s": 1}])),
    }
    layout = Layout(
        name="e",
        severity=Severity.WARN,
        names=tuple(names),
        metadata=metadata,
        extras=extras,
        retention_ns=retention_ns,
        resource=resource,
    )
    pairs = data.draw(st.sampled_from([(), ("user", "ü"), ("a", 1, "b", None)]))
    snapshot = (data.draw(IDS), data.draw(IDS), 0, data.draw(IDS), -1, *pairs)
    columns = [data.draw(VALUES | st.just(MISSING)) for _ in names]
    entry = (0, time_ns, snapshot, *[given_extras[extra] for extra in extras], *columns)
    make = lambda: Record(layout, entry, snapshot[0] or 5, 6)  # noqa: E731
    line = make().encoded()
    assert line == plain_line(make(), resource)
    json.loads(line)
    read_before = make()
    assert read_before.metadata is not None
    assert read_before.encoded() == line
    assert make().encoded() == line


LAYOUTS = tuple(
    Layout(index=index, name=f"e{index}", severity=Severity.WARN, names=("a", "b"), **given)
    for index, given in enumerate(
        [
            {},
            {"extras": ("weight",), "metadata": {"sample_rate": 1.0}, "retention_ns": 10**9},
            {"extras": ("metadata",), "resource": {"service": "s", "environment": "e"}},
            {"extras": ("span_id",), "metadata": {"retention_until": "x"}},
            {"extras": ("open", "unfiltered")},
            {"deferred": (lambda payload: {**payload, "late": 1},)},
        ]
    )
)
UNFIT = object()
EXTRAS = {
    "weight": st.sampled_from([1.0, 4.0, 0.0, float("inf")]),
    "metadata": st.sampled_from([None, {"s": 1}, {"s": UNFIT}]),
    "span_id": st.integers(1, 2**64 - 1),
    "open": st.sampled_from([{}, {"o": 1}, {"o": UNFIT}]),
    "unfiltered": st.just({"o": "raw"}),
}
SNAPSHOTS = [
    EMPTY,
    (5, 0, 0, 0, -1),
    (5, 6, 0, 7, -1, "user_id", "u"),
    (0, 0, 0, 9, -1, "user_id", 1),
    (8, 1, 2, 3, -1, "half", "\ud800"),
    (8, 1, 2, 3, -1, "unfit", UNFIT),
]
TIMES = [0, 1, 10**6 - 1, 10**6, 1_769_860_800_123_456_789, 1_769_860_800_123_456_999]


@st.composite
def entries(draw: st.DrawFn) -> tuple[Any, ...]:
    layout = draw(st.sampled_from(LAYOUTS))
    extras = [draw(EXTRAS[extra]) for extra in layout.extras]
    columns = [draw(st.sampled_from([1, "t", "\ud800", MISSING, float("nan"), UNFIT])) for _ in layout.names]
    return (layout.index, draw(st.sampled_from(TIMES)), draw(st.sampled_from(SNAPSHOTS)), *extras, *columns)


def line_or_error(make: Callable[[], bytes]) -> object:
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - whatever the one way raises, the other raises too
        return type(error)


@given(chunk=st.lists(entries(), max_size=20))
def test_records_made_together_say_what_they_say_alone(chunk: list[tuple[Any, ...]]) -> None:
    layouts = [LAYOUTS[entry[0]] for entry in chunk]
    filtered = [
        layout.filtered(entry) if layout.deferred else None for layout, entry in zip(layouts, chunk, strict=True)
    ]
    records = make_records(chunk, LAYOUTS, Ids(), 10, filtered)
    assert [record.sequence for record in records] == list(range(10, 10 + len(chunk)))
    for record, layout, entry in zip(records, layouts, chunk, strict=True):
        expected = line_or_error(partial(plain_line, record, dict(layout.resource)))
        known = record.held_bytes
        assert line_or_error(record.encoded) == expected
        if isinstance(expected, bytes):
            assert record.encoded_body() == b"{" + expected[expected.index(b'"span_id":"') :]
            assert known in (0, record.size_bytes)
        trace, span = record.snapshot[0], layout.extra(entry, "span_id")
        assert record.trace == (trace or record.trace) != 0
        assert record.span == (span or record.span) != 0


def test_those_outside_of_any_trace_have_one_each() -> None:
    records = make_records([(0, 0, EMPTY, 1, 2)] * 100, LAYOUTS, Ids(), 1)
    assert len({record.trace_id for record in records}) == 100
    assert {record.trace_id[:16] == record.span_id for record in records} == {True}


def test_restored_columns_reach_the_line() -> None:
    layout = Layout(name="e", severity=Severity.INFO, names=("id", "none"), restores={"id": lambda n: UUID(int=n)})
    line = Record(layout, (0, 0, EMPTY, 5, None), 1, 1).encoded()
    assert json.loads(line)["payload"] == {"id": "00000000-0000-0000-0000-000000000005", "none": None}


def test_a_trace_of_its_own_wins_over_the_context() -> None:
    record = Record.of("e", {"n": Decimal("1.50")}, trace=9, snapshot=(8, 0, 0, 0, -1))
    assert json.loads(record.encoded())["trace_id"] == f"{9:032x}"


def test_marks_are_metadata() -> None:
    record = Record.of("e", {"n": 1}, metadata={"v": 2})
    record.withhold({"n": "masked"})
    marked = record.marked("masked")
    assert marked.metadata == {"v": 2, "masked": True}
    assert marked.payload == {"n": "masked"}
    assert record.metadata == {"v": 2}


def test_what_has_no_json_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        Record.of("e", {"n": object()}).encoded()
