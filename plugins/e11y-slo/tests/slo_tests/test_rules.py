"""Rules, tests and dashboard name only series that are exported, in valid PromQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from e11y_slo.builder import parse, without_file
from e11y_slo.dashboard import dashboard, expressions
from e11y_slo.document import Document
from e11y_slo.exported import CATALOGUE
from e11y_slo.rule_tests import rule_tests
from e11y_slo.rules import as_yaml, rules

FILE = """
version: 1
endpoints:
  - {name: checkout, pattern: "POST /orders/:id", slo: {throughput: {min_rps: 1, max_rps: 100}}}
  - {route: /all, slo: {availability: {target: 1}}}
services:
  celery:
    jobs:
      ship: {latency: {p99: 60000}, alert_on_single_failure: true, throughput: {max_jobs_per_hour: 100}}
app_wide:
  events: {}
  aggregated_slo:
    enabled: true
    strategy: STRATEGY
    target: 0.999
    components:
      - {name: checkout, weight: 0.4, slo: checkout}
      - {name: 'quoted "name"', weight: 0.4, slo: payment}
      - {name: other, weight: 0.2, metric: 'sum by (job) (rate(slo_background_jobs_total{status="success"}[30d])) / sum by (job) (rate(slo_background_jobs_total[30d]))'}
custom_slos:
  - {name: payment, target: 0.9995, metric_name: payment_ratio, latency: {p99_target: 500}}
e11y_self_monitoring: {enabled: true}
advanced:
  error_budget_alerts: {enabled: true}
  base_url: https://wiki.example
  runbook_url: "{base_url}/{slo_name}?route={route}&method={method}&task={task}"
