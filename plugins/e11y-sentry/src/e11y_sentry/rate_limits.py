"""What Sentry asks to be spared for a while.

https://develop.sentry.dev/sdk/expected-features/rate-limiting/
"""

from __future__ import annotations

from collections.abc import Callable

import urllib3

_ERRORS = frozenset({"error", ""})
_USUAL_S = 60.0


class RateLimits:
    """Remembers until when events of the category ``error`` are unwelcome.

    Args:
        monotonic: Seconds on a clock that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._until = 0.0

    def wait_s(self) -> float:
        """Return how many seconds are left, 0.0 when events are welcome."""
        return max(0.0, self._until - self._monotonic())

    def learn(self, answer: urllib3.BaseHTTPResponse) -> None:
        """Read the limits of an answer; one with status 200 may have some too, for what comes next."""
        limits = answer.headers.get("X-Sentry-Rate-Limits")
        if limits:
            self._until = max(self._until, self._monotonic() + _longest(limits))
        elif answer.status == 429:
            self._until = self._monotonic() + (retry_after_s(answer) or _USUAL_S)


def _longest(limits: str) -> float:
    """Return the seconds for which errors are limited by ``60:error;default:organization, 2700::key``."""
    waits = [0.0]
    for limit in limits.split(","):
        seconds, _, rest = limit.strip().partition(":")
        categories = rest.partition(":")[0].split(";")
        try:
            wait = float(seconds)
        except ValueError:
            continue
        if not _ERRORS.isdisjoint(categories) and 0 < wait < float("inf"):
            waits.append(wait)
    return max(waits)


def retry_after_s(answer: urllib3.BaseHTTPResponse) -> float | None:
    """Return the seconds of ``Retry-After``, which also may be a date (RFC 9110, 10.2.3)."""
    try:
        return urllib3.Retry().get_retry_after(answer)
    except urllib3.exceptions.InvalidHeader:
        return None
