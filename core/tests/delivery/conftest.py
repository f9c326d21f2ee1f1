"""What the tests of delivery share: a clock that stands still, adapters that do as they are told."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from e11y.adapter import Capabilities
from e11y.clock import Ids, SystemClock
from e11y.delivery.delivery import Delivery
from e11y.delivery.lane import Lane
from e11y.delivery.lane_settings import LaneSettings
from e11y.record import Layout, Record
from e11y.severity import Severity

SNAPSHOT = (7, 8, 0, 0, -1, "user_id", "u1")


class StoppedClock:
    """Moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.time_ns = lambda: int(self.now * 1e9)
        self.monotonic = lambda: self.now


class Scripted:
    """An adapter that answers each batch with the next entry of ``script``; an empty script accepts all.

    An entry is ``None`` (accept), an exception, or a function of the records.
    """

    def __init__(self, *script: Any, **capabilities: Any) -> None:
        self.script = deque(script)
        self.capabilities = Capabilities(**capabilities)
        self.batches: list[list[Record]] = []
        self.accepted: list[Record] = []
        self.closed = 0

    def write_batch(self, records: Sequence[Record]) -> None:
        self.batches.append(list(records))
        answer = self.script.popleft() if self.script else None
        if callable(answer):
            answer = answer(records)
        if isinstance(answer, BaseException):
            raise answer
        self.accepted.extend(records)

    def healthy(self) -> bool:
        return True

    def close(self) -> None:
        self.closed += 1

    @property
    def values(self) -> list[Any]:
        return [record.payload["n"] for record in self.accepted]


class Letters:
    """Keeps dead letters unless ``full``."""

    def __init__(self) -> None:
        self.kept: list[tuple[Any, str, str]] = []
        self.records: list[Record] = []
        self.full = False

    def __call__(self, record: Record, adapter: str, reason: str) -> bool:
        if self.full:
            return False
        self.records.append(record)
        self.kept.append((record.payload.get("n"), adapter, reason))
        return True


class Faults(list[tuple[str, str, str]]):
    def __call__(self, source: str, operation: str, error: BaseException) -> None:
        self.append((source, operation, type(error).__name__))


class LaneBench:
    """A lane, the clock it lives by, and what it reported."""

    def __init__(self, adapter: Scripted, settings: LaneSettings) -> None:
        self.clock = StoppedClock()
        self.adapter = adapter
        self.letters = Letters()
        self.faults = Faults()
        originals = adapter.capabilities.originals
        chance = random.Random(1)
        self.lane = Lane("logs", adapter, settings, self.clock, chance, self.letters, self.faults, originals=originals)
        self.lane.worker.stopping = True  # the test is the driver
        self.sequence = 0

    def put(self, *values: Any, queue: int = 0) -> None:
        for value in values:
            self.append(value, queue=queue)
            self.lane.queue.arrived(1, self.clock.now)

    def append(self, *values: Any, queue: int = 0) -> None:
        """Do the first half of ``put``: nobody has said yet when the records came."""
        for value in values:
            record = Record.of(
                "test.event", {"n": value}, severity=(Severity.INFO, Severity.WARN, Severity.ERROR)[queue]
            )
            self.sequence += 1
            record.sequence = self.sequence
            record.held_bytes = 2 * len(record.encoded())
            self.lane.queue.classes[queue].append(record)
            self.lane.queue.added_bytes += record.held_bytes
            self.lane.ledger.routed += 1

    def step(self, seconds: float = 0.0) -> float | None:
        self.clock.now += seconds
        return self.lane.run_once(self.clock.now)

    def run(self, seconds: float = 0.0) -> None:
        """Drive the lane through ``seconds``, jumping from one due moment to the next."""
        until = self.clock.now + seconds
        for _ in range(20_000):
            pause = self.lane.run_once(self.clock.now)
            if pause == 0.0:
                continue
            if pause is None or self.clock.now + pause > until:
                self.clock.now = until
                return
            self.clock.now += pause + 1e-6
        raise AssertionError("the lane spins")

    @property
    def snapshot(self) -> Any:
        return self.lane.ledger.snapshot()


@pytest.fixture
def bench() -> Callable[..., LaneBench]:
    def make(*script: Any, settings: LaneSettings | None = None, **capabilities: Any) -> LaneBench:
        return LaneBench(Scripted(*script, **capabilities), settings or LaneSettings(backoff_jitter=0.0))

    return make


class DeliveryBench:
    """A whole delivery with real threads and the real clock."""

    def __init__(self, adapters: dict[str, Any], clock: Any, **more: Any) -> None:
        self.letters = Letters()
        self.faults = Faults()
        self.layouts: list[Layout] = []
        arguments: dict[str, Any] = {"lane_settings": {}, "memory_limit": 100 << 20, "resource": {"service": "shop"}}
        self.delivery = Delivery(
            adapters=adapters,
            layouts=self.layouts,
            clock=clock,
            ids=Ids(1),
            dead_letter=self.letters,
            on_fault=self.faults,
            **{**arguments, **more},
        )
        self.clock = clock

    def layout(self, severity: Severity = Severity.INFO, **more: Any) -> Layout:
        arguments: dict[str, Any] = {"names": ("n",), "adapters": tuple(self.delivery.lanes)}
        layout = Layout(
            index=len(self.layouts),
            name=f"test.{severity}",
            severity=severity,
            event_type="Test",
            **{**arguments, **more},
        )
        self.layouts.append(layout)
        return layout

    def track(self, layout: Layout, *values: Any, time_ns: int | None = None, snapshot: Any = SNAPSHOT) -> bool:
        """Do what a compiled ``track()`` does at its end."""
        from e11y.delivery.intake import queue_of

        intake, ledger = self.delivery.intake, self.delivery.ledger
        index = queue_of(layout.severity)
        ledger.tracked.add()
        if len(intake.queues[index]) > intake.soft_limits[index] and intake.pressed(index):
            ledger.shed.add()
            return False
        intake.queues[index].append((layout.index, time.time_ns() if time_ns is None else time_ns, snapshot, *values))
        return True

    def in_s(self, seconds: float) -> float:
        return self.clock.monotonic() + seconds


@pytest.fixture
def delivery_of() -> Any:
    made: list[DeliveryBench] = []

    def make(clock: Any = None, **adapters: Any) -> DeliveryBench:
        more = adapters.pop("more", {})
        made.append(DeliveryBench(adapters, clock or SystemClock(), **more))
        return made[-1]

    yield make
    for bench in made:
        bench.delivery.preparer.worker.stop()
        for lane in bench.delivery.lanes.values():
            lane.worker.stop()


@pytest.fixture
def threadless(delivery_of: Any) -> Any:
    """A delivery whose threads cannot be started; the test drives it, with a clock that stands still."""

    def make(**adapters: Any) -> DeliveryBench:
        bench: DeliveryBench = delivery_of(clock=StoppedClock(), **adapters)
        bench.delivery.preparer.worker.stopping = True
        for lane in bench.delivery.lanes.values():
            lane.worker.stopping = True
        return bench

    return make


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted


@pytest.fixture
def stopped_clock() -> StoppedClock:
    return StoppedClock()


def poll(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True


@pytest.fixture(name="poll")
def _poll() -> Callable[..., bool]:
    return poll
