"""Faults are counted exactly, whoever reports them, and told at most once a minute."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from e11y.errors import Rejected, Retryable
from e11y.faults import Faults
from e11y.host import Fault
from e11y.testing import FrozenClock


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads interrupt each other as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_equal_faults_are_told_once_with_their_number(caplog: pytest.LogCaptureFixture) -> None:
    clock, told = FrozenClock(), list[Fault]()
    faults = Faults(clock, told.append)
    for _ in range(5_000):
        faults.report("loki", "writing", OSError("a value"))
    faults.tell()
    faults.report("loki", "writing", OSError())
    faults.tell()
    clock.advance(60)
    faults.tell()
    faults.tell()
    assert caplog.messages == ["loki: writing failed: OSError (5000 times)", "loki: writing failed: OSError (1 times)"]
    assert told == [Fault("loki", "writing", "OSError", 5_000), Fault("loki", "writing", "OSError", 1)]


def test_what_is_not_due_is_told_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    told = list[Fault]()
    faults = Faults(FrozenClock(), told.append)
    for number in (1, 2, 3):
        for _ in range(number):
            faults.report("core", "work", "it failed")
        faults.tell(final=number == 3)
    assert [fault.count for fault in told] == [1, 5]


def test_more_causes_than_are_kept_apart_are_counted_together(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    told = list[Fault]()
    faults = Faults(FrozenClock(), told.append)
    for number in range(1_500):
        faults.report("core", f"work {number}", "it failed")
    faults.tell()
    assert len(told) == 1_001
    assert told[-1] == Fault("core", "counting faults", "more causes at once than are kept apart", 500)


@pytest.mark.usefixtures("hasty")
def test_no_fault_is_lost_between_threads(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    told = list[Fault]()
    faults = Faults(FrozenClock(), told.append)

    def report() -> None:
        for number in range(2_000):
            faults.report("core", f"work {number % 3}", "it failed")

    threads = [threading.Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    faults.tell()  # in the middle
    for thread in threads:
        thread.join()
    faults.tell(final=True)
    assert sum(fault.count for fault in told) == 8_000


def test_a_detail_makes_no_other_cause(caplog: pytest.LogCaptureFixture) -> None:
    told = list[Fault]()
    faults = Faults(FrozenClock(), told.append)
    for number in range(300):
        faults.report("core", "check of Paid", "InvalidEvent", f"field {number}")
    faults.tell()
    assert [record.getMessage() for record in caplog.records] == [
        "core: check of Paid failed: InvalidEvent: field 299 (300 times)"
    ]
    assert told == [Fault("core", "check of Paid", "InvalidEvent", 300)]


def test_what_a_destination_said_is_told_and_the_text_of_other_errors_is_not(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults(FrozenClock(), list[Fault]().append)
    faults.report("adapter logs", "write_batch", Retryable("503 Service Unavailable\nretry at noon"))
    faults.report("adapter logs", "write_batch", Rejected("x" * 1_000))
    faults.report("adapter logs", "write_batch", ValueError("4111 1111 1111 1111"))
    faults.tell()
    assert [record.getMessage() for record in caplog.records] == [
        "adapter logs: write_batch failed: Retryable: 503 Service Unavailable (1 times)",
        f"adapter logs: write_batch failed: Rejected: {'x' * 200} (1 times)",
        "adapter logs: write_batch failed: ValueError (1 times)",
    ]
