"""All buckets of one process: made once for each limit, handed to every event type that it holds for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

from e11y import ConfigError, Host, Schema
from e11y.schema import unwrap
from e11y_ratelimit.cell import Cell, Meter
from e11y_ratelimit.excess import Excess, Reason
from e11y_ratelimit.key_table import KeyTable
from e11y_ratelimit.limit import Limit
from e11y_ratelimit.option import RateLimit
from e11y_ratelimit.rules import event_rule, matches
from e11y_ratelimit.settings import RateLimitSettings
from e11y_ratelimit.sliding_window import SlidingWindow
from e11y_ratelimit.step import Bound, BucketPerKey, OneBucket
from e11y_ratelimit.token_bucket import TokenBucket

_ALIKE = 0.8
"""From which likeness on a field may have been meant: ``user_id`` for ``user_idd``, not ``user_name``."""

Share = Callable[[Meter, str, Limit], Meter]
"""Takes a meter, a name that is the same in every process, and the limit; returns a meter for all processes."""


class Limiter:
    """Finds the limits of an event type and holds their buckets.

    Args:
        settings: The plugin's.
        host: Gives time and chance.
        share: Makes a limit hold for all processes together; ``None``: each process for itself.

    Attributes:
        excesses: What is above each limit, for each event type.
        tables: The buckets per key.
    """

    def __init__(self, settings: RateLimitSettings, host: Host, share: Share | None) -> None:
        self._settings = settings
        self._host = host
        self._share = share
        self._buckets: dict[str, tuple[Meter, Cell]] = {}
        self._tables: dict[str, tuple[Meter, KeyTable]] = {}
        self.excesses: list[Excess] = []

    @property
    def tables(self) -> list[KeyTable]:
        return [table for _, table in list(self._tables.values())]

    def limits(self, schema: Schema) -> list[Bound]:
        """Return the limits of an event type, the narrowest first.

        Raises:
            ConfigError: A key is a field whose values cannot be told apart.
        """
        return [*self._per_key(schema), *self._per_event(schema), *self._global(schema)]

    def after_fork(self) -> None:
        """Forget what was suppressed and not told yet: it is the parent's. For forked children only."""
        for table in self.tables:
            table.after_fork()
        for excess in self.excesses:
            excess.dropped.take()
            excess.lettered.take()

    def _per_key(self, schema: Schema) -> Iterator[Bound]:
        for key, limit in self._declared(schema).items():
            if key is not None:
                name = f"key:{key}:{schema.name}"
                yield self._bucket_per_key(schema, key, limit, name, self._settings.max_keys)
        for place, rule in enumerate(self._settings.keys):
            if matches(rule.match, schema):
                name = f"key:{rule.by}:{rule.match}:{place}"
                yield self._bucket_per_key(schema, rule.by, rule, name, rule.max_keys)

    def _per_event(self, schema: Schema) -> Iterator[Bound]:
        declared = self._declared(schema).get(None)
        rule = event_rule(self._settings.events, schema)
        if declared is not None:
            yield self._one_bucket(schema, declared, f"event:{schema.name}", "rate_limited_event")
        elif rule is not None:
            name = f"match:{rule.match}" if rule.shared else f"event:{schema.name}"
            yield self._one_bucket(schema, rule, name, "rate_limited_event")

    def _global(self, schema: Schema) -> Iterator[Bound]:
        everything = self._settings.everything
        if everything is not None:
            yield self._one_bucket(schema, everything, "global", "rate_limited_global")

    def _declared(self, schema: Schema) -> Mapping[str | None, Limit]:
        option = schema.option(RateLimit)
        return option.limits if isinstance(option, RateLimit) else {}

    def _one_bucket(self, schema: Schema, limit: Limit, name: str, reason: Reason) -> OneBucket:
        found = self._buckets.get(name)
        if found is None:
            meter = self._meter(limit, name)
            found = self._buckets.setdefault(name, (meter, meter.fresh()))  # two threads may compile a type at once
        return OneBucket(*found, self._excess(schema, limit, reason))

    def _bucket_per_key(self, schema: Schema, key: str, limit: Limit, name: str, max_keys: int) -> BucketPerKey:
        field = schema.fields.get(key)
        if field is not None:
            self._check_key(schema, key)
        else:
            self._warn_of_mistyped(schema, key)
        found = self._tables.get(name)
        if found is None:
            meter = self._meter(limit, name)
            table = KeyTable(meter, max_keys, limit.per_s, self._host.clock.monotonic())
            found = self._tables.setdefault(name, (meter, table))
        return BucketPerKey(*found, key, field is not None, self._excess(schema, limit, "rate_limited_key"))

    def _meter(self, limit: Limit, name: str) -> Meter:
        now = self._host.clock.monotonic()
        if (limit.algorithm or self._settings.algorithm) == "token_bucket":
            bucket = TokenBucket(limit.limit, limit.per_s, now)
            return bucket if self._share is None else self._share(bucket, name, limit)
        if self._share is not None:
            raise ConfigError(
                f"the limit {name!r} is a sliding window, which processes cannot share",
                where="[tool.e11y.ratelimit] with a table 'redis'",
                fix='let it use  algorithm = "token_bucket"',
            )
        return SlidingWindow(limit.limit, limit.per_s, now)

    def _excess(self, schema: Schema, limit: Limit, reason: Reason) -> Excess:
        excess = Excess(schema, limit, reason, self._host.random.random)
        self.excesses.append(excess)
        return excess

    def _check_key(self, schema: Schema, key: str) -> None:
        field = schema.fields[key]
        if not _is_atomic(field.type):
            raise ConfigError(
                f"rate limit by {key!r}: the values of this field of {schema.event_type.__name__} cannot be counted by",
                where=f"class {schema.qualified_name}",
                fix="limit by a field that holds text, a number, a UUID, a date or an enum",
            )
        if field.filtered:
            self._host.logger.warning(
                "ratelimit: %s is limited by %r, which a filter may change; a hash is as good a key as the value, "
                "but events whose value is masked are not limited by it",
                schema.name,
                key,
            )

    def _warn_of_mistyped(self, schema: Schema, key: str) -> None:
        """Say it where a key looks like a field that was meant: without a value nothing is limited."""
        import difflib  # noqa: PLC0415 - most keys are fields

        near = difflib.get_close_matches(key, schema.fields, n=1, cutoff=_ALIKE)
        if near:
            self._host.logger.warning(
                "ratelimit: %s is limited by %r, which is no field of it, so the context value of that name counts; "
                "was the field %r meant?",
                schema.name,
                key,
                near[0],
            )


def _is_atomic(kind: Any) -> bool:
    """Return whether values of a type are hashable and small."""
    kind, _ = unwrap(kind)
    if get_origin(kind) in (Union, UnionType):
        return all(_is_atomic(part) for part in get_args(kind))
    return get_origin(kind) is Literal or (isinstance(kind, type) and (kind in _ATOMS or issubclass(kind, Enum)))


_ATOMS = (str, int, bool, float, Decimal, UUID, bytes, date, datetime, type(None))