"""
OWN = {"e11y_adapter_writes_total"}
"""Exported by e11y-metrics."""

EXPORTED = OWN | {
    name
    for one in CATALOGUE
    for name in (
        [one.name] if one.kind == "counter" else [f"{one.name}_bucket", f"{one.name}_count", f"{one.name}_sum"]
    )
}


def written(strategy: str = "weighted_average") -> Document:
    return parse(FILE.replace("STRATEGY", strategy), "slo.yml")


def every_rule(document: Document) -> Iterator[dict[str, Any]]:
    for group in rules(document)["groups"]:
        yield from group["rules"]


def names(expression: str) -> set[str]:
    """Return the names of the series that an expression reads; fails when it is no PromQL."""
    found: set[str] = set()

    def look(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.add(node.name)
        return True

    promql_parser.walk(promql_parser.parse(expression), look)
    return found


@pytest.mark.parametrize("document", [written(), written("min"), written("max"), without_file(["payment"])])
def test_every_expression_reads_what_is_exported_or_recorded(document: Document) -> None:
    recorded = {one["record"] for one in every_rule(document) if "record" in one}
    for one in every_rule(document):
        assert names(one["expr"]) <= EXPORTED | recorded, one
    assert not recorded & EXPORTED
    drawn = expressions(dashboard(document))
    assert drawn
    for expression in drawn:
        assert names(expression) <= EXPORTED, expression


def test_what_is_recorded_is_recorded_once() -> None:
    for document in (written(), without_file(["payment"])):
        seen = [(one["record"], tuple(one["labels"].items())) for one in every_rule(document) if "record" in one]
        assert len(seen) == len(set(seen))


def test_alerts_of_two_windows_guard_against_little_traffic() -> None:
    (alert,) = [
        one
        for one in every_rule(without_file([]))
        if one.get("alert") == "SLOBurnRateFast" and one["labels"]["slo_name"] == "http"
    ]
    assert alert == {
        "alert": "SLOBurnRateFast",
        "expr": 'slo:error_ratio:rate1h{slo_name="http",slo_kind="http"} > 0.0144\n'
        'and slo:error_ratio:rate5m{slo_name="http",slo_kind="http"} > 0.0144\n'
        'and slo:failures:increase1h{slo_name="http",slo_kind="http"} > 4.5',
        "labels": {"severity": "critical", "burn_window": "1h", "slo_name": "http", "slo_kind": "http"},
        "annotations": {
            "summary": "http spends its error budget 14.4 times too fast for 1h.",
            "description": "{{ $value | humanizePercentage }} of the last 1h went wrong; 0.001 may, over 30d.",
        },
    }


def test_the_weights_of_an_aggregate_stand_in_one_sum() -> None:
    (record,) = [one["expr"] for one in every_rule(written()) if one.get("record") == "slo:aggregated:ratio"]
    assert re.findall(r"(?:^| \+ )(0\.\d+) \* avg\(", record) == ["0.4", "0.4", "0.2"]
    (record,) = [one["expr"] for one in every_rule(written("min")) if one.get("record") == "slo:aggregated:ratio"]
    assert record.startswith("min(label_replace(avg(")
    assert record.count(" or label_replace(avg(") == 2


def test_missing_weights_are_equal() -> None:
    text = (
        "version: 1\napp_wide: {aggregated_slo: {strategy: weighted_average, "
        "components: [{name: a, slo: http}, {name: b, slo: jobs}]}}"
    )
    (record,) = [
        one["expr"] for one in every_rule(parse(text, "slo.yml")) if one.get("record") == "slo:aggregated:ratio"
    ]
    assert re.findall(r"(?:^| \+ )(0\.\d+) \* avg\(", record) == ["0.5", "0.5"]


def test_links_are_filled() -> None:
    urls = {
        one["labels"]["slo_name"]: one["annotations"].get("runbook_url")
        for one in every_rule(written())
        if "alert" in one and "slo_name" in one["labels"]
    }
    assert urls["checkout"] == "https://wiki.example/checkout?route=/orders/:id&method=POST&task="
    assert urls["ship"] == "https://wiki.example/ship?route=&method=&task=ship"


def test_a_target_of_one_alarms_at_any_share() -> None:
    (alert,) = [
        one
        for one in every_rule(written())
        if one.get("alert") == "SLOBurnRateFast" and one["labels"]["slo_name"] == "/all"
    ]
    assert alert["expr"].startswith('slo:error_ratio:rate1h{slo_name="/all",slo_kind="http"} > 0\n')


def test_kinds_of_alerts() -> None:
    found = {(one["alert"], one["labels"].get("slo_name")) for one in every_rule(written()) if "alert" in one}
    assert {
        ("SLOThroughputLow", "checkout"),
        ("SLOThroughputHigh", "checkout"),
        ("SLOThroughputHigh", "ship"),
        ("SLOSingleFailure", "ship"),
        ("SLOLatencyHigh", "ship"),
        ("SLOLatencyHigh", "payment"),
        ("SLOErrorBudgetSpent", "payment"),
        ("SLOAggregatedLow", "aggregated"),
        ("E11yDeliveryRateLow", None),
    } <= found


def test_each_burn_alert_has_tests() -> None:
    document = written()
    tests = rule_tests(document, "slo.rules.yml")
    assert tests["rule_files"] == ["slo.rules.yml"]
    burns = sum(len(one.burns) for one in document.objectives)
    assert len(tests["tests"]) == 3 * burns > 0
    for case in tests["tests"]:
        for one in case["promql_expr_test"]:
            assert names(one["expr"]) == {"ALERTS"}


def test_the_dashboard_is_the_documented_one() -> None:
    content = dashboard(written())
    assert (content["title"], content["schemaVersion"]) == ("E11y SLO Dashboard", 38)
    titles = {panel["id"]: panel["title"] for panel in content["panels"]}
    assert titles == {
        1: "Endpoint availability",
        2: "Error budget left",
        3: "Burn rate",
        4: "p99 of durations",
        5: "Requests per second",
        6: "Background jobs that succeed",
        10: "events",
        11: "payment",
        100: "Aggregated objective",
        200: "Events that arrive",
    }
    aggregated = next(panel for panel in content["panels"] if panel["id"] == 100)
    assert {key: aggregated["fieldConfig"]["defaults"][key] for key in ("min", "max")} == {"min": 0.99, "max": 1}
    for panel in content["panels"]:
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references))


def test_many_objectives_have_panels_of_their_own() -> None:
    content = dashboard(without_file([f"slo_{number}" for number in range(150)]))
    numbers = [panel["id"] for panel in content["panels"]]
    assert len(numbers) == len(set(numbers))


@given(st.text(min_size=1, max_size=60).filter(lambda one: one.isprintable()), st.text(min_size=1, max_size=60))
def test_any_name_and_route_make_valid_promql(name: str, route: str) -> None:
    content = {
        "version": 1,
        "endpoints": [{"name": f"n {name}", "route": f"/{route}"}],
        "app_wide": {"http": None, "jobs": None},
    }
    document = parse(yaml.safe_dump(content), "slo.yml")
    for one in every_rule(document):
        names(one["expr"])
    assert yaml.safe_load(as_yaml(rules(document), "x")) == rules(document)
