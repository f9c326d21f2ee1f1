"""Faults: what failed behind the application's back, counted at once and told later."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from e11y.clock import Clock
from e11y.host import Fault

LOGGER = logging.getLogger("e11y")

_SILENCE_S = 60.0
_WAITING = 1_000
_REMEMBERED = 1_000


class Faults:
    """Takes faults from any thread without I/O and tells each cause at most once a minute.

    Args:
        clock: Time.
        tell: Called with each fault that is told, beside the log line.
    """

    def __init__(self, clock: Clock, tell: Callable[[Fault], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._new: deque[tuple[str, str, str]] = deque(maxlen=_WAITING)
        self._counts: dict[tuple[str, str, str], int] = {}
        self._told: dict[tuple[str, str, str], float] = {}

    def report(self, source: str, operation: str, error: BaseException | str) -> None:
        """Note a fault. Of an exception only the type is kept: its text may hold values.

        Args:
            source: Plugin, adapter or part of core.
            operation: What was being done.
            error: The exception, or words of our own.
        """
        kind = error if isinstance(error, str) else type(error).__name__
        self._new.append((source, operation, kind))

    def tell(self, *, final: bool = False) -> None:
        """Log what is due and tell the plugins; called about once a second by the preparer.

        Args:
            final: Tell everything now, because there is no later.
        """
        while self._new:
            cause = self._new.popleft()
            self._counts[cause] = self._counts.get(cause, 0) + 1
        now = self._clock.monotonic()
        for cause, count in list(self._counts.items()):
            if final or now - self._told.get(cause, float("-inf")) >= _SILENCE_S:
                del self._counts[cause]
                self._told.pop(cause, None)
                self._told[cause] = now
                if len(self._told) > _REMEMBERED:
                    del self._told[next(iter(self._told))]
                fault = Fault(*cause, count)
                LOGGER.warning("%s: %s failed: %s (%d times)", *cause[:2], cause[2], count)
                self._tell(fault)
