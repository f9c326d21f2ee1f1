"""The table ``[tool.e11y.sampling]``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Literal

import attrs

from e11y.units import duration


def _is_share(_: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None and not 0 <= value <= 1:
        raise ValueError(f"{attribute.name} must be a number from 0 to 1")


def _is_positive(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if not value > 0:
        raise ValueError(f"{attribute.name} must be more than 0")


def _are_rates_by_name(_: object, attribute: attrs.Attribute[Any], value: Mapping[str, float]) -> None:
    if not all(0 <= share <= 1 for share in value.values()):
        raise ValueError(f"every rate of {attribute.name} must be a number from 0 to 1")
    if any(mark in pattern for pattern in value for mark in "?["):
        raise ValueError("the star is the only wildcard: no event has a question mark or a bracket in its name")


def _share(default: float | None) -> Any:
    return attrs.field(default=default, validator=_is_share)


@attrs.frozen(eq=False)
class SeverityRates:
    """Table ``[tool.e11y.sampling.severity]``: rates for events that neither their class nor a name pattern rates.

    Args:
        debug, info, success, warn: Share of the events to keep; unset: the preset's, or ``default_rate``.
        error, fatal: The same; unset: 1.0, whatever preset, patterns and ``default_rate`` say.
    """

    debug: float | None = _share(None)
    info: float | None = _share(None)
    success: float | None = _share(None)
    warn: float | None = _share(None)
    error: float | None = _share(None)
    fatal: float | None = _share(None)


@attrs.frozen(eq=False)
class ErrorSpikeSettings:
    """Table ``[tool.e11y.sampling.error_spike]``: keep everything while errors pile up.

    Args:
        enabled: Whether errors are counted and a spike lifts all rates to 1.0.
        per_minute: More errors a minute than this are a spike.
        ratio: So many times the usual number of errors are a spike too.
        minimum_per_minute: Fewer errors a minute than this are no spike, whatever is usual.
        window_s: How long errors are counted for; also how often the usual number is learned.
        lasts_s: How long a spike lasts at least; it goes on while errors do.
    """

    enabled: bool = False
    per_minute: float = attrs.field(default=100.0, validator=_is_positive)
    ratio: float = attrs.field(default=3.0, validator=_is_positive)
    minimum_per_minute: float = attrs.field(default=10.0, validator=_is_positive)
    window_s: float = duration("60s", validator=_is_positive)
    lasts_s: float = duration("5m")


@attrs.frozen(eq=False)
class LoadLevel:
    """One entry of ``levels`` in ``[tool.e11y.sampling.load]``.

    Args:
        above: The level is entered at more events a second than this.
        rate: Highest rate on this level.
    """

    above: float = attrs.field(validator=_is_positive)
    rate: float = attrs.field(validator=_is_share)


def _are_ordered(_: object, attribute: attrs.Attribute[Any], value: tuple[LoadLevel, ...]) -> None:
    steps = list(pairwise(value))
    if not value or not all(one.above < two.above and one.rate > two.rate for one, two in steps):
        raise ValueError(f"{attribute.name} must go up in `above` and down in `rate`")


@attrs.frozen(eq=False)
class LoadSettings:
    """Table ``[tool.e11y.sampling.load]``: keep less while the process tracks more than usual.

    Args:
        enabled: Whether events are counted and levels cap the rates.
        levels: From the lowest to the highest.
        hysteresis: A level is left when the load is lower than ``above`` by more than this share of it ...
        settle_s: ... for so long.
        window_s: The load is the average over so long.
    """

    enabled: bool = False
    levels: tuple[LoadLevel, ...] = attrs.field(
        default=(LoadLevel(1_000.0, 0.5), LoadLevel(50_000.0, 0.1), LoadLevel(100_000.0, 0.01)), validator=_are_ordered
    )
    hysteresis: float = attrs.field(default=0.2, validator=_is_share)
    settle_s: float = duration("30s")
    window_s: float = duration("10s", validator=_is_positive)


@attrs.frozen(eq=False)
class SamplingSettings:
    """Table ``[tool.e11y.sampling]``. Rates are shares of the events to keep, from 0 (never) to 1 (always).

    Args:
        default_rate: For events that nothing else rates. A fallback: it lowers no other rate.
        preset: ``"severity"`` rates warn 0.5, success and info 0.1, debug 0.01.
        trace_consistent: Whether the trace id decides, so that events of one rate and one trace are kept or
            dropped together, here and in every other service. Otherwise, and outside of traces, chance does.
        parent: What the decision of a trace's caller means for events that are sampled at all. ``"honour"``: what
            it samples is kept, the rest dropped. ``"veto"``: what it does not sample is dropped. ``"ignore"``: nothing.
        parent_rate: Share of the traces that callers sample, where they do: what is kept then stands for more.
        severity: Rates by severity.
        names: Rates by event name, such as ``"order.*"``: ``*`` stands for any characters, and the most specific
            one counts.
        error_spike: Keep everything while errors pile up.
        load: Keep less while there is too much.
    """

    default_rate: float = _share(1.0)
    preset: Literal["severity"] | None = None
    trace_consistent: bool = True
    parent: Literal["honour", "veto", "ignore"] = "honour"
    parent_rate: float = attrs.field(default=1.0, validator=[_is_share, _is_positive])
    severity: SeverityRates = attrs.field(factory=SeverityRates)
    names: Mapping[str, float] = attrs.field(factory=dict, validator=_are_rates_by_name)
    error_spike: ErrorSpikeSettings = attrs.field(factory=ErrorSpikeSettings)
    load: LoadSettings = attrs.field(factory=LoadSettings)


PRESET_RATES: Mapping[str, float] = MappingProxyType({"warn": 0.5, "success": 0.1, "info": 0.1, "debug": 0.01})
"""What ``preset = "severity"`` stands for; error and fatal are kept with any preset."""
