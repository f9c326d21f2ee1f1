"""Faults: what failed behind the application's back, counted at once and told later."""

from __future__ import annotations

import logging
from collections.abc import Callable

from e11y.clock import Clock
from e11y.delivery.ledger import Counter
from e11y.errors import DeliveryError
from e11y.host import Fault

LOGGER = logging.getLogger("e11y")

_SILENCE_S = 60.0
_CAUSES = 1_000
_DETAIL = 200
_FURTHER = ("core", "counting faults", "more causes at once than are kept apart")

Cause = tuple[str, str, str]
"""Source, operation and kind of the error."""


class _Arrivals:
    """Counts the faults of about a second by cause, without a lock: each step is one call into C.

    At most ``_CAUSES`` are kept apart (a few more when threads meet); what comes beyond them is one cause.
    """

    def __init__(self) -> None:
        self._counters: dict[Cause, Counter] = {}
        self._taken: dict[Cause, int] = {}

    def add(self, cause: Cause) -> None:
        counters = self._counters
        if cause not in counters:
            cause = cause if len(counters) < _CAUSES else _FURTHER
            counters.setdefault(cause, Counter())
        counters[cause].add()

    def take(self) -> list[tuple[Cause, int]]:
        """Return what came since the last time; for one thread at a time."""
        found = []
        for cause, counter in list(self._counters.items()):
            total = counter.upcoming()
            new = total - self._taken.get(cause, 0)
            if new:
                found.append((cause, new))
                self._taken[cause] = total
        return found


class Faults:
    """Takes faults from any thread without I/O and tells each cause at most once a minute.

    Args:
        clock: Time.
        tell: Called with each fault that is told, beside the log line.
    """

    def __init__(self, clock: Clock, tell: Callable[[Fault], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._arrivals = self._earlier = _Arrivals()
        self._counts: dict[Cause, int] = {}
        self._told: dict[Cause, float] = {}
        self._details: dict[Cause, str] = {}

    def report(self, source: str, operation: str, error: BaseException | str, detail: str = "") -> None:
        """Note a fault.

        Of an exception only the type is kept, because its text may hold values. A ``DeliveryError`` promises
        that its text holds none; its first words are told.

        Args:
            source: Plugin, adapter or part of core.
            operation: What was being done.
            error: The exception, or words of our own.
            detail: More words, told of the last of those that are told together: they make no other cause.
        """
        kind = error if isinstance(error, str) else type(error).__name__
        cause = (source, operation, kind)
        if not detail and isinstance(error, DeliveryError):
            detail = error.what.partition("\n")[0][:_DETAIL]
        if detail and (cause in self._details or len(self._details) < _CAUSES):
            self._details[cause] = detail
        self._arrivals.add(cause)

    def tell(self, *, final: bool = False) -> None:
        """Log what is due and tell the plugins; called about once a second by the preparer.

        Args:
            final: Tell everything now, because there is no later.
        """
        # A thread may still be about to count where it found a place: the earlier place is read once more.
        earlier, self._earlier = self._earlier, self._arrivals
        self._arrivals = _Arrivals()
        for cause, new in (*earlier.take(), *self._earlier.take()):
            self._counts[cause] = self._counts.get(cause, 0) + new
        now = self._clock.monotonic()
        for cause, times in list(self._counts.items()):
            if final or now - self._told.get(cause, float("-inf")) >= _SILENCE_S:
                del self._counts[cause]
                self._told.pop(cause, None)
                self._told[cause] = now
                if len(self._told) > _CAUSES:
                    del self._told[next(iter(self._told))]
                fault = Fault(*cause, times)
                words = ": ".join(filter(None, (cause[2], self._details.pop(cause, ""))))
                LOGGER.warning("%s: %s failed: %s (%d times)", *cause[:2], words, times)
                self._tell(fault)
