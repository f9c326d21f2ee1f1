"""Unit tests of the rules, for ``promtool test rules``: each alert fires when it should, and only then."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from e11y.units import seconds
from e11y_slo.document import Document
from e11y_slo.exported import CATALOGUE
from e11y_slo.objectives import Burn, Objective
from e11y_slo.rules import recorded
from e11y_slo.selectors import Match, Selector

_STEPS_IN_SHORTEST = 5
_BUSY = 1_000
"""Calls between two samples."""

_LOW_STEP_S, _LOW_SAMPLES = 60, 20  # alerts of one window wait for 5 minutes, and nothing lets them end soon

Case = dict[str, Any]


def rule_tests(document: Document, rules_file: str) -> dict[str, Any]:
    """Return the content of a test file.

    Args:
        document: What the rules were made of.
        rules_file: Path of the rules, relative to the test file.
    """
    tested = [one for one in document.objectives if one.burns]
    cases = [case for one in tested for burn in one.burns for case in _cases(one, burn)]
    burns = len(cases)
    if document.aggregated is not None:
        cases.extend(_aggregated(document, document.aggregated))
    if document.watches_itself:
        cases.extend(_delivery(document.defaults["burn_rate_alerts"]["min_failures"]))
    interval = min([*map(_step, tested), *([] if len(cases) == burns else [_LOW_STEP_S])], default=60)
    return {"rule_files": [rules_file], "evaluation_interval": f"{interval}s", "tests": cases}


def _step(one: Objective) -> int:
    """Return the seconds between two samples. Long windows are not simulated: what is in them counts, not their age."""
    return max(1, int(seconds(one.shortest)) // _STEPS_IN_SHORTEST)


def _cases(one: Objective, burn: Burn) -> Iterator[Case]:
    """Yield healthy traffic, an outage, and a few failures among little traffic."""
    few, busy = min(2.0, one.min_failures - 1), max(_BUSY, one.min_failures)
    yield _case(one, burn, "healthy traffic is no alarm", [(20, busy, 0)], [(20, False)])
    if burn.alert_after == one.shortest:
        phases = [(20, busy, busy), (3 * _STEPS_IN_SHORTEST, busy, 0)]
        expected = [(20, True), (20 + 3 * _STEPS_IN_SHORTEST, False)]
        yield _case(one, burn, "an outage is an alarm, and its end ends it", phases, expected)
    else:
        yield _case(one, burn, "an outage is an alarm", [(20, busy, busy)], [(20, True)])
    yield _case(one, burn, "few failures are no alarm", [(1, 0, 0), (1, few, few), (18, 0, 0)], [(20, False)])


def _case(
    one: Objective,
    burn: Burn,
    name: str,
    phases: Sequence[tuple[int, float, float]],
    expected: Sequence[tuple[int, bool]],
) -> Case:
    """Return one test.

    Args:
        one: Objective whose alert is tested.
        burn: The alert.
        name: What is shown.
        phases: Samples, calls per sample, failures among them; one phase after the other.
        expected: Sample -> whether the alarm is on.
    """
    alarm = (Match("alertname", "=", f"SLOBurnRate{burn.level.capitalize()}"), *recorded("", one).matches)
    return _written(f"{one.name}, {burn.level}: {name}", _step(one), _input(one, phases), alarm, expected)


def _aggregated(document: Document, table: Mapping[str, Any]) -> Iterator[Case]:
    """Yield the same for the aggregated objective, if it is made of objectives: what else it reads is not known."""
    parts = [document.find(component.get("slo", "")) for component in table["components"]]
    objectives = {one.name: one for one in parts if one is not None}
    if None in parts:
        return
    first = next(iter(objectives.values()))
    few = min(2.0, first.min_failures - 1)
    busy = max(_BUSY, *(one.min_failures for one in objectives.values()))
    alarm = (Match("alertname", "=", "SLOAggregatedLow"),)
    for name, phases, failing, is_on in (
        ("healthy traffic is no alarm", [(_LOW_SAMPLES, busy)], [], False),
        ("an outage is an alarm", [(_LOW_SAMPLES, busy)], [*objectives], True),
        ("few failures are no alarm", [(1, 0.0), (1, few), (_LOW_SAMPLES - 2, 0.0)], [first.name], False),
    ):
        series: dict[str, str] = {}
        for one in objectives.values():
            failed = one.name in failing
            series |= _input(one, [(samples, calls, calls if failed else 0) for samples, calls in phases])
        yield _written(f"aggregated: {name}", _LOW_STEP_S, series, alarm, [(_LOW_SAMPLES, is_on)])


def _delivery(min_failures: float) -> Iterator[Case]:
    """Yield the same for the delivery of events."""
    few, busy = min(2.0, min_failures - 1), max(_BUSY, min_failures)
    series = 'e11y_adapter_writes_total{{adapter="example",status="{}",reason=""}}'
    alarm = (Match("alertname", "=", "E11yDeliveryRateLow"),)
    for name, calls, failures, is_on in (
        ("what arrives is no alarm", [(_LOW_SAMPLES, busy)], [(_LOW_SAMPLES, 0.0)], False),
        ("an outage is an alarm", [(_LOW_SAMPLES, 0.0)], [(_LOW_SAMPLES, busy)], True),
        ("few failures are no alarm", [(_LOW_SAMPLES, 0.0)], [(1, 0.0), (1, few), (_LOW_SAMPLES - 2, 0.0)], False),
    ):
        values = {series.format("delivered"): _values(calls), series.format("dead_lettered"): _values(failures)}
        yield _written(f"delivery: {name}", _LOW_STEP_S, values, alarm, [(_LOW_SAMPLES, is_on)])


def _input(one: Objective, phases: Sequence[tuple[int, float, float]]) -> dict[str, str]:
    """Return series -> values of what an objective counts."""
    good, bad = _series(one.indicator.total[0], good=True), _series(one.indicator.bad[0], good=False)
    return {
        str(good): _values([(samples, calls - failed) for samples, calls, failed in phases]),
        str(bad): _values([(samples, failed) for samples, _, failed in phases]),
    }


def _written(
    name: str, step: int, series: Mapping[str, str], alarm: tuple[Match, ...], expected: Sequence[tuple[int, bool]]
) -> Case:
    """Return a test in promtool's form: whether an alarm is on, some samples of ``step`` seconds after the start."""
    name_of, *rest = alarm
    firing = Selector("ALERTS", (name_of, Match("alertstate", "=", "firing"), *rest))
    return {
        "name": name,
        "interval": f"{step}s",
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f"count({firing}) or vector(0)",
                "eval_time": f"{at * step}s",
                "exp_samples": [{"labels": "{}", "value": int(is_on)}],
            }
            for at, is_on in expected
        ],
    }


