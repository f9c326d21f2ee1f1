"""Definitions that cannot work: refused where the class is created, else at start, each message whole."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import pytest
from prometheus_client import REGISTRY, Counter

from e11y import ConfigError, Event, Runtime
from e11y_metrics import counter, gauge, histogram, path_template, tag

from .conftest import Bench, Run

ANY: Any = None

IDENTIFIER = (
    "leave it to the events themselves, turn it into a few values: tag({0}, relabel=...), "
    "or vouch for it: tag({0}, allow=True)"
)


@pytest.mark.parametrize(
    ("attempt", "what", "fix"),
    [
        (
            lambda: counter("orders"),
            "@counter('orders'): the name of a counter ends in _total",
            'write @counter("orders_total")',
        ),
        (
            lambda: counter("orders_total_total"),
            "@counter('orders_total_total'): the name has two suffixes that Prometheus gives a meaning to",
            "leave one of them out",
        ),
        (
            lambda: counter("orders.paid_total"),
            "@counter('orders.paid_total'): the name must consist of letters, digits and underscores",
            'write it like "orders_paid_total"',
        ),
        (
            lambda: counter(ANY),
            "@counter: the name must consist of letters, digits and underscores",
            'write it like "orders_paid_total"',
        ),
        (
            lambda: counter("e11y_mine_total"),
            "@counter('e11y_mine_total'): names that begin with e11y_ are the library's own",
            "choose another name",
        ),
        (
            lambda: gauge("jobs_total", value="jobs"),
            "@gauge('jobs_total'): the name of a gauge must not end in _total, which means something else",
            "leave the ending out",
        ),
        (
            lambda: histogram("took_ms", value="ms"),
            "@histogram('took_ms'): durations are measured in seconds",
            'name it "..._seconds" and divide: value=lambda ms: ms / 1000',
        ),
        (
            lambda: counter("a_total", tags=ANY),
            "@counter('a_total'): tags must be a list of field names",
            'write tags=["currency"]',
        ),
        (
            lambda: counter("a_total", tags="currency"),
            "@counter('a_total'): tags must be a list of field names",
            'write tags=["currency"]',
        ),
        (
            lambda: counter("a_total", tags=[ANY]),
            "@counter('a_total'): tags must hold names of fields, or tag(...)",
            'write tags=["currency", tag("path", relabel=...)]',
        ),
        (
            lambda: counter("a_total", tags=["currency", tag("code", label="currency")]),
            "@counter('a_total'): the label 'currency' stands there twice",
            "leave one of them out",
        ),
        (
            lambda: counter("a_total", tags=["context.tenant-1"]),
            "@counter('a_total'): a label consists of letters, digits and underscores",
            "write it like tag('context.tenant-1', label=...)",
        ),
        (
            lambda: histogram("a", value="x", tags=["le"]),
            "@histogram('a'): the label 'le' is the exposition format's own",
            'rename it: tag("...", label="...")',
        ),
        (
            lambda: counter("a_total", tags=["user_id"]),
            "@counter('a_total'): 'user_id' is an identifier or free text, "
            "and every value of a label is a series of its own",
            IDENTIFIER.format('"user_id"'),
        ),
        (
            lambda: counter("a_total", tags=[tag("context.email", label="who")]),
            "@counter('a_total'): 'email' is an identifier or free text, "
            "and every value of a label is a series of its own",
            IDENTIFIER.format('"context.email"'),
        ),
        (
            lambda: histogram("a", value=ANY),
            "@histogram('a'): value is missing",
            'write value="amount", or value=lambda amount: amount / 100: a histogram needs values',
        ),
        (
            lambda: gauge("a", value=7),  # type: ignore[arg-type]
            "@gauge('a'): value must be the name of a field, or a function of fields",
            'write value="amount"',
        ),
        (
            lambda: gauge("a", value=lambda: 7),
            "@gauge('a'): value is a function of nothing",
            "name the fields it reads as its parameters",
        ),
        (
            lambda: gauge("a", value=lambda *all: 7),
            "@gauge('a'): value must be a function whose parameters name fields",
            "write value=lambda amount: amount / 100",
        ),
        (
            lambda: histogram("a", value="x", buckets=(5, 1)),
            "@histogram('a'): buckets must ascend, each larger than the one before",
            "write buckets=(0.1, 0.5, 1, 5)",
        ),
        (
            lambda: histogram("a", value="x", buckets=(1, 1)),
            "@histogram('a'): buckets must ascend, each larger than the one before",
            "write buckets=(0.1, 0.5, 1, 5)",
        ),
        (
            lambda: histogram("a", value="x", buckets=()),
            "@histogram('a'): buckets must be a list of numbers",
            "write buckets=(0.1, 0.5, 1, 5)",
        ),
        (
            lambda: histogram("a", value="x", buckets=(1, float("inf"))),
            "@histogram('a'): buckets must be finite numbers; the one for all the rest is added by itself",
            "write buckets=(0.1, 0.5, 1, 5)",
        ),
        (
            lambda: counter("a_total", help=ANY or 7),
            "@counter('a_total'): help must be a text",
            'write help="Orders that were paid."',
        ),
        (
            lambda: gauge("a", value="x", across="all"),  # type: ignore[arg-type]
            "@gauge('a'): across is unknown",
            "write it as one of: latest, sum, max, min",
        ),
    ],
)
def test_what_the_decorator_shows_is_refused_there(attempt: Callable[[], object], what: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        attempt()
    line = attempt.__code__.co_firstlineno
    assert str(caught.value) == f"{what}\n  where: {__name__}, line {line}\n  fix:   {fix}"


def line_of(text: str) -> int:
    """Return the number of the line of this file that holds ``text`` first."""
    lines = linecache.getlines(__file__)
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_same_name_twice_on_one_class_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:

        @counter("twice_total")  # the first
        @counter("twice_total", tags=["color"])  # the second
        class DefinitionsTwice(Event):
            color: str

    owner = f"{__name__}.test_the_same_name_twice_on_one_class_is_refused.<locals>.DefinitionsTwice"
    assert str(caught.value) == (
        f"{owner} declares the metric 'twice_total' twice\n"
        f"  where: {__name__}, line {line_of('# the second')} and {__name__}, line {line_of('# the first')}\n"
        "  fix:   leave one of them out, or rename it"
    )


class Size(Enum):
    SMALL = "s"


@counter("bad_field_total", tags=["curency"])
class DefinitionsBadField(Event):
    currency: str


@histogram("bad_value", value="amuont")
class DefinitionsBadValue(Event):
    amount: int


@histogram("bad_function", value=lambda amount, rate: amount * rate)
class DefinitionsBadFunction(Event):
    amount: int


@histogram("text_value", value="amount")
class DefinitionsTextValue(Event):
    amount: str


@counter("moment_total", tags=["moment"])
class DefinitionsMoment(Event):
    moment: datetime | None = None


@counter("price_total", tags=["price"])
class DefinitionsPrice(Event):
    price: Decimal


@counter("key_total", tags=["key"])
class DefinitionsKey(Event):
    key: UUID


@counter("names_total", tags=["names"])
class DefinitionsNames(Event):
    names: list[str]


@counter("customer_total", tags=["customer_id"])
class DefinitionsCustomer(Event):
    customer_id: str


@counter("denied_total", tags=["color"])
class DefinitionsDenied(Event):
    color: str


def problem(run: Run, event_type: type[Event], **table: Any) -> str:
    bench = run(**table)
    with pytest.raises(ConfigError) as caught:
        bench.runtime.compile_all([event_type])
    return str(caught.value)


def placed(event_type: type[Event], name: str) -> str:
    return f"{__name__}.{event_type.__name__} ({__name__}, line {line_of(name)})"


def unknown(what: str, fields: str, name: str, near: str) -> tuple[str, str]:
    return (f"{what}{near}", f"use one of: {fields}; or  context.{name}  for context")


@pytest.mark.parametrize(
    ("event_type", "name", "what", "fix"),
    [
        (
            DefinitionsBadField,
            "bad_field_total",
            "the label 'curency' of metric 'bad_field_total' reads field 'curency', which DefinitionsBadField "
            "does not have, did you mean 'currency'?",
            "use one of: currency; or  context.curency  for context",
        ),
        (
            DefinitionsBadValue,
            "bad_value",
            "the value of metric 'bad_value' reads field 'amuont', which DefinitionsBadValue does not have, "
            "did you mean 'amount'?",
            "use one of: amount; or  context.amuont  for context",
        ),
        (
            DefinitionsBadFunction,
            "bad_function",
            "the value of metric 'bad_function' reads field 'rate', which DefinitionsBadFunction does not have",
            "use one of: amount; or  context.rate  for context",
        ),
        (
            DefinitionsTextValue,
            "text_value",
            "the value of metric 'text_value' is field 'amount', which is no number",
            "name a field that is an int, float, Decimal or timedelta, or make a number of it: value=lambda ...",
        ),
        *(
            (
                event_type,
                f"{label}_total",
                f"the label {label!r} of metric '{label}_total' has no end of values: the field is a {kind}",
                f'use a field of text, Enum or Literal, or a rule: tag("{label}", relabel=...)',
            )
            for event_type, label, kind in (
                (DefinitionsMoment, "moment", "datetime"),
                (DefinitionsPrice, "price", "Decimal"),
                (DefinitionsKey, "key", "UUID"),
                (DefinitionsNames, "names", "list"),
            )
        ),
        (
            DefinitionsCustomer,
            "customer_total",
            "metric 'customer_total': 'customer_id' is an identifier or free text, "
            "and every value of a label is a series of its own",
            IDENTIFIER.format('"customer_id"'),
        ),
    ],
)
def test_what_the_fields_show_is_refused_at_start(
    run: Run, event_type: type[Event], name: str, what: str, fix: str
) -> None:
    assert problem(run, event_type) == f"{what}\n  where: {placed(event_type, name)}\n  fix:   {fix}"


@counter("denied_shade_total", tags=[tag("shade", allow=True)])
class DefinitionsDeniedShade(Event):
    shade: Literal["light", "dark"]


def test_settings_deny_what_a_class_allows(run: Run) -> None:
    told = problem(run, DefinitionsDeniedShade, deny=["shade"])
    assert told.startswith("the label 'shade' of metric 'denied_shade_total' is denied by the settings\n")


def test_settings_deny_labels(run: Run) -> None:
    where = f"{placed(DefinitionsDenied, 'denied_total')}; [tool.e11y.metrics] deny"
    assert problem(run, DefinitionsDenied, deny=["color"]) == (
        "the label 'color' of metric 'denied_total' is denied by the settings\n"
        f"  where: {where}\n"
        "  fix:   leave it out, or turn it into a few values with a relabel rule"
    )


@counter("spoken_for_total", tags=[tag("customer_id", allow=True), tag("path", relabel=path_template), "store_id"])
class DefinitionsSpokenFor(Event):
    customer_id: str
    path: str
    store_id: Literal["berlin", "oslo"] = "oslo"


def test_identifiers_may_be_labels_when_somebody_speaks_for_them(bench: Bench) -> None:
    DefinitionsSpokenFor.track(customer_id="c", path="/a/1")
    assert bench.named("spoken") == {'spoken_for_total{customer_id="c",path="/a/:id",store_id="oslo"}': 1}


def pair(first: Any, second: Any) -> tuple[type[Event], type[Event]]:
    """Return two event types, each with one of two metrics."""

    @first
    class DefinitionsFirst(Event):
        color: str = ""
        amount: int = 0

    @second
    class DefinitionsSecond(Event):
        color: str = ""
        amount: int = 0

    return DefinitionsFirst, DefinitionsSecond


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        (counter("pair_total"), gauge("pair", value="amount"), "name: pair_total and pair"),
        (histogram("pair", value="amount"), gauge("pair", value="amount"), "kind: histogram and gauge"),
        (counter("pair_total"), counter("pair_total", tags=["color"]), "labels: [] and ['color']"),
        (
            histogram("pair", value="amount", buckets=(1, 2)),
            histogram("pair", value="amount", buckets=(1, 3)),
            "buckets: [1.0, 2.0] and [1.0, 3.0]",
        ),
        (counter("pair_total", help="One."), counter("pair_total", help="Two."), "help: One. and Two."),
        (
            gauge("pair", value="amount"),
            gauge("pair", value="amount", across="sum"),
            "across: latest and sum",
        ),
    ],
)
def test_two_meanings_of_one_name_are_refused_with_both_places(run: Run, first: Any, second: Any, what: str) -> None:
    types = pair(first, second)
    bench = run()
    with pytest.raises(ConfigError) as caught:
        bench.runtime.compile_all(types)
    word = what.partition(":")[0]
    lines = [cell.cell_contents for one in (first, second) for cell in one.__closure__]
    name = lines[1].name
    places = " and ".join(
        f"{__name__}.pair.<locals>.{event_type.__name__} ({definition.place})"
        for event_type, definition in zip(types, lines, strict=True)
    )
    assert str(caught.value) == (
        f"metric {name!r} is declared twice with another {what}\n"
        f"  where: {places}\n"
        f"  fix:   give both the same {word}, or one of them another name"
    )


def test_equal_definitions_add_to_one_metric_in_whatever_order_of_labels(bench: Bench) -> None:
    first, second = pair(
        counter("pair_total", tags=["color", "severity"]),
        counter("pair_total", tags=["severity", "color"], help="Both."),
    )
    first.track(color="red")  # type: ignore[call-arg]
    second.track(color="red")  # type: ignore[call-arg]
    assert bench.named("pair") == {'pair_total{color="red",severity="info"}': 2}
    assert "# HELP pair Both.\n" in bench.text


def test_all_problems_of_a_start_are_told_together(run: Run) -> None:
    bench = run()
    with pytest.raises(ConfigError) as caught:
        bench.runtime.compile_all([DefinitionsBadField, DefinitionsBadValue, DefinitionsPrice])
    assert len(caught.value.problems) == 3


def test_a_metric_that_the_application_registered_itself_is_refused() -> None:
    @counter("clash_total")
    class DefinitionsClash(Event):
        pass

    own = Counter("clash_total", "Mine.")
    try:
        runtime = Runtime({"plugins": ["metrics"]}, adapters={}, environ={}, event_types=[DefinitionsClash])
        with pytest.raises(ConfigError) as caught:
            runtime.activate()
        assert caught.value.what.startswith("metrics of event types are in prometheus-client's registry already: ")
        assert "clash_total" in caught.value.what
        assert (caught.value.where, caught.value.fix) == (
            "prometheus_client.REGISTRY",
            "rename one of them, or let only one of both exist",
        )
    finally:
        REGISTRY.unregister(own)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ({"limit": 0}, "must be more than 0"),
        ({"buckets": {"took_seconds": [2, 1]}}, "buckets must ascend, each larger than the one before"),
        ({"relabel": {"path": "path_templat"}}, "no rule 'path_templat' is known, did you mean 'path_template'?"),
        (
            {"relabel": {"path": "nowhere.at_all:rule"}},
            "the rule 'nowhere.at_all:rule' cannot be imported: ModuleNotFoundError",
        ),
        ({"relabel": {"path": f"{__name__}:IDENTIFIER"}}, f"the rule '{__name__}:IDENTIFIER' is no function"),
        ({"limits": 7}, "limit"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(run: Run, table: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        run(**table)
    assert what in str(caught.value)
    assert "fix:" in str(caught.value)
