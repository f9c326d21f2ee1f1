"""Questions about tracked events: each passes, and each fails with a text that helps."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from e11y.event import Event
from e11y.record import Record
from e11y.severity import Severity
from e11y.testing.assertions import TrackedEvents
from e11y.testing.snapshot import Snapshots


class KitOrderPaid(Event, severity="success", name="kit.order.paid"):
    order_id: str
    amount: float = 0.0


TRACE = 0xABC
NOWHERE = Snapshots(Path("/nowhere"), "test", "pytest", update=False)


class Log:
    """Stands where the memory adapter is: the records so far."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def track(self, name: str, *, severity: Severity = Severity.SUCCESS, **payload: Any) -> None:
        number = len(self.records) + 1
        kind = f"{__name__}.KitOrderPaid" if name == "kit.order.paid" else ""
        self.records.append(
            Record.of(name, payload, severity=severity, time_ns=number, trace=TRACE, span=number, event_type=kind)
        )

    def read(self) -> Sequence[Record]:
        return self.records


@pytest.fixture
def log() -> Log:
    log = Log()
    log.track("kit.order.paid", order_id="1", amount=9.99)
    log.track("kit.user.seen", severity=Severity.INFO, user_id="u", admin=False)
    log.track("kit.order.paid", order_id="2", amount=0.5)
    return log


@pytest.fixture
def events(log: Log) -> TrackedEvents:
    return TrackedEvents(log.read, NOWHERE, {"logs": log.read, "audit": lambda: log.records[:1]})


@pytest.mark.parametrize(
    "what", [KitOrderPaid, "kit.order.paid", "kit.order.*", re.compile(r"order"), re.compile(r"paid$")]
)
def test_an_event_is_a_class_a_name_a_glob_or_a_regex(events: TrackedEvents, what: Any) -> None:
    assert [record.payload["order_id"] for record in events.assert_tracked(what, times=2)] == ["1", "2"]


def test_part_of_a_name_is_not_the_name(events: TrackedEvents) -> None:
    events.assert_not_tracked("order")


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("amount", 9.99),
        ("amount", pytest.approx(9.9, abs=0.1)),
        ("amount", mock.ANY),
        ("amount", float),
        ("amount", lambda amount: amount > 9),
        ("order_id", "1"),
    ],
)
def test_an_expected_value_is_a_literal_a_matcher_a_class_or_a_function(
    events: TrackedEvents, field: str, expected: Any
) -> None:
    first = events.assert_tracked(KitOrderPaid, {field: expected}, order_id="1")
    assert [record.payload["amount"] for record in first] == [9.99]


def test_falsy_values_are_values(events: TrackedEvents) -> None:
    events.assert_tracked("kit.user.seen", admin=False)
    events.assert_not_tracked("kit.user.seen", admin=None)
    events.assert_not_tracked("kit.user.seen", absent=None)


def test_one_record_must_fit_everything(events: TrackedEvents) -> None:
    with pytest.raises(AssertionError) as failure:
        events.assert_tracked(KitOrderPaid, order_id="1", amount=0.5)
    assert str(failure.value) == (
        "expected at least 1 of KitOrderPaid with order_id='1', amount=0.5, found 0; tracked:\n"
        "  success kit.order.paid(order_id='1', amount=9.99)  <- amount differs\n"
        "  info    kit.user.seen\n"
        "  success kit.order.paid(order_id='2', amount=0.5)  <- order_id differs"
    )


def test_payload_takes_fields_that_are_named_like_arguments(log: Log, events: TrackedEvents) -> None:
    log.track("kit.retry", times=3, severity_name="x")
    events.assert_tracked("kit.retry", {"times": 3}, times=1)
    events.assert_not_tracked("kit.retry", {"times": 4})


def test_exact_allows_no_other_field(events: TrackedEvents) -> None:
    events.assert_tracked(KitOrderPaid, order_id="1", amount=9.99, exact=True)
    with pytest.raises(AssertionError, match=r"with order_id='1', no other field, found 0;(?s:.)*amount is too much"):
        events.assert_tracked(KitOrderPaid, order_id="1", exact=True)


def test_severity_and_trace_are_criteria(events: TrackedEvents) -> None:
    trace_id = f"{TRACE:032x}"
    events.assert_tracked("kit.user.seen", severity="info", trace_id=trace_id)
    events.assert_not_tracked("kit.user.seen", severity="error")
    with pytest.raises(AssertionError) as failure:
        events.assert_tracked("kit.user.seen", severity="error", trace_id="0" * 32)
    assert str(failure.value).splitlines()[0] == (
        f"expected at least 1 of kit.user.seen with severity error, trace_id {'0' * 32}, found 0; tracked:"
    )
    assert "kit.user.seen(user_id='u', admin=False)  <- severity differs, trace_id differs" in str(failure.value)


