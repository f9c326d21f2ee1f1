"""What @slo refuses, where and with which words."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import pytest

from e11y import ConfigError, Event, OpenEvent, Runtime
from e11y.adapters import MemoryAdapter
from e11y_slo import slo

from .conftest import Bench, Run

HERE = __name__
FIX = 'write @slo(contributes_to="payment_success", ...), or @slo(False) for events that do not count'
STATUS_FIX = 'write status_from=lambda state: "success" if state == "done" else "failure"'


def refused(make: Callable[[], Any]) -> tuple[str, str, str]:
    with pytest.raises(ConfigError) as raised:
        make()
    return raised.value.what, raised.value.where, raised.value.fix


def line() -> int:
    return sys._getframe(1).f_lineno


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        ({}, "@slo: it must say what the events contribute to", FIX),
        ({"contributes_to": None}, "@slo: it must say what the events contribute to", FIX),
        (
            {"contributes_to": "two words"},
            "@slo: the name of an objective consists of letters, digits, '_', '.' and '-'",
            FIX,
        ),
        ({"contributes_to": 7}, "@slo: the name of an objective consists of letters, digits, '_', '.' and '-'", FIX),
        (
            {"contributes_to": "a", "status_from": "state"},
            "@slo: status_from must be a function whose parameters name fields",
            STATUS_FIX,
        ),
        (
            {"contributes_to": "a", "status_from": lambda **more: None},
            "@slo: status_from must be a function whose parameters name fields",
            STATUS_FIX,
        ),
        (
            {"contributes_to": "a", "status_from": lambda: None},
            "@slo: status_from is a function of nothing",
            STATUS_FIX,
        ),
        (
            {"contributes_to": "a", "latency_field": 7},
            "@slo: latency_field must be the name of a field",
            'write latency_field="..."',
        ),
        (
            {"contributes_to": "a", "group_by": ["a"]},
            "@slo: group_by must be the name of a field",
            'write group_by="..."',
        ),
    ],
)
def test_bad_arguments_are_refused_where_they_stand(arguments: dict[str, Any], what: str, fix: str) -> None:
    assert refused(lambda: slo(**arguments)) == (what, f"{HERE}, line {line()}", fix)


def test_true_is_not_what_false_is_not() -> None:
    what, where, fix = refused(lambda: slo(True))  # type: ignore[call-overload]
    assert where == f"{HERE}, line {line() - 1}"
    assert (what, fix) == ("@slo: it must say what the events contribute to", FIX)


def test_an_event_counts_toward_one_objective() -> None:
    def declare() -> None:
        @slo(contributes_to="first")
        @slo(contributes_to="second")
        class DefinitionsTwice(OpenEvent):
            pass

    what, where, fix = refused(declare)
    owner = f"{HERE}.test_an_event_counts_toward_one_objective.<locals>.declare.<locals>.DefinitionsTwice"
    assert what == f"{owner} has two @slo decorators"
    assert where.startswith(f"{HERE}, line ")
    assert fix == "leave one of them out: an event counts toward one objective"


class Shade(Enum):
    LIGHT = "light"


class DefinitionsBase(Event):
    state: str
    took: float
    when: datetime
    price: Decimal
    shade: Shade
    kind: Literal["a"]
    key: UUID
    customer_id: str
    order_id: Literal["a", "b"]
    tags: list[str]
    flag: bool


FIELDS = "state, took, when, price, shade, kind, key, customer_id, order_id, tags, flag"
FEW = "group by a field with few values: text of a few kinds, Literal, Enum or bool"


def ok(state: str) -> str:
    return "success"


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        (
            {"status_from": lambda stat: stat},
            "status_from of @slo reads field 'stat', which DefinitionsBad does not have, did you mean 'state'?",
            f"use one of: {FIELDS}",
        ),
        (
            {"status_from": ok, "latency_field": "elapsed"},
            "latency_field of @slo reads field 'elapsed', which DefinitionsBad does not have",
            f"use one of: {FIELDS}",
        ),
        (
            {"status_from": ok, "group_by": "kin"},
            "group_by of @slo reads field 'kin', which DefinitionsBad does not have, did you mean 'kind'?",
            f"use one of: {FIELDS}",
        ),
        (
            {},
            "nothing tells whether DefinitionsBad is a success or a failure",
            'add  status_from=lambda ...  to @slo, or a field  slo_status: Literal["success", "failure"]',
        ),
        (
            {"status_from": ok, "latency_field": "state"},
            "latency_field of @slo is field 'state', which is no duration",
            "name a field that holds milliseconds as int, float or Decimal, or a timedelta",
        ),
        (
            {"status_from": ok, "latency_field": "flag"},
            "latency_field of @slo is field 'flag', which is no duration",
            "name a field that holds milliseconds as int, float or Decimal, or a timedelta",
        ),
        (
            {"status_from": ok, "group_by": "customer_id"},
            "group_by of @slo is 'customer_id', an identifier or free text: each value would be a series of its own",
            FEW,
        ),
        *(
            (
                {"status_from": ok, "group_by": name},
                f"group_by of @slo is field {name!r}, whose type has no end of values",
                FEW,
            )
            for name in ("took", "when", "price", "key", "tags")
        ),
    ],
)
def test_what_does_not_fit_the_type_stops_the_start(
    bench: Bench, arguments: dict[str, Any], what: str, fix: str
) -> None:
    class DefinitionsBad(DefinitionsBase):
        pass

    decorated = slo(contributes_to="a", **arguments)(DefinitionsBad)
    at = line() - 1
    where = f"{HERE}.test_what_does_not_fit_the_type_stops_the_start.<locals>.DefinitionsBad ({HERE}, line {at})"
    assert refused(lambda: bench.runtime.compile_all([decorated])) == (what, where, fix)


@pytest.mark.parametrize("group", ["state", "shade", "kind", "order_id", "flag"])
@pytest.mark.parametrize("latency", ["took", "price"])
def test_what_fits_is_taken(bench: Bench, group: str, latency: str) -> None:
    @slo(contributes_to="a", status_from=ok, group_by=group, latency_field=latency)
    class DefinitionsGood(DefinitionsBase):
        pass

    bench.runtime.compile_all([DefinitionsGood])


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"limit": 0}, "must be more than 0"),
        ({"ignore_statuses": [404, 42]}, "must hold statuses between 100 and 599, for example [404]"),
        ({"ignore_status": [404]}, "did you mean 'ignore_statuses'?"),
    ],
)
def test_bad_settings_are_refused(run: Run, table: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        run(**table)
    assert told in str(raised.value)


def test_an_option_without_its_plugin_stops_the_start() -> None:
    @slo(contributes_to="a", status_from=lambda state: state)
    class DefinitionsAlone(Event):
        state: str

    settings = {"environment": "test", "plugins": []}
    runtime = Runtime(settings, adapters={"logs": MemoryAdapter()}, environ={}, event_types=(DefinitionsAlone,))
    with pytest.raises(
        ConfigError, match="^option Slo on the class of DefinitionsAlone needs plugin 'slo', which is not active"
    ):
        runtime.activate()
