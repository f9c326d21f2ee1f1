"""The table ``[tool.e11y.ratelimit]``."""

from __future__ import annotations

from typing import Any

import attrs

from e11y.units import duration
from e11y_ratelimit.limit import Algorithm, Limit, OnExcess, positive, share


def _at_least_two(instance: object, attribute: attrs.Attribute[Any], value: int) -> None:
    """Refuse a table of buckets that could not hold two generations."""
    del instance, attribute
    if value < 2:
        raise ValueError("must be 2 or more")


def _pattern(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    """Refuse the wildcards of other languages, which would never match."""
    del instance, attribute
    if any(mark in value for mark in "?["):
        raise ValueError("the star is the only wildcard: no event has a question mark or a bracket in its name")


@attrs.frozen(kw_only=True)
class EventRule(Limit):
    """A limit by name: ``[[tool.e11y.ratelimit.events]]``.

    Of all rules that match the name of an event type the most specific counts: the one with the most characters
    beside ``*``, and of equals the first.

    Args:
        match: Name of an event; ``*`` stands for any characters.
        shared: All event types that the rule holds for share one bucket. Otherwise each has its own.
    """

    match: str = attrs.field(validator=_pattern)
    shared: bool = False


@attrs.frozen(kw_only=True)
class KeyRule(Limit):
    """A limit per user, address, ...: ``[[tool.e11y.ratelimit.keys]]``. All matching event types count together.

    Args:
        by: Name of a payload field, or of a context value where a type has no such field. (Not ``key``, which the
            settings would hide as a secret.)
        match: Names of the events that count; ``*`` stands for any characters.
        max_keys: Most values that are remembered at a time.
    """

    by: str
    match: str = attrs.field(default="*", validator=_pattern)
    max_keys: int = attrs.field(default=10_000, validator=_at_least_two)


@attrs.frozen(kw_only=True)
class RedisSettings:
    """Limits that hold for all processes of the service together: ``[tool.e11y.ratelimit.redis]``.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``, as redis-py takes it. Never shown: it may hold a password.
        lease: Share of each limit that a process may fetch in advance.
        timeout_s: Longest wait for an answer, on a thread of the plugin; written ``timeout = "200ms"``.
        prefix: What every key in Redis begins with.
    """

    url: str = attrs.field(repr=False)
    lease: float = attrs.field(default=0.1, validator=share)
    timeout_s: float = duration("200ms", validator=positive)
    prefix: str = "e11y:ratelimit"


@attrs.frozen(kw_only=True, eq=False)
class RateLimitSettings:
    """Table ``[tool.e11y.ratelimit]``. Without any of it only the event types' own limits hold.

    Args:
        limit: Events of all types together, in ``per``; left out: no such limit.
        per_s: Seconds; written ``per = "1s"``.
        on_excess, keep: As for a rule, for events above the global limit.
        algorithm: For every limit that names none.
        events: Limits by name.
        keys: Limits per key.
        max_keys: Most values that are remembered at a time for a limit with a key that an event type declares.
        summary_s: How often a record tells what was suppressed; written ``summary = "60s"``.
        redis: Share the limits between processes.
    """

    limit: int | None = attrs.field(default=None, validator=positive)
    per_s: float = duration("1s", validator=positive)
    on_excess: OnExcess = "drop"
    keep: float = attrs.field(default=0.1, validator=share)
    algorithm: Algorithm = "token_bucket"
    events: tuple[EventRule, ...] = ()
    keys: tuple[KeyRule, ...] = ()
    max_keys: int = attrs.field(default=10_000, validator=_at_least_two)
    summary_s: float = duration("60s", validator=positive)
    redis: RedisSettings | None = None

    @property
    def everything(self) -> Limit | None:
        """The limit on events of all types together."""
        if self.limit is None:
            return None
        return Limit(limit=self.limit, per_s=self.per_s, on_excess=self.on_excess, keep=self.keep)
