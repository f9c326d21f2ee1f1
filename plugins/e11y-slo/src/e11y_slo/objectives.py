"""One objective, ready to make rules from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs

from e11y.units import seconds, seconds_text
from e11y_slo.selectors import Indicator, Selector

Kind = Literal["http", "job", "event"]


@attrs.frozen
class Burn:
    """One alert on how fast the budget burns.

    Args:
        level: ``fast``, ``medium`` or ``slow``.
        window: As PromQL writes it; it must burn that long,
        alert_after: and in the last part of it too, so that the alert ends soon after the failures do.
        threshold: Times the speed that would just spend the budget.
        severity: Label of the alert.
    """

    level: str
    window: str
    alert_after: str
    threshold: float
    severity: str


@attrs.frozen
class Latency:
    """Most seconds that a share of the calls may take."""

    quantile: float
    seconds: float


@attrs.frozen(eq=False)
class Objective:
    """What is promised about one indicator.

    Args:
        name: Unique.
        kind: What it is about.
        indicator: Series that count.
        durations: Histogram that fits it; ``None``: there is none.
        target: Share that must go well, above 0, up to 1.
        window: Over which, as PromQL writes it.
        has_ratio: Whether the share is looked at.
        burns: Alerts on it.
        min_failures: Fewer failures in the window of an alert are no alarm: one failure of three is no outage.
        latencies: Promises about durations.
        min_rps, max_rps: Promises about traffic.
        single_failure: Whether each failure is an alarm.
        metric_name: Under which the share is recorded too.
        description: For people.
        labels: For URL templates: ``route``, ``method``, ...
    """

    name: str
    kind: Kind
    indicator: Indicator
    durations: Selector | None
    target: float
    window: str
    has_ratio: bool = True
    burns: tuple[Burn, ...] = ()
    min_failures: float = 5
    latencies: tuple[Latency, ...] = ()
    min_rps: float | None = None
    max_rps: float | None = None
    single_failure: bool = False
    metric_name: str | None = None
    description: str = ""
    labels: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def shortest(self) -> str:
        """The shortest window that is looked at."""
        return min((burn.alert_after for burn in self.burns), key=seconds, default="5m")

    @property
    def allowed(self) -> float:
        """The share that may go wrong."""
        return round(1 - self.target, 12)  # 1 - 0.9 is a little less than 0.1

    def windows(self) -> list[str]:
        """Return every window of its alerts, the shortest first."""
        found = {window for burn in self.burns for window in (burn.window, burn.alert_after)}
        return sorted(found, key=seconds)


DEFAULTS: Mapping[str, Any] = {
    "window": "30d",
    "availability": {"enabled": True, "target": 0.999, "good": ["2xx", "3xx"]},
    "latency": {"enabled": True, "p99": 500, "p95": 300, "p50": None},
    "throughput": {"enabled": False},
    "burn_rate_alerts": {
        "min_failures": 5,
        "fast": {"enabled": True, "window": "1h", "threshold": 14.4, "alert_after": "5m", "severity": "critical"},
        "medium": {"enabled": True, "window": "6h", "threshold": 6.0, "alert_after": "30m", "severity": "warning"},
        "slow": {"enabled": True, "window": "3d", "threshold": 1.0, "alert_after": "6h", "severity": "info"},
    },
}
"""What holds where ``slo.yml`` says nothing."""

JOB_DEFAULTS: Mapping[str, Any] = {
    "availability": {"target": 0.995},
    "latency": {"enabled": False, "p99": None, "p95": None},
    "burn_rate_alerts": {
        "fast": {"alert_after": "10m"},
        "medium": {"alert_after": "1h"},
        "slow": {"alert_after": "12h"},
    },
}

EVENT_DEFAULTS: Mapping[str, Any] = {"latency": {"enabled": False, "p99": None, "p95": None}}

_FLAT = {
    "availability_target": ("availability", "target"),
    "success_rate_target": ("availability", "target"),
    "target": ("availability", "target"),
    "latency_p99_target": ("latency", "p99"),
    "latency_p95_target": ("latency", "p95"),
}
_SAME = {"p99_target": "p99", "p95_target": "p95"}


def nested(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return a block of settings in its one form: no flat keys, and what names a number is switched on."""
    found = {key: dict(part) if isinstance(part, dict) else part for key, part in block.items()}
    for flat, (outer, inner) in _FLAT.items():
        if flat in found:
            part = found.setdefault(outer, {})
            part[inner] = found.pop(flat)
    for key in ("availability", "latency", "throughput"):
        part = found.get(key)
        if key in found and part is None:
            found[key] = {"enabled": False}
        elif isinstance(part, dict):
            part = {_SAME.get(name, name): value for name, value in part.items()}
            found[key] = {"enabled": True, **part}
    return found


def merged(*blocks: Mapping[str, Any]) -> dict[str, Any]:
    """Return blocks laid over each other key by key; later ones win."""
    result: dict[str, Any] = {}
    for block in blocks:
        for key, value in block.items():
            under = result.get(key)
            is_both = isinstance(under, Mapping) and isinstance(value, Mapping)
            result[key] = merged(under, value) if is_both else value  # type: ignore[arg-type]
    return result


def objective(
    name: str, kind: Kind, indicator: Indicator, durations: Selector | None, block: Mapping[str, Any], **more: Any
) -> Objective:
    """Return the objective that a complete block of settings describes."""
    availability, latency, throughput = block["availability"], block["latency"], block["throughput"]
    quantiles = {0.99: "p99", 0.95: "p95", 0.5: "p50"}
    limits = [(quantile, latency.get(key)) for quantile, key in quantiles.items()] if latency["enabled"] else []
    per_hour = throughput.get("max_jobs_per_hour")
    traffic = throughput if throughput["enabled"] else {}
    return Objective(
        name,
        kind,
        indicator,
        durations,
        float(availability["target"]),
        in_promql(block["window"]),
        has_ratio=availability["enabled"],
        burns=tuple(_burns(block["burn_rate_alerts"])) if availability["enabled"] else (),
        min_failures=block["burn_rate_alerts"]["min_failures"],
        latencies=tuple(Latency(quantile, limit / 1000) for quantile, limit in limits if limit is not None),
        min_rps=traffic.get("min_rps"),
        max_rps=per_hour / 3600 if traffic and per_hour else traffic.get("max_rps"),
        **more,
    )


def _burns(block: Mapping[str, Any]) -> Iterator[Burn]:
    for level in ("fast", "medium", "slow"):
        one = block[level]
        if one["enabled"]:
            window, after = in_promql(one["window"]), in_promql(one["alert_after"])
            yield Burn(level, window, after, float(one["threshold"]), one["severity"])


def in_promql(duration: str) -> str:
    """Return a duration as PromQL writes it."""
    return seconds_text(seconds(duration))