def _values(phases: Sequence[tuple[int, float]]) -> str:
    """Return the values of a counter in promtool's notation; it begins with 0 and takes up at each phase."""
    parts, value = ["0"], 0.0
    for samples, growth in phases:
        parts.append(f"{value + growth:g}" if samples == 1 else f"{value + growth:g}+{growth:g}x{samples - 1}")
        value += samples * growth
    return " ".join(parts)


_EXAMPLES = {"route": "/example", "method": "GET", "task": "example", "slo_name": "example"}


def _series(selector: Selector, *, good: bool) -> Selector:
    """Return a series that a selector finds: with every label that the metric has."""
    metric = next(one for one in CATALOGUE if one.name == selector.metric)
    said = {match.label: match for match in selector.matches}
    labels = {label: _value(label, said.get(label)) for label in metric.labels}
    status = next(label for label in ("status", "slo_status") if label in labels)
    if metric.kind == "counter":
        words = {"slo_http_requests_total": ("2xx", "5xx"), "slo_background_jobs_total": ("success", "failed")}
        labels[status] = words.get(metric.name, ("success", "failure"))[0 if good else 1]
    return Selector(metric.name, tuple(Match(label, "=", value) for label, value in labels.items()))


def _value(label: str, match: Match | None) -> str:
    if match is None or match.op in ("!=", "!~"):
        return _EXAMPLES.get(label, "")
    if match.op == "=":
        return match.value
    return re.sub(r"\\(.)", r"\1", match.value.replace("[^/]+", "example").replace(".*", "example"))
