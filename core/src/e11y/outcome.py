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
    RATE_LIMITED = "rate_limited"
    SHED = "shed"
    """The memory limit was reached and nothing less important was left to give up."""
    INVALID = "invalid"
    DISABLED = "disabled"
    FILTER_FAILED = "filter_failed"
    """A security step failed; the event was withheld rather than delivered in clear."""
    UNROUTED = "unrouted"
    """No adapter is meant to receive it."""

    def __bool__(self) -> bool:
        return self is Outcome.ACCEPTED or self is Outcome.BUFFERED
