"""Events count toward their objective once, before anything is dropped, by what they say themselves."""

from __future__ import annotations

import gc
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest

import e11y
from e11y import Drop, Event, OpenEvent, Outcome, Sample, Schema, hookimpl
from e11y_slo import slo

from .conftest import Bench, Run

EVENTS = "slo_event_result_total"
OUTCOMES = {"completed": "success", "failed": "failure"}


@slo(contributes_to="payment_success", status_from=lambda state: OUTCOMES.get(state))
class ResultsPaid(Event, name="payment.processed"):
    state: str
    slo_status: str | None = None


@slo(
    contributes_to="report_success",
    status_from=lambda ok: "success" if ok else "failure",
    latency_field="took",
    group_by="kind",
)
class ResultsReported(Event, severity="debug"):
    ok: bool
    took: float | None = None
    kind: Literal["pdf", "csv"] | None = None


class State(Enum):
    DONE = "success"
    BROKEN = "failure"


@slo(contributes_to="enum_success", latency_field="took")
class ResultsEnum(Event):
    slo_status: State
    took: timedelta = timedelta(0)


@slo(contributes_to="open_success", status_from=lambda state: OUTCOMES.get(state))
class ResultsOpen(OpenEvent):
    state: str = ""


@slo(contributes_to="odd_success", status_from=lambda value: value)
class ResultsOdd(OpenEvent):
    value: Any = None


class ResultsPaidV2(ResultsPaid, name="payment.again"):
    pass


@slo(False)
class ResultsOptedOut(ResultsPaid, name="payment.ignored"):
    pass


def test_success_failure_and_what_does_not_count(bench: Bench) -> None:
    for state in ("completed", "failed", "pending", "completed"):
        assert ResultsPaid.track(state=state) is Outcome.ACCEPTED
    assert bench.series(EVENTS) == {
        "payment.processed  payment_success success": 2,
        "payment.processed  payment_success failure": 1,
    }


def test_an_event_that_does_not_count_makes_no_series(bench: Bench) -> None:
    ResultsPaid.track(state="pending")
    assert bench.series(EVENTS) == {}


def test_the_events_own_status_wins(bench: Bench) -> None:
    ResultsPaid.track(state="completed", slo_status="failure")
    ResultsPaid.track(state="pending", slo_status="success")
    assert bench.series(EVENTS) == {
        "payment.processed  payment_success success": 1,
        "payment.processed  payment_success failure": 1,
    }


def test_an_open_event_takes_the_status_as_a_keyword(bench: Bench) -> None:
    ResultsOpen.track(state="completed")
    ResultsOpen.track(state="completed", slo_status="failure", further=1)
    ResultsOpen.track(state="pending")
    assert bench.series(EVENTS) == {
        "results.open  open_success success": 1,
        "results.open  open_success failure": 1,
    }
    bench.runtime.flush(5)
    assert bench.memory.records[1].payload["slo_status"] == "failure"


def test_a_field_alone_can_tell_the_status(bench: Bench) -> None:
    ResultsEnum.track(slo_status=State.DONE, took=timedelta(seconds=1.5))
    ResultsEnum.track(slo_status=State.BROKEN)
    assert bench.series(EVENTS) == {"results.enum  enum_success success": 1, "results.enum  enum_success failure": 1}
    assert bench.series("slo_event_duration_seconds_sum") == {"results.enum  enum_success": 1.5}


