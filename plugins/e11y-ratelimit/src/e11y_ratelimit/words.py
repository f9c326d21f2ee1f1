"""Limits as people and machines read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from e11y.units import seconds_text
from e11y_ratelimit.settings import EventRule, KeyRule
from e11y_ratelimit.step import Bound, BucketPerKey

_ABOVE = {"drop": "", "dead_letter": ", the rest to the dead letters"}


def words(limits: Sequence[Bound]) -> str:
    """Return for example ``3 per 1m by user_id; 100 per 1s over all``."""
    return "; ".join(map(_words, limits))


def facts(bound: Bound) -> dict[str, Any]:
    """Return one limit for machines.

    Keys: ``limit``; ``per_s``; ``by``: a payload field or context value, or ``None``; ``over``: names of the
    events that count together, ``None`` for the type alone; ``on_excess``; ``keep``.
    """
    limit = bound.excess.limit
    return {
        "limit": limit.limit,
        "per_s": limit.per_s,
        "by": bound.key if isinstance(bound, BucketPerKey) else None,
        "over": _over(bound),
        "on_excess": limit.on_excess,
        "keep": limit.keep if limit.on_excess == "sample" else None,
    }


def _words(bound: Bound) -> str:
    limit = bound.excess.limit
    told = f"{limit.limit} per {seconds_text(limit.per_s)}"
    if isinstance(bound, BucketPerKey):
        told += f" by {bound.key}" + ("" if bound.in_payload else " of the context")
    over = _over(bound)
    if over is not None:
        told += " over all" + ("" if over == "*" else f" {over}")
    return told + _ABOVE.get(limit.on_excess, f", {limit.keep:g} of the rest kept")


def _over(bound: Bound) -> str | None:
    limit = bound.excess.limit
    if bound.excess.reason == "rate_limited_global":
        return "*"
    return limit.match if isinstance(limit, KeyRule) or (isinstance(limit, EventRule) and limit.shared) else None
