"""The circuit breaker: when a destination is left alone for a while."""

from __future__ import annotations

from enum import IntEnum

from e11y.delivery.lane_settings import LaneSettings


class State(IntEnum):
    """States of a breaker; the numbers are those of the gauge."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Opens after failures in a row, probes with growing waits, closes after successes in a row.

    It only counts retryable failures: a destination that rejects a record answers, so it is alive.
    Times are seconds of a monotonic clock. Not thread-safe: one lane owns it.

    Attributes:
        state: Where it stands.
        probe_at: When the next probe is due while it is open.
    """

    __slots__ = ("_failures", "_settings", "_successes", "_wait_s", "probe_at", "state")

    def __init__(self, settings: LaneSettings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        """Close it, as if nothing had happened."""
        self.state = State.CLOSED
        self.probe_at = 0.0
        self._failures = 0
        self._successes = 0
        self._wait_s = self._settings.breaker_probe_after_s

    def wait_s(self, now: float) -> float:
        """Return the seconds until an attempt is allowed: 0.0 when it is, and then it is the probe."""
        if self.forbids(now):
            return self.probe_at - now
        if self.state is State.OPEN:
            self.state = State.HALF_OPEN
            self._successes = 0
        return 0.0

    def forbids(self, now: float) -> bool:
        """Return whether no attempt is allowed now, not even a probe."""
        return self.state is State.OPEN and now < self.probe_at

    def probe_now(self) -> None:
        """Make the next probe due at once; somebody waits for a flush."""
        self.probe_at = 0.0

    def succeeded(self) -> None:
        """Take note that the destination answered."""
        self._failures = 0
        if self.state is State.HALF_OPEN:
            self._successes += 1
            if self._successes >= self._settings.breaker_successes:
                self.reset()

    def failed(self, now: float) -> None:
        """Take note of a retryable failure."""
        self._failures += 1
        if self.state is State.HALF_OPEN:
            self._wait_s = min(self._wait_s * 2.0, self._settings.breaker_probe_cap_s)
            self._open(now)
        elif self.state is State.CLOSED and self._failures >= self._settings.breaker_failures:
            self._open(now)

    def _open(self, now: float) -> None:
        self.state = State.OPEN
        self.probe_at = now + self._wait_s
