"""What an application sees: events are counted once, under every declared metric, whatever is dropped."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import e11y
from e11y import Drop, Event, Filter, Outcome, Sample, Schema, Severity, hookimpl
from e11y.trace import extract
from e11y_metrics import counter, gauge, histogram, tag

from .conftest import Bench, Run


@counter("orders_paid_total", tags=["currency", "payment_method"], help="Orders that were paid.")
@counter("revenue_total", value="amount", tags=["currency"])
@histogram("orders_paid_amount", value="amount", tags=["currency"], buckets=(50, 100, 500))
class MetricsOrderPaid(Event):
    currency: str
    payment_method: str
    amount: Decimal


def test_one_call_counts_observes_and_adds(bench: Bench) -> None:
    for amount in ("99.5", "0.5"):
        MetricsOrderPaid.track(currency="USD", payment_method="stripe", amount=Decimal(amount))
    assert bench.named("orders_paid", "revenue") == {
        'orders_paid_total{currency="USD",payment_method="stripe"}': 2,
        'revenue_total{currency="USD"}': 100,
        'orders_paid_amount_bucket{currency="USD",le="50.0"}': 1,
        'orders_paid_amount_bucket{currency="USD",le="100.0"}': 2,
        'orders_paid_amount_bucket{currency="USD",le="500.0"}': 2,
        'orders_paid_amount_bucket{currency="USD",le="+Inf"}': 2,
        'orders_paid_amount_count{currency="USD"}': 2,
        'orders_paid_amount_sum{currency="USD"}': 100,
    }
    assert "# HELP orders_paid Orders that were paid.\n# TYPE orders_paid counter\n" in bench.text


@counter("base_seen_total", tags=["color"])
class MetricsBase(Event):
    color: str


@counter("child_seen_total")
class MetricsChild(MetricsBase):
    pass


@counter("base_seen_total", value="weight", tags=["color"])
class MetricsHeavyChild(MetricsChild):
    weight: int


class MetricsMixin(MetricsChild, MetricsBase):
    pass


def test_metrics_are_inherited_and_count_once(bench: Bench) -> None:
    MetricsBase.track(color="red")
    MetricsChild.track(color="red")
    MetricsMixin.track(color="red")
    assert bench.named("base_seen", "child_seen") == {'base_seen_total{color="red"}': 3, "child_seen_total": 2}


def test_a_child_replaces_a_metric_of_the_same_name(bench: Bench) -> None:
    MetricsHeavyChild.track(color="red", weight=40)
    assert bench.named("base_seen", "child_seen") == {'base_seen_total{color="red"}': 40, "child_seen_total": 1}


class Mode(Enum):
    FAST = "fast"


@counter("kinds_seen_total", tags=["flag", "mode", "kind", "number", "severity", "event_name", "version", "note"])
class MetricsKindSeen(Event):
    flag: bool
    mode: Mode
    kind: Literal["a", 7]
    number: int
    note: str | None = None


def test_labels_of_every_kind_are_written_as_text(bench: Bench) -> None:
    MetricsKindSeen.track(flag=False, mode=Mode.FAST, kind=7, number=3)
    MetricsKindSeen.at(severity="warn").track(flag=True, mode=Mode.FAST, kind="a", number=3, note="")
    assert bench.named("kinds") == {
        'kinds_seen_total{event_name="metrics.kind.seen",flag="False",kind="7",mode="fast",note="[DROPPED]",'
        'number="3",severity="info",version="1"}': 1,
        'kinds_seen_total{event_name="metrics.kind.seen",flag="True",kind="a",mode="fast",note="",'
        'number="3",severity="warn",version="1"}': 1,
    }


@counter("mixed_seen_total", tags=["value"])
class MetricsMixedSeen(Event):
    value: bool | int | str


def test_equal_values_of_other_types_are_other_labels(bench: Bench) -> None:
    for value in (True, 1, "1", False, 0):
        MetricsMixedSeen.track(value=value)
    assert bench.named("mixed") == {
        'mixed_seen_total{value="True"}': 1,
        'mixed_seen_total{value="1"}': 2,
        'mixed_seen_total{value="False"}': 1,
        'mixed_seen_total{value="0"}': 1,
    }


@counter("tenants_seen_total", tags=[tag("context.tenant"), tag("context.plan", label="tariff")])
class MetricsTenantSeen(Event):
    pass


def test_labels_come_from_the_context(bench: Bench) -> None:
    with e11y.context(tenant="acme", plan="gold"):
        MetricsTenantSeen.track()
    MetricsTenantSeen.track()
    assert bench.named("tenants") == {
        'tenants_seen_total{tariff="gold",tenant="acme"}': 1,
        'tenants_seen_total{tariff="[DROPPED]",tenant="[DROPPED]"}': 1,
    }


@histogram("took_seconds", value=lambda duration_ms: duration_ms / 1000, buckets=(1, 2))
@histogram("waited_seconds", value="waited", buckets=(1, 2))
@gauge("waiting_jobs", value="waiting", tags=["queue"])
class MetricsJobDone(Event):
    duration_ms: int
    waited: timedelta
    waiting: float
    queue: str = "main"


def test_durations_are_seconds_and_a_gauge_shows_the_last_value(bench: Bench) -> None:
    MetricsJobDone.track(duration_ms=1500, waited=timedelta(milliseconds=250), waiting=7)
    MetricsJobDone.track(duration_ms=2500, waited=timedelta(seconds=9), waiting=-math.inf)
    found = bench.named("took", "waited", "waiting")
    assert (found["took_seconds_sum"], found["waited_seconds_sum"]) == (4, 9.25)
    assert [found[f'took_seconds_bucket{{le="{le}"}}'] for le in ("1.0", "2.0", "+Inf")] == [0, 1, 2]
    assert found['waiting_jobs{queue="main"}'] == -math.inf


@histogram("degrees", value="degrees", buckets=(-10, 0, 10))
class MetricsMeasured(Event):
    degrees: int


def test_a_histogram_with_negative_bounds_has_no_sum(bench: Bench) -> None:
    for degrees in (-20, -5, 5):
        MetricsMeasured.track(degrees=degrees)
    assert bench.named("degrees") == {
        f'degrees_bucket{{le="{le}"}}': n for le, n in (("-10.0", 1), ("0.0", 2), ("10.0", 3), ("+Inf", 3))
    }


@counter("odd_seen_total")
@counter("odd_added_total", value="number")
@histogram("odd_divided", value=lambda number: 1 / number)
class MetricsOddSeen(Event):
    number: float | None


@pytest.mark.parametrize(
    ("number", "added", "divided"),
    [(0.0, True, False), (None, False, False), (-2.0, False, False), (math.inf, False, True), (math.nan, False, False)],
)
def test_a_value_that_is_no_number_is_left_out_and_told(
    bench: Bench, number: float | None, added: bool, divided: bool
) -> None:
    MetricsOddSeen.track(number=number)
    found = bench.named("odd")
    assert found["odd_seen_total"] == 1
    assert found["odd_divided_count"] == divided
    skipped = (not added) + (not divided)
    assert bench.counts == {"metrics.values_skipped": skipped}


def test_a_swallowed_error_is_logged_without_its_value(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    MetricsOddSeen.track(number=-2.0)
    MetricsOddSeen.track(number=0.0)
    assert bench.named("odd_added") == {"odd_added_total": 0}
    bench.advance(60)
    assert [record.message for record in caplog.records] == [
        "metrics: adding to odd_added_total failed: NotANumber (1 times)",
        "metrics: adding to odd_divided failed: NotANumber (1 times)",
        "metrics: adding to odd_divided failed: ZeroDivisionError (1 times)",
    ]


@counter("huge_total", value="number")
@gauge("hugest", value="number")
class MetricsHuge(Event):
    number: int


def test_numbers_that_no_float_can_hold_do_not_break_the_scrape(bench: Bench) -> None:
    for number in (2**53 + 1, 10**400, 10**308, 10**308, 10**308):
        MetricsHuge.track(number=number)
    assert bench.text.count("\nhuge_total ") == 1
    assert bench.named("hugest")["hugest"] == 1e308
    assert bench.counts == {"metrics.values_skipped": 2}


class Gate:
    """Drops all but every hundredth event."""

    def __init__(self) -> None:
        self.seen = 0
        self.drop = Drop("kept one of a hundred")

    @hookimpl
    def e11y_sample(self, schema: Schema) -> Sample:
        return Sample(self.judge, needs=())

    def judge(self) -> float | Drop:
        self.seen += 1
        return 100.0 if self.seen % 100 == 0 else self.drop


@counter("gated_total")
class MetricsGated(Event):
    amount: int


def test_events_are_counted_before_anything_is_dropped(run: Run) -> None:
    bench = run(plugins=[Gate()])
    outcomes = [MetricsGated.track(amount=1) for _ in range(1_000)]
    assert outcomes.count(Outcome.ACCEPTED) == 10
    assert bench.named("gated") == {"gated_total": 1_000}


@counter("debugged_total")
class MetricsDebugged(Event, severity="debug"):
    pass


class MetricsFailed(Event):
    pass


@pytest.mark.parametrize("fails", [True, False])
def test_a_debug_event_is_counted_when_it_happens_and_never_again(bench: Bench, *, fails: bool) -> None:
    with e11y.scope("work"):
        assert MetricsDebugged.track() is Outcome.BUFFERED
        assert bench.named("debugged") == {"debugged_total": 1}
        if fails:
            MetricsFailed.track()
    bench.runtime.flush(5)
    assert bench.named("debugged") == {"debugged_total": 1}
    assert len(bench.memory.records) == (2 if fails else 0)


def test_refused_events_are_not_counted(run: Run) -> None:
    bench = run(top={"on_invalid": "report"})
    assert MetricsGated.track(amount="x") is Outcome.INVALID  # type: ignore[arg-type]
    assert bench.named("gated") == {"gated_total": 0}


@counter("masked_total", tags=[tag("email", allow=True)])
class MetricsMasked(Event):
    email: str


class Mask:
    """Filters the field at the call."""

    @hookimpl
    def e11y_filter(self, schema: Schema) -> Filter:
        return Filter({"email": lambda value: "hashed_" + str(len(value))})


def test_labels_hold_what_the_filters_left(run: Run) -> None:
    bench = run(plugins=[Mask()], top={"trusted": ["mask"]})
    MetricsMasked.track(email="ann@example.org")
    assert bench.named("masked") == {'masked_total{email="hashed_15"}': 1}


@counter("traced_total")
@histogram("traced_size", value="size", buckets=(10,))
class MetricsTraced(Event):
    size: int


def exemplars(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("traced") and " # " in line]


def test_exemplars_name_the_trace(bench: Bench) -> None:
    with e11y.scope("one"):
        trace = e11y.current_context()["trace_id"]
        MetricsTraced.track(size=5)
    assert exemplars(bench.text) == [
        f'traced_total 1.0 # {{trace_id="{trace}"}} 1.0',
        f'traced_size_bucket{{le="10.0"}} 1.0 # {{trace_id="{trace}"}} 5.0',
    ]


def test_there_are_no_exemplars_without_a_trace_that_is_kept(bench: Bench) -> None:
    MetricsTraced.track(size=5)
    unsampled = extract({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"})
    with e11y.scope("one", trace=unsampled):
        MetricsTraced.track(size=5)
    assert bench.named("traced_total") == {"traced_total": 2}
    assert exemplars(bench.text) == []


def test_exemplars_can_be_left_out(run: Run) -> None:
    bench = run(exemplars=False)
    with e11y.scope("one"):
        MetricsTraced.track(size=5)
    assert exemplars(bench.text) == []


@counter("texts_seen_total", tags=["text"])
class MetricsTextSeen(Event):
    text: str


@settings(deadline=None, max_examples=50)  # each example starts a runtime
@given(texts=st.lists(st.text(max_size=200) | st.text(st.characters(codec=None), max_size=5), max_size=20))
def test_any_text_can_be_scraped(texts: list[str]) -> None:
    with Bench.running({"plugins": ["metrics"]}) as bench:
        for text in texts:
            MetricsTextSeen.track(text=text)
        assert sum(bench.named("texts").values()) == len(texts)


def test_every_severity_is_text(bench: Bench) -> None:
    for severity in Severity:
        MetricsKindSeen.at(severity=severity).track(flag=True, mode=Mode.FAST, kind="a", number=1)
    found = {name.partition('severity="')[2].partition('"')[0] for name in bench.named("kinds")}
    assert found == {str(severity) for severity in Severity}
