"""Value rules: what holds, what never does, what is refused at start."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y import ConfigError, Event, Filter, hookimpl
from e11y_sampling import Sampling, sample, sample_when

Run = Callable[..., Any]


class Plan(enum.Enum):
    FREE = "free"
    GOLD = "gold"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 9


@sample_when("amount", over=1000)
@sample_when("currency", equals="CHF")
@sample(rate=0.0)
class RulePaid(Event):
    amount: Decimal
    currency: Literal["EUR", "CHF"] = "EUR"


@sample_when("plan", one_of=(Plan.GOLD,))
@sample_when("seen_at", at_least=datetime(2026, 1, 1, tzinfo=UTC))
@sample_when("took", under=timedelta(seconds=0))
@sample_when("level", over=5)
@sample_when("flag", equals=True)
@sample_when("address.country.code", equals="LI")
@sample_when("score", at_least=10, at_most=20)
@sample(rate=0.0)
class RuleMany(Event):
    plan: Plan | None = None
    seen_at: datetime | None = None
    took: timedelta | None = None
    level: Level | None = None
    flag: bool | int | None = None
    address: dict[str, Any] | None = None
    score: float | None = None


def kept(bench: Any, event_type: type[Event], **fields: Any) -> bool:
    return bool(event_type.track(**fields))


@pytest.mark.parametrize("by_trace", [True, False])
@pytest.mark.parametrize(
    ("amount", "holds"),
    [
        (2000, True),
        (Decimal("1000.01"), True),
        (1000, False),
        (50.0, False),
        (float("inf"), True),
        (Decimal("-1e9"), False),
    ],
)
def test_a_rule_wins_over_never(run: Run, amount: Any, holds: bool, by_trace: bool) -> None:
    bench = run(trace_consistent=by_trace)
    assert kept(bench, RulePaid, amount=amount) is holds
    assert bench.rates == [1.0] * holds


def test_rules_are_alternatives(run: Run) -> None:
    bench = run()
    assert kept(bench, RulePaid, amount=1, currency="CHF")
    assert not kept(bench, RulePaid, amount=1, currency="EUR")


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ({}, False),
        ({"plan": Plan.GOLD}, True),
        ({"plan": Plan.FREE}, False),
        ({"seen_at": datetime(2026, 1, 1, tzinfo=UTC)}, True),
        ({"seen_at": datetime(2025, 12, 31, tzinfo=UTC)}, False),
        ({"seen_at": datetime(2026, 1, 2)}, False),  # without a zone: it compares with nothing that has one
        ({"took": timedelta(seconds=-1)}, True),
        ({"took": timedelta(0)}, False),
        ({"level": Level.HIGH}, True),
        ({"level": Level.LOW}, False),
        ({"flag": True}, True),
        ({"flag": 1}, False),
        ({"flag": False}, False),
        ({"address": {"country": {"code": "LI"}}}, True),
        ({"address": {"country": {}}}, False),
        ({"address": {"country": "LI"}}, False),
        ({"address": {}}, False),
        ({"score": 10.0}, True),
        ({"score": 20}, True),
        ({"score": 20.5}, False),
        ({"score": 9}, False),
    ],
)
def test_values_are_compared_as_they_are(run: Run, fields: dict[str, Any], holds: bool) -> None:
    assert kept(run(), RuleMany, **fields) is holds


@sample_when("n", over=10, rate=0.0)
@sample_when("n", over=5, rate=0.5)
class RuleOrdered(Event):
    n: int


def test_the_first_rule_from_the_top_decides(run: Run) -> None:
    bench = run()
    for _ in range(400):
        RuleOrdered.track(n=11)
        RuleOrdered.track(n=6)
        RuleOrdered.track(n=1)
    shares = {n: sum(record.payload["n"] == n for record in bench.records) for n in (11, 6, 1)}
    assert (shares[11], shares[1]) == (0, 400)
    assert 150 < shares[6] < 250
    assert {record.metadata["sample_rate"] for record in bench.records if record.payload["n"] == 6} == {0.5}


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(),
    st.datetimes(),
    st.timedeltas(),
    st.binary(),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.integers()),
    st.just(object()),
)


def is_nan(value: Any) -> bool:
    return value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and math.isnan(value)


@given(value=anything, name=st.sampled_from(["over", "at_least", "under", "at_most"]), limit=st.integers(-5, 5))
def test_only_numbers_compare_with_numbers(value: Any, name: Any, limit: int) -> None:
    rule = _rule("n", **{name: limit})
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and not is_nan(value)
    expected = (
        is_number
        and {
            "over": lambda: value > limit,
            "at_least": lambda: value >= limit,
            "under": lambda: value < limit,
            "at_most": lambda: value <= limit,
        }[name]()
    )
    assert rule.test()(value) is expected


@given(value=anything, one=st.one_of(st.booleans(), st.integers(0, 2), st.text(max_size=2)))
def test_equality_coerces_nothing(value: Any, one: Any) -> None:
    same = value is not None and isinstance(value, bool) is isinstance(one, bool) and not is_nan(value) and value == one
    assert _rule("n", equals=one).test()(value) is same


@given(value=anything)
def test_looking_into_a_value_never_fails(value: Any) -> None:
    assert _rule("n.a.b", over=1).test()(value) is False


def _rule(path: str, **comparisons: Any) -> Any:
    @sample_when(path, **comparisons)
    class RuleProbe:
        pass

    return RuleProbe.__e11y_options__[Sampling].rules[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("comparisons", "says", "fix"),
    [
        ({}, "a value rule compares nothing", "add over=, under=, equals=, ..."),
        ({"equals": None}, "a value rule compares nothing", "add over=, under=, equals=, ..."),
        (
            {"over": "9"},
            "over must be a number, a date, a time or a duration",
            "compare texts and truth values with equals= or one_of=",
        ),
        (
            {"at_most": True},
            "at_most must be a number, a date, a time or a duration",
            "compare texts and truth values with equals= or one_of=",
        ),
        (
            {"under": float("nan")},
            "under must be a number, a date, a time or a duration",
            "compare texts and truth values with equals= or one_of=",
        ),
        (
            {"under": Decimal("sNaN")},
            "under must be a number, a date, a time or a duration",
            "compare texts and truth values with equals= or one_of=",
        ),
        ({"over": 1, "rate": 2}, "rate must be a number from 0 to 1", "write rate=1.0 to keep all of them"),
        ({"one_of": "gold"}, "one_of must be a tuple", 'write one_of=("gold", "platinum")'),
    ],
)
def test_a_rule_that_means_nothing_is_refused(comparisons: dict[str, Any], says: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sample_when("amount", **comparisons)
    assert str(caught.value) == f"{says}\n  where: @sample_when('amount', ...)\n  fix:   {fix}"


class MaskPlugin:
    """Stands for e11y-pii: masks the field ``email``."""

    name = "mask"

    @hookimpl
    def e11y_filter(self, schema: Any) -> Filter | None:
        return Filter({"email": lambda value: "[FILTERED]"}) if "email" in schema.fields else None


def test_a_rule_on_a_filtered_field_is_refused(run: Run) -> None:
    @sample_when("email", equals="root@example.com")
    class RuleMasked(Event):
        email: str

    run(plugins=[MaskPlugin()], top={"trusted": ["mask"]})
    with pytest.raises(ConfigError) as caught:
        RuleMasked.track(email="a@example.com")
    assert str(caught.value) == (
        "@sample_when('email', ...) reads field 'email', which a filter of the security zone changes before it is read\n"
        f"  where: class {__name__}.test_a_rule_on_a_filtered_field_is_refused.<locals>.RuleMasked\n"
        "  fix:   allow 'email' there, compare another field, or give the rule a field of its own"
    )


def test_a_rule_on_a_field_that_is_not_there_is_refused(run: Run) -> None:
    @sample_when("amuont", over=5)
    class RuleMisspelt(Event):
        amount: int

    run()
    with pytest.raises(ConfigError) as caught:
        RuleMisspelt.track(amount=1)
    assert str(caught.value) == (
        "@sample_when('amuont', ...) reads field 'amuont', which RuleMisspelt does not have, did you mean 'amount'?\n"
        f"  where: class {__name__}.test_a_rule_on_a_field_that_is_not_there_is_refused.<locals>.RuleMisspelt\n"
        "  fix:   name one of the declared fields"
    )


@pytest.mark.parametrize(
    ("annotation", "comparisons"),
    [
        (str, {"over": 3}),
        (str | None, {"over": 3}),
        (bool, {"over": 0}),
        (bool, {"equals": 1}),
        (int, {"equals": "1"}),
        (int, {"equals": True}),
        (Literal["a", "b"], {"at_least": 1}),
        (datetime, {"over": timedelta(1)}),
        (Decimal, {"over": datetime(2026, 1, 1)}),
        (Plan, {"equals": "gold"}),
    ],
)
def test_a_rule_that_can_never_hold_is_refused(run: Run, annotation: Any, comparisons: dict[str, Any]) -> None:
    event_type = type(Event)("RuleVain", (Event,), {"__module__": __name__, "__annotations__": {"field": annotation}})
    sample_when("field", **comparisons)(event_type)
    run()
    with pytest.raises(ConfigError) as caught:
        event_type.track(field=None)
    assert str(caught.value) == (
        "@sample_when('field', ...) can never hold: no value of that field compares with what the rule names\n"
        f"  where: class {__name__}.RuleVain\n"
        "  fix:   compare with a value of the field's own type"
    )


@attrs.frozen
class Address:
    country: str


@sample_when("address.country", equals="LI")
@sample(rate=0.0)
class RuleNested(Event):
    address: Address


def test_a_rule_looks_into_objects(run: Run) -> None:
    bench = run()
    assert kept(bench, RuleNested, address=Address("LI"))
    assert not kept(bench, RuleNested, address=Address("CH"))


def test_a_rule_shows_no_value_of_an_event(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    bench = run()
    RulePaid.track(amount=Decimal("1234.5678"), currency="EUR")
    shown = bench.source(RulePaid) + repr(bench.runtime.ledger.snapshot()) + caplog.text
    assert "1234.5678" not in shown
