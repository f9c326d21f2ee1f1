"""The dashboard for Grafana. Every expression reads series that are exported, whether rules are loaded or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from e11y_slo.document import Document
from e11y_slo.exported import REQUESTS
from e11y_slo.objectives import Latency, Objective
from e11y_slo.rules import DELIVERY, aggregated_ratio, budget_left, quantile, success_ratio

TITLE: Final = "E11y SLO Dashboard"
SCHEMA_VERSION: Final = 38

_WIDTH = 12
_HEIGHT = 8
_FIRST_CUSTOM = 10
_AGGREGATED = 100
_SELF = 200

Panel = dict[str, Any]
Target = tuple[str, str]
"""Legend and expression."""


def dashboard(document: Document) -> dict[str, Any]:
    """Return the dashboard as Grafana imports it."""
    panels = list(_panels(document))
    for at, panel in enumerate(panels):
        panel["gridPos"] = {"x": at % 2 * _WIDTH, "y": at // 2 * _HEIGHT, "w": _WIDTH, "h": _HEIGHT}
    return {
        "title": TITLE,
        "uid": "e11y-slo",
        "tags": ["e11y", "slo"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "time": {"from": "now-24h", "to": "now"},
        "refresh": "1m",
        "templating": {"list": [_datasource(), _variable("method"), _variable("route")]},
        "panels": panels,
    }


def expressions(content: dict[str, Any]) -> list[str]:
    """Return every expression of a dashboard, its variables replaced by what they stand for at first."""
    found = [target["expr"] for panel in content["panels"] for target in panel["targets"]]
    return [one.replace("$method", ".*").replace("$route", ".*") for one in found]


def _panels(document: Document) -> Iterable[Panel]:
    watched = [one for one in document.objectives if one.has_ratio]
    requests = [one for one in watched if one.kind == "http"]
    jobs = [one for one in watched if one.kind == "job"]
    events = [one for one in document.objectives if one.kind == "event"]
    timed = [one for one in document.objectives if one.durations is not None and one.latencies]
    if requests:
        yield _panel(1, "Endpoint availability", _ratios(requests), unit="percentunit", high=1)
    if watched:
        left = [(one.name, budget_left(one)) for one in watched]
        yield _panel(
            2, "Error budget left", left, unit="percentunit", steps=[("red", None), ("yellow", 0.2), ("green", 0.5)]
        )
        burning = [(f"{one.name}, {one.burns[0].window}", _burn_rate(one)) for one in watched if one.burns]
        if burning:
            yield _panel(3, "Burn rate", burning)
    if timed:
        p99 = [(one.name, quantile(Latency(0.99, 0), one.durations, one.shortest)) for one in timed if one.durations]
        yield _panel(4, "p99 of durations", p99, unit="s")
    if requests:
        traffic = f'sum by (method, route, status) (rate({REQUESTS.name}{{method=~"$method",route=~"$route"}}[5m]))'
        yield _panel(5, "Requests per second", [("{{method}} {{route}} {{status}}", traffic)], unit="reqps")
    if jobs:
        yield _panel(6, "Background jobs that succeed", _ratios(jobs), unit="percentunit", high=1)
    for at, one in enumerate(events):
        number = _FIRST_CUSTOM + at if _FIRST_CUSTOM + at < _AGGREGATED else _SELF + 1 + at
        yield _panel(number, one.name, _ratios([one]), unit="percentunit", high=1)
    if document.aggregated is not None:
        ratio = [("aggregated", aggregated_ratio(document, document.aggregated))]
        yield _panel(_AGGREGATED, "Aggregated objective", ratio, unit="percentunit", low=0.99, high=1)
    if document.watches_itself:
        yield _panel(_SELF, "Events that arrive", [("delivered", DELIVERY)], unit="percentunit", high=1)


def _ratios(objectives: Iterable[Objective]) -> list[Target]:
    return [(one.name, success_ratio(one)) for one in objectives]


def _burn_rate(one: Objective) -> str:
    return f"{one.indicator.error_ratio(one.burns[0].window)} / {one.allowed:.10g}"


def _panel(
    number: int,
    title: str,
    targets: Iterable[Target],
    *,
    unit: str = "short",
    low: float | None = None,
    high: float | None = None,
    steps: Iterable[tuple[str, float | None]] = (("green", None),),
) -> Panel:
    limits = {name: value for name, value in (("min", low), ("max", high)) if value is not None}
    thresholds = {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}
    return {
        "id": number,
        "title": title,
        "type": "timeseries",
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": unit, **limits, "thresholds": thresholds}, "overrides": []},
        "targets": [
            {"refId": _reference(at), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for at, (legend, expression) in enumerate(targets)
        ],
    }


_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


def _reference(at: int) -> str:
    """Return A, B, ..., Z, A1, ...: what tells the queries of a panel apart."""
    return chr(ord("A") + at % 26) + (str(at // 26) if at >= 26 else "")


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _variable(label: str) -> dict[str, Any]:
    return {
        "name": label,
        "type": "query",
        "datasource": _SOURCE,
        "query": f"label_values({REQUESTS.name}, {label})",
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }
