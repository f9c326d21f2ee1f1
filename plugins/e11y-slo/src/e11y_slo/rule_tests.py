"""Unit tests of the rules, for ``promtool test rules``: each alert fires when it should, and only then."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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

Case = dict[str, Any]


def rule_tests(document: Document, rules_file: str) -> dict[str, Any]:
    """Return the content of a test file.

    Args:
        document: What the rules were made of.
        rules_file: Path of the rules, relative to the test file.
    """
    tested = [one for one in document.objectives if one.burns]
    cases = [case for one in tested for burn in one.burns for case in _cases(one, burn)]
    interval = min(map(_step, tested), default=60)
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
    step = _step(one)
    good, bad = _series(one.indicator.total[0], good=True), _series(one.indicator.bad[0], good=False)
    name_of = Match("alertname", "=", f"SLOBurnRate{burn.level.capitalize()}")
    alarm = Selector("ALERTS", (name_of, Match("alertstate", "=", "firing"), *recorded("ALERTS", one).matches))
    return {
        "name": f"{one.name}, {burn.level}: {name}",
        "interval": f"{step}s",
        "input_series": [
            {"series": str(good), "values": _values([(samples, calls - failed) for samples, calls, failed in phases])},
            {"series": str(bad), "values": _values([(samples, failed) for samples, _, failed in phases])},
        ],
        "promql_expr_test": [
            {
                "expr": f"count({alarm}) or vector(0)",
                "eval_time": f"{at * step}s",
                "exp_samples": [{"labels": "{}", "value": int(is_on)}],
            }
            for at, is_on in expected
        ],
    }


def _values(phases: list[tuple[int, float]]) -> str:
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
