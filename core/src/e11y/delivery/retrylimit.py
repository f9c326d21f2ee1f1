"""A token bucket that bounds how often something may happen."""

from __future__ import annotations


class RetryLimit:
    """Allows ``per_second`` on average and as many at once. Not thread-safe: one lane owns it.

    A lane asks it before each retry; first attempts are free. So a destination that comes back is not
    knocked over by those who waited for it.
    """

    __slots__ = ("_capacity", "_per_second", "_tokens", "_updated")

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._capacity = max(1.0, per_second)
        self._tokens = self._capacity
        self._updated = now

    def take(self, now: float) -> float:
        """Take one token and return 0.0, or take none and return the seconds until there is one."""
        grown = self._tokens + max(0.0, now - self._updated) * self._per_second
        self._tokens = min(self._capacity, grown)
        self._updated = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._per_second
