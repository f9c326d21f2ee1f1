"""The plugin: a step for every event type that a limit holds for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from e11y import OFF, Host, Sample, Schema, hookimpl
from e11y_ratelimit.cell import Meter
from e11y_ratelimit.lease import LeasedMeter
from e11y_ratelimit.limit import Limit
from e11y_ratelimit.limiter import Limiter
from e11y_ratelimit.option import RateLimit
from e11y_ratelimit.redis_lender import RedisLender
from e11y_ratelimit.settings import RateLimitSettings
from e11y_ratelimit.step import Bound, make_step
from e11y_ratelimit.summary import track_summary
from e11y_ratelimit.words import words

if TYPE_CHECKING:
    import click

_TIDY_S = 1.0


class RateLimitPlugin:
    """Drops what is above a limit, or hands it to the dead letters; tells in one record per window what it was."""

    Settings = RateLimitSettings

    def __init__(self, settings: RateLimitSettings, host: Host) -> None:
        self._settings = settings
        self._host = host
        self._lender = None if settings.redis is None else RedisLender(settings.redis, host)
        self._limiter = Limiter(settings, host, None if self._lender is None else self._shared)
        self._limits: dict[str, Sequence[Bound]] = {}
        self._told_at = host.clock.monotonic()

    @hookimpl(before="sampling")
    def e11y_sample(self, schema: Schema) -> Sample | None:
        """Answer with a step for the types that a limit holds for; core asks for none of audit types."""
        if schema.option(RateLimit) is OFF:
            return None
        limits = self._limiter.limits(schema)
        self._limits[schema.qualified_name] = limits
        return make_step(limits, self._host.clock.monotonic, words(limits)) if limits else None

    @hookimpl
    def e11y_commands(self, group: click.Group) -> None:
        """Add ``e11y ratelimit``."""
        from e11y_ratelimit.commands import make_group  # noqa: PLC0415 - only the command line needs it

        # To list the schemas is to compile the types, which asks for their limits.
        group.add_command(make_group(self._host.schemas, lambda schema: self._limits.get(schema.qualified_name, ())))

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        """Have the periodic work done."""
        host.every(_TIDY_S, self._tidy)
        host.every(self._settings.summary_s, self._summarize)

    @hookimpl
    def e11y_forked(self) -> None:
        """Leave to the parent what it has not told yet."""
        if self._lender is not None:
            self._lender.reset()
        self._limiter.after_fork()
        self._told_at = self._host.clock.monotonic()

    @hookimpl
    def e11y_stopping(self) -> None:
        """Tell what was suppressed since the last summary."""
        self._summarize()

    @hookimpl
    def e11y_stopped(self) -> None:
        """End the thread that fetches leases."""
        if self._lender is not None:
            self._lender.stop()

    def _shared(self, meter: Meter, name: str, limit: Limit) -> Meter:
        if self._settings.redis is None or self._lender is None:
            return meter
        size = max(1, round(limit.limit * self._settings.redis.lease))
        return LeasedMeter(meter, self._lender, name, size, limit.limit, limit.per_s)

    def _tidy(self) -> None:
        if self._lender is not None:
            self._lender.tend()
        now = self._host.clock.monotonic()
        for table in self._limiter.tables:
            table.tidy(now)
            for name, amount in table.take_counts().items():
                if amount:
                    self._host.count(name, amount)

    def _summarize(self) -> None:
        now = self._host.clock.monotonic()
        window_s, self._told_at = now - self._told_at, now
        track_summary(self._limiter.excesses, round(window_s, 3))
