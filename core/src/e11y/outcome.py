"""What became of one call of ``track()``."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """Answer of ``track()``. True when the event was kept. Never holds a payload."""

    ACCEPTED = "accepted"
    """On its way to at least one adapter."""
    BUFFERED = "buffered"
    """A debug event, held by its scope until the scope fails (written) or succeeds (discarded)."""
    SAMPLED_OUT = "sampled_out"
    """A sampler dropped it; the ledger counts the reason."""
    RATE_LIMITED = "rate_limited"
    """A limit dropped it; the ledger counts the reason."""
    SHED = "shed"
    """The memory limit was reached and nothing less important was left to give up."""
    INVALID = "invalid"
    """The fields did not fit the event type, and the settings say to report that rather than to raise."""
    DISABLED = "disabled"
    """The library is switched off, could not start, or has stopped."""
    FILTER_FAILED = "filter_failed"
    """A security step failed; the event was withheld rather than delivered in clear."""
    UNROUTED = "unrouted"
    """No adapter is meant to receive it."""

    def __bool__(self) -> bool:
        return self is Outcome.ACCEPTED or self is Outcome.BUFFERED
