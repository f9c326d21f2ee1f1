"""What fields accept, refuse and keep."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NewType
from uuid import UUID

import annotated_types as at
import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from e11y import ConfigError, Event, InvalidEvent, Observe, OpenEvent, Outcome, Schema, field, hookimpl

from .conftest import Bench, MakeBench


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


class Unencodable(enum.Enum):
    PAIR = (1, 2)


@attrs.define
class Item:
    sku: str
    count: Annotated[int, at.Ge(1)] = 1
    tag: str = attrs.field(default="", validator=attrs.validators.max_len(3))


@dataclasses.dataclass
class Tree:
    name: str
    children: list[Tree] = dataclasses.field(default_factory=list)


class Text(str):
    __slots__ = ()


CustomerId = NewType("CustomerId", str)
MOMENT = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)


def event_of(annotation: Any, **keywords: Any) -> type[Event]:
    """Return an event type with one field ``value``."""
    return type("Checked", (Event,), {"__annotations__": {"value": annotation}, "__module__": __name__}, **keywords)


def refusal(event_type: type[Event], **fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidEvent) as caught:
        event_type.track(**fields)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return [(problem.path, problem.reason) for problem in caught.value.problems]


KEPT: list[tuple[Any, Any, Any]] = [
    (str, "x", "x"),
    (str, "", ""),
    (str, Text("sub"), "sub"),
    (int, 5, 5),
    (int, 10**30, 10**30),
    (int, Level.LOW, 1),
    (float, 1.5, 1.5),
    (float, 2, 2),
    (bool, True, True),
    (bytes, b"x", b"x"),
    (Decimal, Decimal("1.10"), Decimal("1.10")),
    (Decimal, 1.5, 1.5),
    (Decimal, 3, 3),
    (dt.datetime, MOMENT, MOMENT),
    (dt.date, MOMENT.date(), MOMENT.date()),
    (dt.time, dt.time(1, 2), dt.time(1, 2)),
    (dt.timedelta, dt.timedelta(1), dt.timedelta(1)),
    (UUID, UUID(int=5), UUID(int=5)),
    (UUID | None, UUID(int=5), UUID(int=5)),
    (UUID | None, None, None),
    (UUID | str, UUID(int=5), str(UUID(int=5))),
    (Color, Color.RED, "red"),
    (Color | None, None, None),
    (Color | int, Color.RED, "red"),
    (Level, Level.LOW, 1),
    (Literal["a", "b"], "a", "a"),
    ((Literal["a", 1] | None), 1, 1),
    (Literal[Color.RED], Color.RED, "red"),
    (str | None, None, None),
    (str | int, 3, 3),
    (None, None, None),
    (list[str], ["a", "b"], ["a", "b"]),
    (list[str], ["x" * 700], ["x" * 700]),
    (list, [1, "a"], [1, "a"]),
    (Sequence[int], (1, 2), [1, 2]),
    (set[int], {3}, [3]),
    (frozenset[Color], frozenset({Color.BLUE}), ["blue"]),
    (tuple[int, ...], (1, 2), [1, 2]),
    (tuple[int, str], (1, "a"), [1, "a"]),
    (dict[str, int], {"a": 1}, {"a": 1}),
    (dict[int, Any], {1: {"b": (1,)}}, {"1": {"b": [1]}}),
    (dict[Color, int], {Color.RED: 1}, {"red": 1}),
    (Mapping[str, UUID], {"a": UUID(int=1)}, {"a": UUID(int=1)}),
    (Any, {"a": [UUID(int=1), {2}]}, {"a": [str(UUID(int=1)), [2]]}),
    (object, Item("s"), {"sku": "s", "count": 1, "tag": ""}),
    (Item, Item("s", 2), {"sku": "s", "count": 2, "tag": ""}),
    (Item | None, None, None),
    (list[Item], [Item("s")], [{"sku": "s", "count": 1, "tag": ""}]),
    (Tree, Tree("a", [Tree("b")]), {"name": "a", "children": [{"name": "b", "children": []}]}),
    (CustomerId, CustomerId("c"), "c"),
    (Annotated[str, at.Len(1, 3)], "ab", "ab"),
    (Annotated[int, at.Interval(gt=0, le=5)], 5, 5),
    (Annotated[Decimal, at.Gt(Decimal("0.5"))], Decimal("0.6"), Decimal("0.6")),
    (Annotated[int | None, at.Gt(0)], None, None),
    (Annotated[int, at.MultipleOf(5)], 10, 10),
    (Annotated[str, at.Predicate(str.isupper)], "A", "A"),
    (Annotated[int, at.Not(bool)], 0, 0),
    (Annotated[dt.datetime, at.Timezone(...)], MOMENT, MOMENT),
    (Annotated[list[int], at.MaxLen(2)], [1, 2], [1, 2]),
    (Annotated[float, at.Unit("m")], 1.0, 1.0),
]


@pytest.mark.parametrize(("annotation", "value", "kept"), KEPT, ids=[str(number) for number in range(len(KEPT))])
def test_what_fits_arrives_as_it_was(bench: Bench, annotation: Any, value: Any, kept: Any) -> None:
    assert event_of(annotation).track(value=value) is Outcome.ACCEPTED
    assert bench.payload == {"value": kept}
    assert bench.records[-1].encoded()


REFUSED: list[tuple[Any, Any, str, str]] = [
    (str, 5, "value", "must be a str, not an int"),
    (str, None, "value", "must be a str, not None"),
    (int, True, "value", "must be an int, not a bool"),
    (int, 1.0, "value", "must be an int, not a float"),
    (float, "1", "value", "must be a float, not a str"),
    (bool, 1, "value", "must be a bool, not an int"),
    (Decimal, "1", "value", "must be a Decimal, not a str"),
    (dt.date, MOMENT, "value", "must be a date, not a datetime"),
    (UUID, "x", "value", "must be a UUID, not a str"),
    (Color, "red", "value", "must be a Color, not a str"),
    (Literal["a"], "b", "value", "must be one of 'a'"),
    (Literal[1], True, "value", "must be one of 1"),
    (Literal["a"], [], "value", "cannot be recorded: a list has no JSON form"),
    (str | int, 1.5, "value", "must be a str or an int, not a float"),
    (str | None, 5, "value", "must be a str, not an int"),
    (None, 5, "value", "must be None, not an int"),
    (list[str], "abc", "value", "must be a list, not a str"),
    (list[str], ["a", 5], "value[1]", "must be a str, not an int"),
    (list[int], [0] * 2000, "value", "has more than 1000 values"),
    (list[str], ["x" * 1000] * 100, "value", "holds more than 64 KiB of text"),
    (tuple[int, str], (1,), "value", "must be a tuple of 2, not of 1"),
    (tuple[int, str], [1, "a"], "value", "must be a tuple of 2, not a list"),
    (dict[str, int], {"a": "b"}, "value.value[0]", "must be an int, not a str"),
    (dict[str, int], {5: 1}, "value.key[0]", "must be a str, not an int"),
    (dict[str, int], [], "value", "must be a dict, not a list"),
    (dict[Any, Any], {object(): 1}, "value.key[0]", "cannot be recorded: an object has no JSON form"),
    (Any, object(), "value", "cannot be recorded: an object has no JSON form"),
    (Any, {(1, 2): 3}, "value", "has a key of type tuple; keys must be text"),
    (Item, {"sku": "s"}, "value", "must be an Item, not a dict"),
    (Item, Item(5), "value.sku", "must be a str, not an int"),  # type: ignore[arg-type]
    (Item, Item("s", 0), "value.count", "must be at least 1"),
    (list[Item], [Item("s", 0)], "value[0].count", "must be at least 1"),
    (Item | None, Item("s", 0), "value.count", "must be at least 1"),
    (Annotated[int, at.Gt(0)], 0, "value", "must be greater than 0"),
    (Annotated[int | None, at.Gt(0)], 0, "value", "must be greater than 0"),
    (Annotated[int, at.Lt(5)], 5, "value", "must be less than 5"),
    (Annotated[int, at.Le(5)], 6, "value", "must be at most 5"),
    (Annotated[float, at.Lt(math.inf)], math.inf, "value", "must be less than inf"),
    (Annotated[Decimal, at.Gt(0)], Decimal("NaN"), "value", "must be greater than 0"),
    (Annotated[str, at.MinLen(2)], "a", "value", "must not be shorter than 2"),
    (Annotated[list[int], at.MaxLen(2)], [1, 2, 3], "value", "must not be longer than 2"),
    (Annotated[int, at.MultipleOf(5)], 7, "value", "must be a multiple of 5"),
    (Annotated[str, at.Predicate(str.isupper)], "a", "value", "must satisfy str.isupper"),
    (Annotated[int, at.Not(bool)], 1, "value", "must not satisfy bool"),
    (Annotated[dt.datetime, at.Timezone(None)], MOMENT, "value", "must not have a time zone"),
    (Annotated[dt.datetime, at.Timezone(...)], MOMENT.replace(tzinfo=None), "value", "must have a time zone"),
    (Annotated[dt.datetime, at.Timezone("CET")], MOMENT, "value", "must be in time zone CET"),
]


@pytest.mark.parametrize(("annotation", "value", "path", "reason"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_does_not_fit_is_named_without_its_value(
    bench: Bench, annotation: Any, value: Any, path: str, reason: str
) -> None:
    assert refusal(event_of(annotation), value=value) == [(path, reason)]
    assert bench.records == ()


def test_a_structure_deeper_than_eight_is_refused(bench: Bench) -> None:
    deep: Any = "x"
    for _ in range(9):
        deep = [deep]
    cycle: list[Any] = []
    cycle.append(cycle)
    for value in (deep, cycle):
        assert refusal(event_of(Any), value=value) == [("value", "is nested deeper than 8")]


def test_all_failures_of_a_call_are_told_together(bench: Bench) -> None:
    class OrderPlaced(Event):
        order_id: str
        amount: Annotated[Decimal, at.Gt(0)]
        currency: Literal["EUR", "USD"]

    with pytest.raises(InvalidEvent) as caught:
        OrderPlaced.track("positional", amount="nine", currency="XXX", amuont=5)  # type: ignore[call-arg,misc,arg-type]
    assert str(caught.value) == (
        "event 'order.placed' is not valid: *: OrderPlaced.track takes fields by keyword only, got 1 without; "
        "order_id: is missing; amount: must be a Decimal, not a str; currency: must be one of 'EUR', 'USD'; "
        "amuont: is no field of OrderPlaced, did you mean 'amount'?\n"
        f"  where: {__name__}.test_all_failures_of_a_call_are_told_together.<locals>.OrderPlaced\n"
        "  fix:   pass the fields as they are declared, by keyword"
    )


class Hostile:
    @property
    def __class__(self) -> type:  # type: ignore[override]
        raise RuntimeError("secret")

    def __repr__(self) -> str:
        raise RuntimeError("secret")

    __eq__ = __hash__ = __str__ = __repr__  # type: ignore[assignment]


@pytest.mark.parametrize("annotation", [str, Literal["a"], Any, list[str], Item, str | int, Color, Decimal])
def test_a_value_whose_methods_raise_loses_only_its_record(reporting: Bench, annotation: Any) -> None:
    assert event_of(annotation).track(value=Hostile()) is Outcome.INVALID
    assert reporting.runtime.ledger.check().invalid == 1


def test_validators_of_attrs_are_checked(bench: Bench) -> None:
    def is_even(instance: object, attribute: attrs.Attribute[int], value: int) -> None:
        if value % 2:
            raise ValueError(f"{value} is odd")

    class Even(Event):
        value: int = field(validator=is_even)
        word: str = field(default="a", validator=attrs.validators.matches_re("[a-z]+"))

    assert Even.track(value=2)
    problems = refusal(Even, value=3, word="UPPER")
    assert problems[0][1].endswith("is_even")
    assert problems[1] == ("word", "must satisfy matches_re validator for pattern re.compile('[a-z]+')")


def test_defaults_of_every_kind_fill_in(bench: Bench) -> None:
    class Defaulted(Event):
        amount: Decimal = Decimal("1.5")
        color: Color = Color.RED
        tags: list[str] = field(factory=lambda: ["a"])
        key: UUID = field(factory=lambda: UUID(int=1))
        note: str | None = None

    assert Defaulted.track() is Outcome.ACCEPTED
    assert bench.payload == {
        "amount": Decimal("1.5"),
        "color": "red",
        "tags": ["a"],
        "key": UUID(int=1),
        "note": None,
    }


def test_what_is_recorded_is_a_snapshot(bench: Bench) -> None:
    tags = ["a"]
    nested = {"list": [1]}
    item = Item("s")

    class Happened(Event):
        tags: list[str]
        nested: dict[str, Any]
        item: Item

    Happened.track(tags=tags, nested=nested, item=item)
    tags.append("b")
    nested["list"].append(2)
    item.sku = "changed"
    assert bench.payload == {
        "tags": ["a"],
        "nested": {"list": [1]},
        "item": {"sku": "s", "count": 1, "tag": ""},
    }


def test_a_type_that_cannot_be_recorded_is_told_at_start(bench: Bench) -> None:
    class Bad(Event):
        handle: range
        values: set[Unencodable]

    with pytest.raises(ConfigError) as caught:
        bench.runtime.compile(Bad)
    where = f"class {__name__}.test_a_type_that_cannot_be_recorded_is_told_at_start.<locals>.Bad"
    fix = "use text, numbers, times, enums, Literal, attrs classes or dataclasses, and lists or dicts of them"
    assert str(caught.value) == (
        "2 problems stop the start:\n\n"
        f"field 'handle' of Bad cannot be recorded: range\n  where: {where}\n  fix:   {fix}\n\n"
        "field 'values' of Bad cannot be recorded: members of Unencodable have values that are no atoms\n"
        f"  where: {where}\n  fix:   {fix}"
    )


def test_an_annotation_that_means_nothing_is_told_at_start(bench: Bench) -> None:
    event_type = event_of("Nowhere")
    with pytest.raises(ConfigError) as caught:
        bench.runtime.compile(event_type)
    assert str(caught.value) == (
        "the annotation 'Nowhere' of Checked means nothing\n"
        f"  where: class {__name__}.Checked\n"
        f"  fix:   import Nowhere in {__name__}, also under TYPE_CHECKING, or define it there"
    )


class Anything(OpenEvent):
    known: int


def test_an_open_event_takes_any_keyword(bench: Bench) -> None:
    assert Anything.track(known=1, other={"a": {1}}, thing=object(), clé="é") is Outcome.ACCEPTED
    assert bench.payload == {"known": 1, "other": {"a": [1]}, "thing": "<object>", "clé": "é"}
    assert refusal(Anything, known="x", deep=[[[[[[[[[1]]]]]]]]]) == [("known", "must be an int, not a str")]
    assert refusal(Anything, known=1, deep=[[[[[[[[[1]]]]]]]]]) == [("deep", "is nested deeper than 8")]


def test_small_further_keywords_are_kept_and_large_ones_are_weighed(bench: Bench) -> None:
    more: dict[str, object] = {"text": "x" * 600, "raw": b"y" * 600, "number": 1.5, "nothing": None}
    assert Anything.track(known=1, **more) is Outcome.ACCEPTED
    more["late"] = "added by the caller afterwards"
    assert set(bench.payload) == {"known", "text", "raw", "number", "nothing"}
    assert Anything.track(known=1, **{f"key_{n}": "x" * 600 for n in range(100)}) is Outcome.ACCEPTED
    assert Anything.track(known=1, one="x" * 65_000) is Outcome.ACCEPTED
    assert refusal(Anything, known=1, one="x" * 66_000) == [("one", "holds more than 64 KiB of text")]
    assert refusal(Anything, known=1, **{f"key_{n}": n for n in range(1_001)}) == [
        ("key_1000", "has more than 1000 values")
    ]


def test_never_validated_types_keep_what_comes(bench: Bench) -> None:
    class Loose(Event, validation="never"):
        number: int
        key: UUID
        color: Color = Color.RED

    assert Loose.track(number="five", key=object(), unknown=1) is Outcome.ACCEPTED  # type: ignore[call-arg,arg-type]
    assert bench.payload == {"number": "five", "key": "<object>", "color": "red"}
    assert Loose.track("positional") is Outcome.ACCEPTED  # type: ignore[call-arg,misc]
    assert bench.payload == {"color": "red"}


def test_sampled_validation_checks_a_share(bench: Bench) -> None:
    never, always = event_of(int, validation=0.0), event_of(int, validation=1.0)
    assert never.track(value="x") is Outcome.ACCEPTED
    assert refusal(always, value="x") == [("value", "must be an int, not a str")]
    assert always.track(value=1) is Outcome.ACCEPTED


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters(codec=None)),
        st.binary(),
        st.decimals(),
        st.datetimes(),
        st.uuids(),
        st.builds(lambda: 10**5000),
        st.builds(object),
        st.builds(Hostile),
    ),
    lambda inner: st.one_of(
        st.lists(inner), st.dictionaries(st.one_of(st.text(), st.integers(), st.none()), inner), st.tuples(inner, inner)
    ),
    max_leaves=20,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(value=json_values)
def test_any_value_loses_at_most_its_own_record(reporting: Bench, value: Any) -> None:
    before = reporting.runtime.ledger.check()
    arrived = len(reporting.memory.records)
    outcomes = [Anything.track(known=1, value=value), Anything.track(known=2)]
    after = len(reporting.records)
    assert outcomes[1] is Outcome.ACCEPTED
    assert after - arrived == sum(map(bool, outcomes))
    assert reporting.runtime.ledger.check().invalid - before.invalid == outcomes.count(Outcome.INVALID)


class Login(NamedTuple):
    user: str
    password: str


class Logged(OpenEvent):
    steps: list[str] = ["begun"]  # noqa: RUF012 - what is tested


def test_a_named_tuple_keeps_its_names(bench: Bench) -> None:
    Logged.track(login=Login("u", "hunter2"))
    assert bench.payload["login"] == {"user": "u", "password": "hunter2"}


def test_a_default_is_copied_for_each_call(make_bench: MakeBench) -> None:
    class Spoiler:
        name = "spoiler"

        @hookimpl
        def e11y_observe(self, schema: Schema) -> Observe:
            return Observe(lambda steps: steps.append("spoilt"), needs=("steps",))

    bench = make_bench(plugins=[Spoiler()])
    Logged.track()
    Logged.track()
    assert [record.payload["steps"] for record in bench.records] == [["begun", "spoilt"]] * 2


class Strict(Event):
    order_id: str


def test_names_that_nobody_wrote_into_code_are_not_told(bench: Bench) -> None:
    with pytest.raises(InvalidEvent) as caught:
        Strict.track(order_id="1", **{"eve@example.org": 1, "ordr_id": 2, "x" * 65: 3})
    assert caught.value.problems == (
        ("keyword 1", "is no field of Strict"),
        ("ordr_id", "is no field of Strict, did you mean 'order_id'?"),
        ("keyword 3", "is no field of Strict"),
    )