@pytest.mark.parametrize(
    "counts",
    [{"times": 2}, {"at_least": 2}, {"at_least": 1}, {"at_most": 2}, {"at_most": 5}, {"at_least": 1, "at_most": 3}, {}],
)
def test_counts_that_hold(events: TrackedEvents, counts: dict[str, int]) -> None:
    assert len(events.assert_tracked(KitOrderPaid, **counts)) == 2


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({"times": 1}, "expected exactly 1 of KitOrderPaid, found 2; "),
        ({"times": 0}, "expected exactly 0 of KitOrderPaid, found 2; "),
        ({"at_least": 3}, "expected at least 3 of KitOrderPaid, found 2; "),
        ({"at_most": 1}, "expected at most 1 of KitOrderPaid, found 2; "),
        ({"at_least": 3, "at_most": 4}, "expected 3 to 4 of KitOrderPaid, found 2; "),
    ],
)
def test_counts_that_do_not_hold(events: TrackedEvents, counts: dict[str, int], text: str) -> None:
    with pytest.raises(AssertionError) as failure:
        events.assert_tracked(KitOrderPaid, **counts)
    assert str(failure.value).startswith(text)
    assert "kit.order.paid(order_id='1', amount=9.99)  <- fits" in str(failure.value)


def test_never_is_a_count_too(events: TrackedEvents) -> None:
    assert events.assert_tracked("kit.nothing", times=0) == []
    assert events.assert_tracked("kit.nothing", at_most=3) == []


def test_times_says_it_all(events: TrackedEvents) -> None:
    with pytest.raises(ValueError, match=r"^times= says it all; leave at_least= and at_most= out$"):
        events.assert_tracked(KitOrderPaid, times=1, at_least=1)


def test_nothing_at_all_is_said_so() -> None:
    events = TrackedEvents(list, NOWHERE, {})
    with pytest.raises(AssertionError) as failure:
        events.assert_tracked(re.compile("order"), user=str, check=lambda value: True, order=mock.ANY)
    assert str(failure.value) == (
        "expected at least 1 of /order/ with user=<str>, check=<<lambda>>, order=<ANY>, found 0; nothing was tracked"
    )


def test_not_tracked_fails_when_it_was(events: TrackedEvents) -> None:
    with pytest.raises(AssertionError, match=r"^expected exactly 0 of kit\.user\.seen, found 1; "):
        events.assert_not_tracked("kit.user.seen")


def test_expect_sees_only_its_block(log: Log, events: TrackedEvents) -> None:
    with events.expect(KitOrderPaid, order_id=str, times=1) as expected:
        assert expected.records == []
        log.track("kit.order.paid", order_id="3")
    assert [record.payload["order_id"] for record in expected.records] == ["3"]


def test_expect_ignores_what_came_before(events: TrackedEvents) -> None:
    with (
        pytest.raises(AssertionError, match=r"^expected at least 1 of KitOrderPaid, found 0; nothing was tracked$"),
        events.expect(KitOrderPaid),
    ):
        pass


def test_expect_never(log: Log, events: TrackedEvents) -> None:
    with events.expect(KitOrderPaid, times=0):
        log.track("kit.user.seen")


def test_expect_does_not_cover_up_an_error_of_the_block(events: TrackedEvents) -> None:
    with pytest.raises(ZeroDivisionError), events.expect(KitOrderPaid):
        _ = 1 / 0


def test_a_sequence_may_have_others_in_between(events: TrackedEvents) -> None:
    events.assert_sequence(KitOrderPaid, KitOrderPaid)
    events.assert_sequence(KitOrderPaid, "kit.user.*", KitOrderPaid)


def test_a_sequence_out_of_order_says_where_it_broke(events: TrackedEvents) -> None:
    with pytest.raises(AssertionError) as failure:
        events.assert_sequence("kit.user.seen", KitOrderPaid, KitOrderPaid)
    assert str(failure.value) == (
        "expected KitOrderPaid after kit.user.seen, KitOrderPaid; tracked:\n"
        "  success kit.order.paid\n"
        "  info    kit.user.seen\n"
        "  success kit.order.paid"
    )
    with pytest.raises(AssertionError, match=r"^expected kit\.none; tracked:"):
        events.assert_sequence("kit.none")


def test_clear_forgets_what_was_tracked_so_far(log: Log, events: TrackedEvents) -> None:
    audit = events.at("audit")
    events.clear()
    assert events.records == []
    assert audit.records == []
    log.track("kit.user.seen")
    assert events.names == ["kit.user.seen"]


def test_at_sees_only_one_adapter(events: TrackedEvents) -> None:
    assert [record.payload for record in events.at("audit").find(KitOrderPaid)] == [{"order_id": "1", "amount": 9.99}]
    assert events.at("audit").find(KitOrderPaid, order_id="2") == []
    with pytest.raises(KeyError, match="no adapter 'log'; there are: logs, audit"):
        events.at("log")
