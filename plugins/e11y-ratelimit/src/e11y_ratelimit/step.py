"""The step: asks every limit of one event type, the narrowest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from e11y import CONTEXT, META, Drop, Sample, Severity
from e11y.steps import Need
from e11y_ratelimit.cell import Cell, Meter
from e11y_ratelimit.excess import Excess
from e11y_ratelimit.key_table import KeyTable
from e11y_ratelimit.token_bucket import TokenBucket


@attrs.frozen(eq=False)
class OneBucket:
    """A limit with a single bucket.

    Args:
        meter: Decides.
        cell: The bucket; event types may share it.
        excess: Answers for what is above the limit.
    """

    meter: Meter
    cell: Cell
    excess: Excess


@attrs.frozen(eq=False)
class BucketPerKey:
    """A limit with a bucket for every value of a key.

    Args:
        meter: Decides.
        table: The buckets; event types may share them.
        key: Name of the field or context value.
        in_payload: Whether it is a field.
        excess: Answers for what is above the limit.
    """

    meter: Meter
    table: KeyTable
    key: str
    in_payload: bool
    excess: Excess


Bound = OneBucket | BucketPerKey


def make_step(limits: Sequence[Bound], monotonic: Callable[[], float], doc: str = "") -> Sample:
    """Return the step for an event type.

    Args:
        limits: At least one, the narrowest first: per key, per event, global.
        monotonic: Seconds.
        doc: What ``e11y explain`` says of it.
    """
    first = limits[0]
    if len(limits) > 1 or (isinstance(first, BucketPerKey) and not first.in_payload):
        step = _many(limits, monotonic)
    else:
        step = _one(first, monotonic) if isinstance(first, OneBucket) else _one_per_key(first, monotonic)
    return attrs.evolve(step, doc=doc)


def _one(limit: OneBucket, monotonic: Callable[[], float]) -> Sample:
    take, cell, excess = limit.meter.take, limit.cell, limit.excess.answer
    if isinstance(limit.meter, TokenBucket):
        return Sample(limit.meter.step(cell, monotonic, excess), needs=(META.severity,))

    def below_limit(severity: Severity) -> float | Drop:
        return 1.0 if take(cell, monotonic()) else excess(severity)

    return Sample(below_limit, needs=(META.severity,))


def _one_per_key(limit: BucketPerKey, monotonic: Callable[[], float]) -> Sample:
    take, table, excess = limit.meter.take, limit.table, limit.excess.answer

    def below_limit(severity: Severity, key: object) -> float | Drop:
        now = monotonic()
        cell = table.young.get(key) or table.older(key, now)
        return 1.0 if cell is None or take(cell, now) else excess(severity)

    return Sample(below_limit, needs=(META.severity, limit.key))


def _many(limits: Sequence[Bound], monotonic: Callable[[], float]) -> Sample:
    needs: list[str | Need] = [META.severity]
    rows: list[tuple[Meter, Cell | None, KeyTable | None, int, str, Excess]] = []
    for limit in limits:
        if isinstance(limit, OneBucket):
            rows.append((limit.meter, limit.cell, None, 0, "", limit.excess))
            continue
        need = limit.key if limit.in_payload else CONTEXT
        if need not in needs:
            needs.append(need)
        name = "" if limit.in_payload else limit.key
        rows.append((limit.meter, None, limit.table, needs.index(need) - 1, name, limit.excess))

    def below_limits(severity: Severity, *values: Any) -> float | Drop:
        now = monotonic()
        weight = 1.0
        taken: list[tuple[Meter, Cell]] = []
        for meter, only, table, place, name, excess in rows:
            cell = only
            if table is not None:
                value = values[place]
                cell = table.cell(value.get(name) if name else value, now)
            if cell is None:
                continue
            if meter.take(cell, now):
                taken.append((meter, cell))
                continue
            answer = excess.answer(severity)
            if isinstance(answer, Drop):
                for narrower, used in taken:  # what a broad limit refuses does not use up the narrow ones
                    narrower.give(used, now)
                return answer
            weight *= answer
        return weight

    return Sample(below_limits, needs=tuple(needs))
