"""A lane balances after any sequence of answers, waits, shedding and flushes."""

from __future__ import annotations

import random
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from e11y.adapter import Capabilities
from e11y.delivery.lane import Lane
from e11y.delivery.lane_settings import LaneSettings
from e11y.errors import Partial, Rejected, Retryable
from e11y.record import Record

KINDS = st.sampled_from(["accept", "retryable", "retry_after", "rejected", "split", "bug", "partial", "hang"])


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.monotonic = lambda: self.now
        self.time_ns = lambda: int(self.now * 1e9)


class Adapter:
    """Answers as the machine says, and writes down what it accepted."""

    capabilities = Capabilities()

    def __init__(self, machine: LaneMachine) -> None:
        self.machine = machine
        self.accepted: list[int] = []

    def write_batch(self, records: Any) -> None:
        values = [record.payload["n"] for record in records]
        kind = self.machine.kind
        if kind == "hang":
            # The closer gives up while the write is under way; then the write succeeds all the same.
            self.machine.abandon()
            return
        if kind == "retryable":
            raise Retryable("503")
        if kind == "retry_after":
            raise Retryable("429", retry_after_s=2.0)
        if kind == "rejected":
            raise Rejected("no")
        if kind in ("split", "bug") and any(value % 3 == 0 for value in values):
            raise Rejected("bad", split=True) if kind == "split" else ValueError
        if kind == "partial":
            errors = {0: Retryable("429"), 1: Rejected("no")}
            failures = {index: errors[value % 2] for index, value in enumerate(values) if value % 3}
            self.accepted += [value for value in values if not value % 3]
            raise Partial(failures)
        self.accepted += values

    def healthy(self) -> bool:
        return True

    def close(self) -> None:
        pass


class LaneMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.kind = "accept"
        self.sequence = 0
        self.letters: list[int] = []
        self.abandoned = False
        self.adapter = Adapter(self)
        settings = LaneSettings(batch_records=5, breaker_failures=3, give_up_after_s=20.0, max_retries=6)
        self.lane = Lane("logs", self.adapter, settings, self.clock, random.Random(0), self.keep, lambda *_: None)  # type: ignore[arg-type]
        self.lane.worker.stopping = True

    def keep(self, record: Record, adapter: str, reason: str) -> bool:
        value = record.payload["n"]
        self.letters.append(value)
        return bool(value % 2)

    def abandon(self) -> None:
        self.abandoned = True
        self.lane.courier.abandon(self.clock.now + 1)

    @rule(amount=st.integers(1, 12), queue=st.integers(0, 2))
    def put(self, amount: int, queue: int) -> None:
        if self.abandoned:
            return
        for _ in range(amount):
            record = Record.of("e", {"n": self.sequence})
            self.sequence += 1
            record.sequence, record.held_bytes = self.sequence, 100
            self.lane.queue.classes[queue].append(record)
            self.lane.queue.added_bytes += 100
            self.lane.queue.arrived(1, self.clock.now)
            self.lane.ledger.routed += 1

    @rule(kind=KINDS)
    def answer(self, kind: str) -> None:
        self.kind = kind

    @rule(seconds=st.sampled_from([0.0, 0.1, 0.3, 1.0, 6.0, 30.0]))
    def drive(self, seconds: float) -> None:
        self.clock.now += seconds
        for _ in range(5_000):  # far more than as many records can be halved into
            if self.lane.run_once(self.clock.now) != 0.0:
                return
        raise AssertionError("the lane spins")

    @rule()
    def shed(self) -> None:
        record = self.lane.queue.shed()
        if record is not None:
            self.lane.courier.give_up(record, "shed", offer=False)

    @rule()
    def hurry(self) -> None:
        self.lane.courier.impatient = True
        self.lane.hurry()

    @invariant()
    def balances(self) -> None:
        snapshot = self.lane.ledger.snapshot()
        assert snapshot.difference == 0
        assert snapshot.in_lane >= 0
        assert self.lane.queue.bytes_held() == 100 * snapshot.in_lane

    def teardown(self) -> None:
        self.kind = "accept"
        self.clock.now += 100.0
        self.lane.courier.impatient = True
        self.lane.begin_close(self.clock.now + 100.0)
        self.lane.close(self.clock.now + 100.0)
        snapshot = self.lane.ledger.snapshot()
        assert snapshot.difference == 0
        assert snapshot.in_lane == 0
        settled = self.adapter.accepted + self.letters
        assert len(settled) == len(set(settled)), "accepted twice, or accepted and given up"


TestLaneMachine = LaneMachine.TestCase
TestLaneMachine.settings = hypothesis_settings(max_examples=150, stateful_step_count=40, deadline=None)
