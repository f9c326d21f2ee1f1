"""Recording rules and alerts for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from e11y_slo.document import Document
from e11y_slo.objectives import Burn, Latency, Objective, in_promql
from e11y_slo.selectors import Match, Selector, quoted

ERROR_RATIO: Final = "slo:error_ratio:rate"
"""Begins the name of the recorded share that went wrong; the window ends it."""

FAILURES: Final = "slo:failures:increase"
OBJECTIVE: Final = "slo:objective:ratio"
BUDGET: Final = "slo:error_budget_remaining:ratio"
AGGREGATED: Final = "slo:aggregated:ratio"

_OWN, _BUDGET = "slo", "slo_budget"  # first words of names of groups; no other group begins so, whatever follows
_BUDGET_INTERVAL = "2m"  # a month is long: what it says changes slowly, and an instant query looks back 5 minutes

Rule = dict[str, Any]
Group = dict[str, Any]


def rules(document: Document) -> dict[str, Any]:
    """Return the content of a rules file."""
    groups = [group for one in document.objectives for group in _groups(one, document.advanced)]
    if document.aggregated is not None:
        groups.append(_aggregated(document, document.aggregated))
    if document.watches_itself:
        groups.append({"name": "slo_e11y", "rules": [_delivery(document.defaults)]})
    return {"groups": groups}


def as_yaml(content: Mapping[str, Any], head: str) -> str:
    """Return YAML with a comment above it."""
    return f"# {head}\n" + yaml.safe_dump(dict(content), sort_keys=False, width=10_000)


def labels_of(one: Objective) -> dict[str, str]:
    """Return the labels of everything that is recorded about an objective."""
    return {"slo_name": one.name, "slo_kind": one.kind}


def recorded(name: str, one: Objective) -> Selector:
    """Return the selector of a recorded series of an objective."""
    return Selector(name, tuple(Match(label, "=", value) for label, value in labels_of(one).items()))


def success_ratio(one: Objective, window: str | None = None) -> str:
    """Return PromQL for the share that went well over a window, by default that of the objective."""
    return f"1 - {one.indicator.error_ratio(window or one.window)}"


def budget_left(one: Objective) -> str:
    """Return PromQL for the share of the budget that is left; negative when more than all of it is spent."""
    return f"1 - {one.indicator.error_ratio(one.window)} / {one.allowed:.10g}"


def quantile(latency: Latency, durations: Selector, window: str) -> str:
    """Return PromQL for a quantile of durations."""
    buckets = Selector(f"{durations.metric}_bucket", durations.matches)
    return f"histogram_quantile({latency.quantile:g}, sum by (le) (rate({buckets}[{window}])))"


def _groups(one: Objective, advanced: Mapping[str, Any]) -> Iterator[Group]:
    labels = labels_of(one)
    found: list[Rule] = []
    if one.has_ratio:
        windows = {burn.window: None for burn in one.burns}
        found.extend(_record(ERROR_RATIO + part, one.indicator.error_ratio(part), labels) for part in one.windows())
        found.extend(
            _record(FAILURES + part, one.indicator.expression("bad", "increase", part), labels) for part in windows
        )
        found.extend(_burn_alert(one, burn, advanced) for burn in one.burns)
    if one.durations is not None:
        found.extend(_latency_alert(one, latency, one.durations, advanced) for latency in one.latencies)
    found.extend(_traffic_alerts(one, advanced))
    if found:
        yield {"name": f"{_OWN} {one.name}", "rules": found}
    if one.has_ratio:
        yield {
            "name": f"{_BUDGET} {one.name}",
            "interval": _BUDGET_INTERVAL,
            "rules": list(_budget_rules(one, labels, advanced)),
        }


def _budget_rules(one: Objective, labels: Mapping[str, str], advanced: Mapping[str, Any]) -> Iterator[Rule]:
    yield _record(OBJECTIVE, f"vector({one.target:.10g})", labels)
    ratio = f"{ERROR_RATIO}{one.window}"
    if one.window not in one.windows():
        yield _record(ratio, one.indicator.error_ratio(one.window), labels)
    yield _record(BUDGET, f"1 - {recorded(ratio, one)} / {one.allowed:.10g}", labels)
    if one.metric_name is not None:
        yield _record(one.metric_name, f"1 - {recorded(ratio, one)}", labels)
    spent = advanced.get("error_budget_alerts") or {}
    if spent.get("enabled") is True:
        failures = one.indicator.expression("bad", "increase", one.window)
        for percent in spent.get("thresholds") or (50, 80, 90, 100):
            yield _alert(
                "SLOErrorBudgetSpent",
                one,
                f"{recorded(BUDGET, one)} <= {1 - percent / 100:.10g}\n"
                f"and on () ({failures} > {one.min_failures - 0.5:g})",
                {"severity": "critical" if percent >= 100 else "warning", "spent": f"{percent:g}"},
                f"{one.name}: {percent:g} % of the error budget of {one.window} is spent.",
                advanced,
            )


def _burn_alert(one: Objective, burn: Burn, advanced: Mapping[str, Any]) -> Rule:
    limit = f"{burn.threshold * one.allowed:.10g}"
    expression = (
        f"{recorded(ERROR_RATIO + burn.window, one)} > {limit}\n"
        f"and {recorded(ERROR_RATIO + burn.alert_after, one)} > {limit}\n"
        # The guard for little traffic. An increase is extrapolated, so that 5 failures may be 4.9.
        f"and {recorded(FAILURES + burn.window, one)} > {one.min_failures - 0.5:g}"
    )
    return _alert(
        f"SLOBurnRate{burn.level.capitalize()}",
        one,
        expression,
        {"severity": burn.severity, "burn_window": burn.window},
        f"{one.name} spends its error budget {burn.threshold:g} times too fast for {burn.window}.",
        advanced,
        f"{{{{ $value | humanizePercentage }}}} of the last {burn.window} went wrong; "
        f"{one.allowed:.4g} may, over {one.window}.",
    )


def _latency_alert(one: Objective, latency: Latency, durations: Selector, advanced: Mapping[str, Any]) -> Rule:
    window = one.shortest
    calls = Selector(f"{durations.metric}_count", durations.matches)
    return _alert(
        "SLOLatencyHigh",
        one,
        f"({quantile(latency, durations, window)} > {latency.seconds:g})\n"
        f"and (sum(increase({calls}[{window}])) > {one.min_failures - 0.5:g})",
        {"severity": "warning", "quantile": f"{latency.quantile:g}"},
        f"{one.name}: {latency.quantile:.0%} of the calls should take at most {latency.seconds:g} s.",
        advanced,
        f"They take {{{{ $value | humanizeDuration }}}}, over {window}.",
        wait=window,
    )


def _traffic_alerts(one: Objective, advanced: Mapping[str, Any]) -> Iterator[Rule]:
    window = one.shortest
    traffic = one.indicator.expression("total", "rate", window)
    if one.min_rps is not None:
        told = f"{one.name}: less than {one.min_rps:g} per second."
        expression = f"({traffic} or vector(0)) < {one.min_rps:g}"
        yield _alert("SLOThroughputLow", one, expression, {"severity": "warning"}, told, advanced, wait=window)
    if one.max_rps is not None:
        told = f"{one.name}: more than {one.max_rps:.4g} per second."
        yield _alert(
            "SLOThroughputHigh",
            one,
            f"{traffic} > {one.max_rps:.10g}",
            {"severity": "warning"},
            told,
            advanced,
            wait=window,
        )
    if one.single_failure:
        expression = f"{one.indicator.expression('bad', 'increase', window)} > 0"
        yield _alert("SLOSingleFailure", one, expression, {"severity": "warning"}, f"{one.name} failed.", advanced)


def component_ratio(document: Document, component: Mapping[str, Any], window: str | None) -> str:
    """Return PromQL for one part of the aggregated objective: one number, whatever labels it had.

    Args:
        document: Where the objectives stand.
        component: Its part of the file.
        window: Over which objectives are looked at; ``None``: over their own. A metric is taken as it is written.
    """
    one = document.find(component.get("slo", ""))
    return f"avg({component['metric'] if one is None else success_ratio(one, window)})"


def aggregated_ratio(document: Document, table: Mapping[str, Any]) -> str:
    """Return PromQL for the aggregated objective. ``min`` and ``max`` take one vector, not a list."""
    parts, window = table["components"], _window(table)
    if table["strategy"] == "weighted_average":
        weights = [one.get("weight", 1 / len(parts)) for one in parts]
        return " + ".join(
            f"{weight:.10g} * {component_ratio(document, one, window)}"
            for weight, one in zip(weights, parts, strict=True)
        )
    named = [
        f'label_replace({component_ratio(document, one, window)}, "component", {quoted(one["name"])}, "", "")'
        for one in parts
    ]
    return f"{table['strategy']}({' or '.join(named)})"


def _window(table: Mapping[str, Any]) -> str | None:
    return in_promql(table["window"]) if "window" in table else None


def _is_worth_an_alarm(document: Document, table: Mapping[str, Any], target: float) -> str:
    """Return PromQL that has a value when some part failed often enough, the guard for little traffic.

    How often a metric of the application's own stands for failures is not known, so it counts when it is too low.
    """
    enough = []
    for component in table["components"]:
        one = document.find(component.get("slo", ""))
        if one is None:
            enough.append(f"(avg({component['metric']}) < {target:.10g})")
        else:
            failures = one.indicator.expression("bad", "increase", _window(table) or one.window)
            enough.append(f"({failures} > {one.min_failures - 0.5:g})")
    return " or ".join(enough)


def _aggregated(document: Document, table: Mapping[str, Any]) -> Group:
    target = table.get("target", 0.999)
    labels = {"slo_name": "aggregated", "slo_kind": "aggregated"}
    alert = {
        "alert": "SLOAggregatedLow",
        "expr": f"{AGGREGATED} < {target:.10g}\nand on () ({_is_worth_an_alarm(document, table, target)})",
        "for": "5m",
        "labels": {"severity": "warning", **labels},
        "annotations": {"summary": f"The aggregated objective is below {target:.10g}."},
    }
    record = _record(AGGREGATED, aggregated_ratio(document, table), labels)
    return {"name": "slo_aggregated", "interval": _BUDGET_INTERVAL, "rules": [record, alert]}


DELIVERY: Final = (
    'sum(rate(e11y_adapter_writes_total{status=~"delivered|handed_over"}[1h]))'
    " / (sum(rate(e11y_adapter_writes_total[1h])) > 0)"
)
"""The share of records that arrived; e11y-metrics counts them."""


_UNDELIVERED = 'e11y_adapter_writes_total{status!~"delivered|handed_over"}'


def _delivery(defaults: Mapping[str, Any]) -> Rule:
    enough = defaults["burn_rate_alerts"]["min_failures"] - 0.5
    return {
        "alert": "E11yDeliveryRateLow",
        "expr": f"{DELIVERY} < 0.999\nand (sum(increase({_UNDELIVERED}[1h])) > {enough:g})",
        "for": "5m",
        "labels": {"severity": "warning"},
        "annotations": {"summary": "Less than 99.9 % of the events of the last hour arrived at their adapter."},
    }


def _record(name: str, expression: str, labels: Mapping[str, str]) -> Rule:
    return {"record": name, "expr": expression, "labels": dict(labels)}


def _alert(
    name: str,
    one: Objective,
    expression: str,
    labels: Mapping[str, str],
    summary: str,
    advanced: Mapping[str, Any],
    description: str = "",
    *,
    wait: str = "",
) -> Rule:
    annotations = {"summary": _literal(summary)}
    if description:
        annotations["description"] = description
    for kind in ("runbook_url", "dashboard_url"):
        if kind in advanced:
            annotations[kind] = _literal(_filled(advanced[kind], one, advanced))
    rule: Rule = {"alert": name, "expr": expression}
    if wait:
        rule["for"] = wait
    shown = {label: _literal(value) for label, value in labels_of(one).items()}
    return {**rule, "labels": {**labels, **shown}, "annotations": annotations}


def _literal(text: str) -> str:
    """Return text that Prometheus does not take for a template of its own."""
    return text.replace("{{", '{{"{{"}}')


def _filled(template: str, one: Objective, advanced: Mapping[str, Any]) -> str:
    """Return a URL with its places filled: ``{slo_name}``, ``{route}``, ``{method}``, ``{task}``, ``{base_url}``."""
    values = {"slo_name": one.name, "base_url": advanced.get("base_url", ""), "route": "", "method": "", "task": ""}
    for name, value in {**values, **one.labels}.items():
        template = template.replace(f"{{{name}}}", value)
    return template
