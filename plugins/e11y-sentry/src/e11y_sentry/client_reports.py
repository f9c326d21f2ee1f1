"""What was lost on the way to Sentry, for Sentry to show.

https://develop.sentry.dev/sdk/telemetry/client-reports/
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

_REASONS = {
    "expired": "network_error",
    "retries exhausted": "network_error",
    "deadline": "network_error",
    "rejected": "send_error",
    "shed": "queue_overflow",
}


class ClientReports:
    """Counts lost events by Sentry's own words until a report takes them along. Thread-safe."""

    def __init__(self) -> None:
        self._lost: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._lost)

    def lose(self, reason: str, quantity: int = 1) -> None:
        """Count lost events; ``reason`` is one of Sentry's."""
        with self._lock:
            self._lost[reason] += quantity

    def give_up(self, reason: str, *, limited: bool) -> None:
        """Count an event that core gave up.

        Args:
            reason: Core's, for example ``expired: not accepted for 300 s``.
            limited: Whether a rate limit holds: then that is why nothing arrived.
        """
        word = _REASONS.get(reason.partition(":")[0], "internal_sdk_error")
        self.lose("ratelimit_backoff" if limited and word == "network_error" else word)

    def take(self) -> Counter[str]:
        """Return what was counted and start anew."""
        with self._lock:
            taken, self._lost = self._lost, Counter()
        return taken

    def put_back(self, taken: Counter[str]) -> None:
        """Count again what did not arrive."""
        with self._lock:
            self._lost.update(taken)


def report(lost: Counter[str], timestamp: str) -> dict[str, Any]:
    """Return the report as an envelope holds it."""
    discarded = [{"reason": reason, "category": "error", "quantity": count} for reason, count in lost.items()]
    return {"timestamp": timestamp, "discarded_events": discarded}
