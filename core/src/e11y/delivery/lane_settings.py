"""How one lane batches, retries and gives up."""

from __future__ import annotations

from typing import Literal

import attrs
from attrs.validators import ge, gt, le, optional

from e11y import units


@attrs.frozen(eq=False)
class LaneSettings:
    """Settings of the lane of one adapter.

    In TOML durations and sizes are text, and the key of a duration has no ``_s``.

    Args:
        batch_interval_s: A record waits at most this long for its batch to fill.
        batch_records: A batch of this many records is written at once.
        batch_bytes: A batch of about this many bytes (encoded) is written at once.
        give_up_after_s: A record is given up this long after it came, if its destination refused it for now or takes
            nothing. One that is tried with others is as old as the newest of them.
        max_retries: A batch is given up after this many retries; ``None``: only time decides.
        backoff_base_s: Wait before the first retry; it doubles from there.
        backoff_cap_s: Longest wait that doubling reaches. A destination may ask for longer.
        backoff_jitter: Each wait varies by this part of itself, up or down.
        retries_per_s: Retries of the lane per second; first attempts are free.
        breaker_failures: Retryable failures in a row that open the breaker.
        breaker_probe_after_s: Wait before the first probe of an open breaker; it doubles from there.
        breaker_probe_cap_s: Longest wait between two probes.
        breaker_successes: Successful probes in a row that close the breaker.
        backpressure: What happens to a caller when the intake is full: ``"shed"`` gives the event up,
            ``"block"`` waits for room, never in an event loop.
        max_block_time_s: Longest that ``"block"`` waits.
    """

    batch_interval_s: float = units.duration("200ms")
    batch_records: int = attrs.field(default=1000, validator=ge(1))
    batch_bytes: int = units.byte_size("1MiB", validator=gt(0))
    give_up_after_s: float = units.duration("5m")
    max_retries: int | None = attrs.field(default=None, validator=optional(ge(0)))
    backoff_base_s: float = units.duration("100ms")
    backoff_cap_s: float = units.duration("5s")
    backoff_jitter: float = attrs.field(default=0.1, validator=[ge(0), le(1)])
    retries_per_s: float = attrs.field(default=50.0, validator=gt(0))
    breaker_failures: int = attrs.field(default=5, validator=ge(1))
    breaker_probe_after_s: float = units.duration("5s")
    breaker_probe_cap_s: float = units.duration("1m")
    breaker_successes: int = attrs.field(default=2, validator=ge(1))
    backpressure: Literal["shed", "block"] = "shed"
    max_block_time_s: float = units.duration("1s")
