"""The memory adapter keeps the newest records and answers questions about them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from e11y.adapters.memory import MemoryAdapter, MemoryPlugin, MemorySettings
from e11y.errors import Rejected
from e11y.severity import Severity
from e11y.testing.standalone_host import StandaloneHost

from .records import record


class OrderPaid:
    """Stands for an event class: only its name counts."""


class OrderPaidTwice(OrderPaid):
    """A subclass is another event."""


def name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


PAID = record("order.paid", event_type=name_of(OrderPaid))
TWICE = record("order.paid.v2", severity=Severity.SUCCESS, event_type=name_of(OrderPaidTwice))
FAILED = record("payment.failed", severity=Severity.ERROR)
ODD = record("odd[name]")


@pytest.fixture
def memory() -> MemoryAdapter:
    memory = MemoryAdapter()
    memory.write_batch([PAID, TWICE])
    memory.write_batch([FAILED])
    return memory


def test_records_and_batches_are_kept_in_order(memory: MemoryAdapter) -> None:
    assert memory.records == (PAID, TWICE, FAILED)
    assert memory.batches == ((PAID, TWICE), (FAILED,))


@pytest.mark.parametrize(
    ("what", "found"),
    [
        (None, (PAID, TWICE, FAILED)),
        (OrderPaid, (PAID,)),
        (OrderPaidTwice, (TWICE,)),
        (int, ()),
        ("order.paid", (PAID,)),
        ("order", ()),
        ("order.*", (PAID, TWICE)),
        ("*.[fp]ailed", (FAILED,)),
        ("Order.*", ()),
        (re.compile("paid"), (PAID, TWICE)),
        (re.compile("^paid"), ()),
    ],
)
def test_records_are_found_by_class_name_glob_or_regex(memory: MemoryAdapter, what: object, found: tuple) -> None:  # type: ignore[type-arg]
    assert memory.find(what) == found  # type: ignore[arg-type]
    assert memory.count(what) == len(found)  # type: ignore[arg-type]
    assert memory.find_one(what) is (found[0] if found else None)  # type: ignore[arg-type]
    assert memory.last_one(what) is (found[-1] if found else None)  # type: ignore[arg-type]


def test_an_exact_name_may_look_like_a_glob() -> None:
    memory = MemoryAdapter()
    memory.write_batch([ODD])
    assert memory.find("odd[name]") == (ODD,)


def test_the_ends_can_be_asked_for(memory: MemoryAdapter) -> None:
    assert memory.first(2) == (PAID, TWICE)
    assert memory.last(2) == (TWICE, FAILED)
    assert memory.first() == memory.last() == memory.records
    assert memory.first(0) == memory.last(0) == ()


def test_records_are_found_by_severity(memory: MemoryAdapter) -> None:
    assert memory.by_severity("error") == (FAILED,)
    assert memory.by_severity(Severity.SUCCESS) == (TWICE,)
    assert memory.by_severity("fatal") == ()


def test_the_oldest_records_go_first_and_are_counted() -> None:
    memory = MemoryAdapter(max_records=2)
    memory.write_batch([PAID, TWICE, FAILED])
    memory.write_batch([ODD])
    assert memory.records == (FAILED, ODD)
    assert memory.batches == ((FAILED,), (ODD,))
    assert memory.dropped_count == 2


def test_a_thousand_records_are_kept_unless_told_otherwise() -> None:
    memory, endless = MemoryAdapter(), MemoryAdapter(max_records=None)
    for adapter in (memory, endless):
        adapter.write_batch([PAID] * 1001)
    assert (memory.count(), memory.dropped_count) == (1000, 1)
    assert (endless.count(), endless.dropped_count) == (1001, 0)


def test_clear_forgets_everything(memory: MemoryAdapter) -> None:
    memory.clear()
    assert (memory.records, memory.batches, memory.dropped_count, memory.last_one()) == ((), (), 0, None)


def test_questions_may_be_asked_after_closing(memory: MemoryAdapter) -> None:
    assert memory.healthy()
    memory.close()
    assert not memory.healthy()
    assert memory.count() == 3
    with pytest.raises(Rejected, match="the memory adapter is closed"):
        memory.write_batch([PAID])
    assert memory.count() == 3


def test_it_is_fit_for_audit_events() -> None:
    assert MemoryAdapter().capabilities.audit


def test_many_threads_may_write_and_ask() -> None:
    memory = MemoryAdapter(max_records=500)

    def write_and_ask(_: int) -> None:
        for _ in range(100):
            memory.write_batch([PAID, FAILED])
            assert len(memory.records) <= 500
            assert memory.count("order.paid") <= 500
            assert all(len(batch) <= 2 for batch in memory.batches)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_and_ask, range(8)))
    assert (memory.count(), memory.dropped_count) == (500, 8 * 100 * 2 - 500)


def test_the_plugin_offers_it_by_name() -> None:
    offered = MemoryPlugin().e11y_export()
    made = offered.make(MemorySettings(max_records=1), StandaloneHost())
    made.write_batch([PAID, FAILED])
    assert (offered.name, offered.settings, made.records) == ("memory", MemorySettings, (FAILED,))


@pytest.mark.parametrize("number", [0, -1])
def test_it_keeps_at_least_one_record(number: int) -> None:
    with pytest.raises(ValueError, match="'max_records' must be > 0"):
        MemorySettings(max_records=number)