@pytest.mark.parametrize(
    "value",
    ["ok", "SUCCESS", True, 1, ["success"], {"a": 1}, Decimal(1), "secret-4711"],
    ids=lambda one: type(one).__name__,
)
def test_what_is_no_status_is_told_and_not_counted(bench: Bench, value: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert ResultsOdd.track(value=value) is Outcome.ACCEPTED
    assert bench.series(EVENTS) == {}
    assert bench.counts == {"slo.statuses_refused": 1}
    bench.advance(60)
    assert [record.getMessage() for record in caplog.records] == [
        "slo: the slo_status of results.odd failed: BadStatus (1 times)"
    ]
    assert len(bench.memory.records) == 1


def test_a_function_that_raises_costs_nothing_but_the_count(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    @slo(contributes_to="raising", status_from=lambda state: OUTCOMES[state])
    class ResultsRaising(Event):
        state: str

    assert ResultsRaising.track(state="secret-4711") is Outcome.ACCEPTED
    ResultsRaising.track(state="failed")
    assert bench.series(EVENTS) == {"results.raising  raising success": 0, "results.raising  raising failure": 1}
    bench.advance(60)
    assert [record.getMessage() for record in caplog.records] == [
        "slo: the slo_status of results.raising failed: KeyError (1 times)"
    ]
    assert len(bench.memory.records) == 2


def test_durations_are_told_in_milliseconds_and_shown_in_seconds(bench: Bench) -> None:
    ResultsReported.track(ok=True, took=450.0, kind="pdf")
    ResultsReported.track(ok=False, took=450.0, kind="pdf")
    ResultsReported.track(ok=True)
    found = bench.series("slo_event_duration_seconds_bucket")
    assert (found["results.reported pdf 0.1 report_success"], found["results.reported pdf 0.5 report_success"]) == (
        0,
        2,
    )
    assert bench.series("slo_event_duration_seconds_count") == {"results.reported pdf report_success": 2}
    assert bench.series(EVENTS) == {
        "results.reported pdf report_success success": 1,
        "results.reported pdf report_success failure": 1,
        "results.reported  report_success success": 1,
        "results.reported  report_success failure": 0,
    }


@pytest.mark.parametrize("took", [-1.0, float("nan"), float("inf")])
def test_what_is_no_duration_is_told_and_left_out(bench: Bench, took: float) -> None:
    ResultsReported.track(ok=True, took=took)
    assert bench.series("slo_event_duration_seconds_count") == {}
    assert bench.series(EVENTS)["results.reported  report_success success"] == 1
    assert bench.counts == {"slo.durations_skipped": 1}


def test_debug_events_count_once_whatever_becomes_of_their_scope(bench: Bench) -> None:
    for fails in (True, False):
        with e11y.scope("work") as scope:
            for _ in range(10):
                assert ResultsReported.track(ok=True) is Outcome.BUFFERED
            if fails:
                scope.fail()
    assert bench.series(EVENTS)["results.reported  report_success success"] == 20
    bench.runtime.flush(5)
    assert len(bench.memory.records) == 10


class DropAll:
    name = "dropall"

    @hookimpl
    def e11y_sample(self, schema: Schema) -> Sample:
        drop = Drop("test")
        return Sample(lambda: drop, needs=())


def test_what_is_dropped_counts_and_what_is_invalid_does_not(run: Run) -> None:
    bench = run(plugins=[DropAll()], top={"on_invalid": "report"})
    for _ in range(200):
        assert ResultsPaid.track(state="completed") is Outcome.SAMPLED_OUT
    assert ResultsPaid.track(state=1) is Outcome.INVALID  # type: ignore[arg-type]
    assert bench.series(EVENTS)["payment.processed  payment_success success"] == 200


def test_children_count_too_unless_they_opt_out(bench: Bench) -> None:
    ResultsPaidV2.track(state="completed")
    ResultsOptedOut.track(state="completed")
    assert bench.series(EVENTS) == {
        "payment.again  payment_success success": 1,
        "payment.again  payment_success failure": 0,
    }


def test_groups_stay_bounded(run: Run) -> None:
    @slo(contributes_to="grouped", status_from=lambda ok: "success" if ok else "failure", group_by="shop")
    class ResultsGrouped(Event):
        ok: bool
        shop: str

    bench = run(limit=3)
    for number in range(100):
        ResultsGrouped.track(ok=True, shop=f"shop {number}")
    found = bench.series(EVENTS)
    assert found["results.grouped [OTHER] grouped success"] == 97
    assert (len(found), sum(found.values())) == (8, 100)


def test_rows_hold_nothing_alive(bench: Bench) -> None:
    for _ in range(20_000):
        ResultsPaid.track(state="completed")
    assert bench.series(EVENTS)["payment.processed  payment_success success"] == 20_000
    gc.collect()
    assert len(bench.runtime.plugins.plugin("slo").instance.journal) == 0  # type: ignore[union-attr]
