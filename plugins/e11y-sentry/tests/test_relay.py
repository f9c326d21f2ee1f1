"""Sentry's own normaliser takes every event that is made, and finds nothing wrong in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentry_relay.processing import StoreNormalizer

from e11y import Record, Severity
from e11y.testing import make_record
from e11y_sentry import SentryOption, SentrySettings
from e11y_sentry.issue import make_issue
from e11y_sentry.raised import RaisedTable

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**200), max_value=2**200)
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.binary(max_size=50)
    | st.decimals()
    | st.datetimes()
    | st.uuids()
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)
PAYLOADS = st.dictionaries(st.text(max_size=30), VALUES, max_size=8)


def normalized(event: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(event, allow_nan=False).encode()
    done: dict[str, Any] = StoreNormalizer(project_id=7, is_renormalize=False).normalize_event(raw_event=text)
    return done


def complaints(meta: Any, path: str = "") -> Iterator[str]:
    """Yield where the normaliser changed or refused something."""
    if isinstance(meta, Mapping):
        for key, inner in meta.items():
            if key == "":
                yield f"{path}: {inner.get('err') or inner}"
            else:
                yield from complaints(inner, f"{path}.{key}")


def issue(record: Record, raised: Any = (), rule: SentryOption | None = None) -> dict[str, Any]:
    event = make_issue(record, raised, rule or SentryOption(), SentrySettings())
    return {**event, "environment": "production", "release": "shop@1.2.3", "server_name": "web-1"}


@given(
    payload=PAYLOADS, severity=st.sampled_from(list(Severity)), message=st.none() | st.text(st.characters(codec=None))
)
def test_any_payload(payload: dict[str, Any], severity: Severity, message: str | None) -> None:
    trail = tuple(make_record(number, payload, severity=Severity.INFO) for number in range(3))
    record = make_record(4, {**payload, "message": message, "tag": next(iter(payload.values()), 1)}, severity=severity)
    record.trail = trail
    rule = SentryOption(fingerprint=("{tag}", "{{ default }}", "{absent}"), tags=("tag", "message"))
    event = issue(record, rule=rule)
    done = normalized(event)
    assert list(complaints(done.get("_meta"))) == []
    assert done["event_id"] == event["event_id"]
    assert done["level"] == event["level"]
    assert len(done["breadcrumbs"]["values"]) == 3
    assert dict(done["tags"]).items() >= event["tags"].items()


def test_everything_at_once_and_as_large_as_it_gets() -> None:
    def descend(depth: int) -> None:
        if depth:
            descend(depth - 1)
        try:
            raise ValueError("x" * 10_000)
        except ValueError as error:
            raise ExceptionGroup("many", [KeyError("k"), error]) from error

    table = RaisedTable(texts=True)
    try:
        descend(200)
    except ExceptionGroup:
        table.note(1)
    big = {f"field_{number}": "é" * 5_000 for number in range(40)}
    record = make_record(0, {"message": "m" * 100_000, **big})
    record.trail = tuple(make_record(number, big, severity=Severity.DEBUG) for number in range(150))
    event = issue(record, table.of(1))
    assert len(json.dumps(event)) < 1_000_000
    done = normalized(event)
    assert list(complaints(done.get("_meta"))) == []
    assert [value["type"] for value in done["exception"]["values"]] == ["KeyError", "ValueError", "ExceptionGroup"]


@pytest.mark.parametrize("name", ["Größe", "a" * 300, "line\nbreak", ""])
def test_any_event_name(name: str) -> None:
    record = Record.of(name, {}, time_ns=1_769_860_800_000_000_000, severity=Severity.ERROR)
    assert list(complaints(normalized(issue(record)).get("_meta"))) == []


def test_the_normaliser_does_complain() -> None:
    event = {**issue(make_record()), "level": "catastrophic", "fingerprint": [{}], "timestamp": "yesterday"}
    assert sorted(place.partition(":")[0] for place in complaints(normalized(event)["_meta"])) == [
        ".fingerprint",
        ".level",
        ".timestamp",
    ]
