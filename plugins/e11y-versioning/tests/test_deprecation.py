"""Retiring a version: a warning at each start, and a refusal where it was asked for and is due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from e11y import AuditEvent, ConfigError, Event, Outcome, Record, Sample, hookimpl
from e11y.adapter import Capabilities
from e11y_versioning import deprecated, latest

Run = Callable[..., Any]


@deprecated(since="2.4", enforce_after="2026-06-30", message="ask billing", use="BillSentV2")
class BillSent(Event):
    n: int


class BillSentV2(BillSent):
    pass


@deprecated(use=BillSentV2)
class BillSentV3(Event):
    n: int


@deprecated(enforce_after=date(2026, 6, 30))
class BillOpened(Event, severity="debug"):
    n: int


BEFORE, AFTER = "2026-06-30T23:59:59", "2026-07-01T00:00:00"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


TEXT = (
    f"version 1 of 'bill.sent' ({__name__}.BillSent) is still known: "
    "deprecated since 2.4; wanted until 2026-06-30; use BillSentV2; ask billing"
)


def test_each_start_warns_once(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    bench = run(known=[BillSent, BillSentV2, BillSentV3])
    assert warnings(caplog) == [
        TEXT,
        f"version 3 of 'bill.sent' ({__name__}.BillSentV3) is still known: deprecated; use BillSentV2",
    ]
    assert [BillSent.track(n=n) for n in range(5)] == [Outcome.ACCEPTED] * 5
    BillSent.at(severity="error").track(n=5)
    assert len(bench.records) == 6
    assert len(warnings(caplog)) == 2


def test_a_type_that_appears_later_is_warned_of_then(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    run()
    assert warnings(caplog) == []
    for n in range(3):
        BillSent.track(n=n)
    assert warnings(caplog) == [TEXT]


def test_a_warning_needs_no_step(run: Run) -> None:
    assert run(day=AFTER).source(BillSent) == run(names=()).source(BillSent)
    assert run(day=BEFORE, on_deprecated="refuse").source(BillSent) == run(names=()).source(BillSent)
    refusing = run(day=AFTER, on_deprecated="refuse")
    assert "samplers" in refusing.source(BillSent)
    for current in (BillSentV2, BillSentV3):
        assert refusing.source(current) == run(names=()).source(current)


@pytest.mark.parametrize(
    ("day", "mode", "refused"),
    [(BEFORE, "warn", False), (AFTER, "warn", False), (BEFORE, "refuse", False), (AFTER, "refuse", True)],
)
def test_it_is_refused_only_where_asked_for_and_due(run: Run, day: str, mode: str, refused: bool) -> None:
    bench = run(day=day, on_deprecated=mode)
    outcomes = [BillSent.track(n=1), BillSentV2.track(n=1), BillSentV3.track(n=1)]
    first = Outcome.SAMPLED_OUT if refused else Outcome.ACCEPTED
    assert outcomes == [first, Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert len(bench.records) == 3 - refused
    assert dict(bench.runtime.ledger.snapshot().dropped) == ({"deprecated": 1} if refused else {})


def test_a_refused_type_is_told_apart_at_the_start(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    run(day=AFTER, on_deprecated="refuse", known=[BillSent])
    assert warnings(caplog) == [TEXT.replace("is still known", "is refused")]


class KeepPlugin:
    """Stands for e11y-dlq."""

    name = "keep"

    def __init__(self) -> None:
        self.kept: list[tuple[Record, str, str]] = []

    @hookimpl
    def e11y_dead_letter(self, record: Record, adapter: str, reason: str) -> bool:
        self.kept.append((record, adapter, reason))
        return True


def test_what_is_refused_becomes_a_dead_letter(run: Run) -> None:
    keep = KeepPlugin()
    bench = run(day=AFTER, on_deprecated="refuse", plugins=[keep])
    BillSent.track(n=7)
    assert bench.records == ()
    ((record, adapter, reason),) = keep.kept
    assert (record.name, dict(record.payload), adapter, reason) == ("bill.sent", {"n": 7}, "", "deprecated")


class LimitPlugin:
    """Stands for e11y-ratelimit."""

    name = "ratelimit"

    def __init__(self) -> None:
        self.taken = 0

    @hookimpl
    def e11y_sample(self, schema: Any) -> Sample:
        return Sample(self.take, needs=())

    def take(self) -> float:
        self.taken += 1
        return 1.0


def test_a_refused_event_takes_nothing_from_a_limit(run: Run) -> None:
    limit = LimitPlugin()
    run(day=AFTER, on_deprecated="refuse", plugins=[limit])
    BillSent.track(n=7)
    BillSentV2.track(n=7)
    assert limit.taken == 1


class AuditAdapter:
    capabilities = Capabilities(audit=True)

    def __init__(self) -> None:
        self.records: list[Record] = []

    def write_batch(self, records: Any) -> None:
        self.records.extend(records)

    def healthy(self) -> bool:
        return True

    def close(self) -> None:
        pass


@deprecated(enforce_after="2026-06-30")
class BillAudited(AuditEvent, adapters=["audit"]):
    n: int


def test_audit_events_are_never_refused(caplog: pytest.LogCaptureFixture) -> None:
    from datetime import UTC

    from e11y import Runtime
    from e11y.testing import FrozenClock

    adapter = AuditAdapter()
    settings = {"environment": "test", "plugins": ["versioning"], "versioning": {"on_deprecated": "refuse"}}
    clock = FrozenClock(datetime(2030, 1, 1, tzinfo=UTC))
    with Runtime(settings, adapters={"audit": adapter}, clock=clock, environ={}, event_types=[BillAudited]) as runtime:
        assert BillAudited.track(n=1)
        runtime.flush(5)
    assert len(adapter.records) == 1
    assert warnings(caplog) == [
        f"version 1 of 'bill.audited' ({__name__}.BillAudited) is still known: deprecated; wanted until 2026-06-30"
    ]


def test_the_version_to_track_now_is_not_deprecated() -> None:
    assert latest("bill.sent") is BillSentV2
    assert latest("bill.opened") is BillOpened  # all are deprecated: the highest


@pytest.mark.parametrize("value", ["soon", "2026-02-30", 5, datetime(2026, 1, 1)])
def test_the_last_day_is_a_date(value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        deprecated(enforce_after=value)
    assert str(caught.value) == (
        'enforce_after is no date\n  where: @deprecated(...)\n  fix:   write enforce_after="2026-06-30"'
    )


FIX = 'write @deprecated(), or name what it says: @deprecated(since="2.4", message="...", use="OrderPaidV2")'


@pytest.mark.parametrize(
    ("given", "what", "where"),
    [
        (BillSentV2, "@deprecated without parentheses", f"class {__name__}.BillSentV2"),
        ("ask billing", "@deprecated takes named arguments only", "@deprecated(...)"),
    ],
)
def test_arguments_are_named(given: Any, what: str, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        deprecated(given)
    assert str(caught.value) == f"{what}\n  where: {where}\n  fix:   {FIX}"


def test_an_unknown_mode_is_refused(run: Run) -> None:
    with pytest.raises(ConfigError, match="'on_deprecated' must be one of 'warn', 'refuse'"):
        run(on_deprecated="reject")
