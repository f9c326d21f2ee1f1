"""What may stand in ``slo.yml``."""

from __future__ import annotations

from typing import Any, Final

from e11y_slo.exported import CATALOGUE
from e11y_slo.located import Path
from e11y_slo.option import NAME
from e11y_slo.shape import (
    Complain,
    Shape,
    anything,
    choice,
    duration,
    flag,
    list_of,
    nullable,
    number,
    table,
    table_of,
    text,
)

_RATIO = number(0, 1, above=True)
_MILLISECONDS = nullable(number(0, above=True))

_QUANTILES: dict[str, Shape] = {
    "enabled": flag,
    "p99": _MILLISECONDS,
    "p95": _MILLISECONDS,
    "p50": _MILLISECONDS,
    "p99_target": _MILLISECONDS,
    "p95_target": _MILLISECONDS,
}
_LATENCY = nullable(table(_QUANTILES))
_AVAILABILITY = nullable(table({"enabled": flag, "target": _RATIO, "good": list_of(choice("2xx", "3xx", "4xx"))}))
_THROUGHPUT = nullable(
    table(
        {
            "enabled": flag,
            "min_rps": nullable(number(0)),
            "max_rps": nullable(number(0, above=True)),
            "max_jobs_per_hour": nullable(number(0, above=True)),
        }
    )
)
_LEVEL = table(
    {
        "enabled": flag,
        "window": duration,
        "threshold": number(0, above=True),
        "alert_after": duration,
        "severity": choice("critical", "warning", "info"),
    }
)
_BURN = table({"min_failures": number(1), "fast": _LEVEL, "medium": _LEVEL, "slow": _LEVEL})
_BLOCK: dict[str, Shape] = {
    "window": duration,
    "availability": _AVAILABILITY,
    "latency": _LATENCY,
    "throughput": _THROUGHPUT,
    "burn_rate_alerts": _BURN,
}
_FLAT: dict[str, Shape] = {
    "availability_target": _RATIO,
    "latency_p99_target": _MILLISECONDS,
    "latency_p95_target": _MILLISECONDS,
}
_JOB = table(
    {
        **_BLOCK,
        "enabled": flag,
        "success_rate_target": _RATIO,
        "alert_on_single_failure": flag,
    }
)


def _endpoint(value: Any, path: Path, complain: Complain) -> None:
    """Check one endpoint: it must say which requests are meant."""
    table(
        {
            "name": _name,
            "description": text,
            "pattern": text,
            "route": text,
            "method": choice("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
            "tags": list_of(text),
            "slo": nullable(table({**_BLOCK, **_FLAT})),
        }
    )(value, path, complain)
    if isinstance(value, dict) and ("pattern" in value) == ("route" in value):
        fix = 'write  pattern: "POST /orders/:id"  or  route: "/orders/{id}"'
        complain(path, "an endpoint needs either 'pattern' or 'route'", fix)


def _version(value: Any, path: Path, complain: Complain) -> None:
    if isinstance(value, bool) or str(value) not in ("1", "1.0"):
        complain(path, "the version of the file is unknown", "write  version: 1")


def _name(value: Any, path: Path, complain: Complain) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
        complain(path, "the name of an objective must be short printable text", 'write  name: "checkout"')


def _event_name(value: Any, path: Path, complain: Complain) -> None:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        what = "the name of an objective consists of letters, digits, '_', '.' and '-'"
        complain(path, what, "write it as in @slo(contributes_to=...)")


def _metric_name(value: Any, path: Path, complain: Complain) -> None:
    if not isinstance(value, str) or not value.isidentifier() or not value.isascii():
        complain(path, "'metric_name' must be the name of a metric", "write letters, digits and underscores")
    elif value in {one.name for one in CATALOGUE}:
        complain(path, f"'metric_name' is {value!r}, which is counted itself", "choose another name, or leave it out")


def _component(value: Any, path: Path, complain: Complain) -> None:
    """Check one part of the aggregated objective."""
    table({"name": text, "weight": number(0, 1), "metric": text, "slo": text}, required=["name"])(value, path, complain)
    if isinstance(value, dict) and ("metric" in value) == ("slo" in value):
        complain(path, "a component needs either 'metric' or 'slo'", "write  slo: <name>  or  metric: <PromQL>")


_AGGREGATED = table(
    {
        "enabled": flag,
        "strategy": choice("weighted_average", "min", "max"),
        "components": list_of(_component),
        "target": _RATIO,
        "window": duration,
    }
)
_CUSTOM = table(
    {
        "name": _event_name,
        "description": text,
        "type": choice("event_based", "event_sequence"),
        "events": list_of(text),
        "target": _RATIO,
        "window": duration,
        "require_explicit_slo_config": flag,
        "metric_name": _metric_name,
        "latency": nullable(table({**_QUANTILES, "field": text})),
        "throughput": _THROUGHPUT,
        "group_by": text,
        "burn_rate_alerts": _BURN,
    },
    required=["name"],
)

SCHEMA: Final = table(
    {
        "version": _version,
        "defaults": table(_BLOCK),
        "endpoints": list_of(_endpoint),
        "services": table_of(table({"default": nullable(_JOB), "jobs": table_of(nullable(_JOB))})),
        "app_wide": table(
            {
                "http": nullable(table({**_BLOCK, **_FLAT, "enabled": flag})),
                **dict.fromkeys(("jobs", "celery", "sidekiq", "activejob"), nullable(_JOB)),
                "events": nullable(table({**_BLOCK, **_FLAT, "enabled": flag})),
                "aggregated_slo": nullable(_AGGREGATED),
            }
        ),
        "custom_slos": list_of(_CUSTOM),
        "e11y_self_monitoring": table({"enabled": flag, "targets": anything}),
        "advanced": table(
            {
                "error_budget_alerts": table(
                    {
                        "enabled": flag,
                        "thresholds": list_of(number(0, 1_000, above=True)),
                        "notify": anything,
                    }
                ),
                "deployment_gate": anything,
                "autoscaling": anything,
                "base_url": text,
                "dashboard_url": text,
                "runbook_url": text,
            }
        ),
    },
    required=["version"],
)
