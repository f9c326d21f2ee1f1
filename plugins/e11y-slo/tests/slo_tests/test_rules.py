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


AGGREGATED = """
version: 1
defaults: {burn_rate_alerts: {min_failures: 3}}
app_wide:
  aggregated_slo:
    strategy: min
    target: 0.99
    window: 7d
    components: [{name: web, slo: http}, {name: own, metric: "own_ratio"}]
e11y_self_monitoring: {enabled: true}
"""


def test_alerts_of_one_window_guard_against_little_traffic() -> None:
    found = {one["alert"]: one["expr"] for one in every_rule(parse(AGGREGATED, "slo.yml")) if "alert" in one}
    routed = 'slo_http_requests_total{route!="unmatched",status!="unknown"}[7d]'
    bad = 'slo_http_requests_total{route!="unmatched",status!~"2xx|3xx|unknown"}[7d]'
    broken = 'slo_http_requests_total{route="unmatched",status="5xx"}[7d]'
    assert found["SLOAggregatedLow"] == (
        "slo:aggregated:ratio < 0.99\n"
        f"and on () (((sum(increase({bad}) or increase({broken})) or "
        f"0 * sum(increase({routed}) or increase({broken}))) > 2.5) or (avg(own_ratio) < 0.99))"
    )
    writes = "e11y_adapter_writes_total"
    assert found["E11yDeliveryRateLow"] == (
        f'sum(rate({writes}{{status=~"delivered|handed_over"}}[1h])) / (sum(rate({writes}[1h])) > 0) < 0.999\n'
        f'and (sum(increase({writes}{{status!~"delivered|handed_over"}}[1h])) > 2.5)'
    )


def test_an_aggregate_has_a_window_of_its_own() -> None:
    for text, window in ((AGGREGATED, "7d"), (AGGREGATED.replace("    window: 7d\n", ""), "30d")):
        document = parse(text, "slo.yml")
        (record,) = [one["expr"] for one in every_rule(document) if one.get("record") == "slo:aggregated:ratio"]
        assert set(re.findall(r"\[(\w+)\]", record)) == {window}
        (panel,) = [one for one in dashboard(document)["panels"] if one["id"] == 100]
        assert set(re.findall(r"\[(\w+)\]", panel["targets"][0]["expr"])) == {window}


PRINTABLE = st.text(
    # what str.isprintable() lets pass; to make any characters and discard most is too much for hypothesis now and then
    st.characters(exclude_categories=["C", "Z"], include_characters=" "),
    min_size=1,
    max_size=60,
)


@given(
    st.sets(
        st.one_of(
            st.sampled_from(["aggregated", "e11y", "budget", "x", "x budget", "budget x", "_budget x"]),
            PRINTABLE.filter(lambda one: one not in ("http", "jobs")),
        ),
        max_size=8,
    )
)
def test_groups_of_any_names_have_names_of_their_own(objectives: set[str]) -> None:
    endpoints = [{"name": name, "route": f"/{at}"} for at, name in enumerate(sorted(objectives))]
    text = AGGREGATED + yaml.safe_dump({"endpoints": endpoints})
    groups = [group["name"] for group in rules(parse(text, "slo.yml"))["groups"]]
    assert len(groups) == len(set(groups)) == 2 * (2 + len(objectives)) + 2


def test_each_burn_alert_has_tests() -> None:
    document = written()
    tests = rule_tests(document, "slo.rules.yml")
    assert tests["rule_files"] == ["slo.rules.yml"]
    burns = sum(len(one.burns) for one in document.objectives)
    delivery = [case["name"] for case in tests["tests"][3 * burns :]]
    assert delivery == [
        "delivery: what arrives is no alarm",
        "delivery: an outage is an alarm",
        "delivery: few failures are no alarm",
    ]
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


def test_alerts_that_wait_for_minutes_are_tested_in_minutes() -> None:
    slow = "min_failures: 3, fast: {enabled: false}, medium: {enabled: false}"
    text = AGGREGATED.replace("min_failures: 3", slow)
    alone = text.replace("e11y_self_monitoring: {enabled: true}", "")
    intervals = [rule_tests(parse(one, "slo.yml"), "r.yml")["evaluation_interval"] for one in (text, alone)]
    assert intervals == ["60s", "4320s"]


def test_an_aggregate_of_objectives_has_tests() -> None:
    text = AGGREGATED.replace('{name: own, metric: "own_ratio"}', "{name: jobs, slo: jobs}, {name: again, slo: http}")
    cases = [case for case in rule_tests(parse(text, "slo.yml"), "r.yml")["tests"] if "aggregated" in case["name"]]
    assert [(case["name"], case["promql_expr_test"][0]["exp_samples"][0]["value"]) for case in cases] == [
        ("aggregated: healthy traffic is no alarm", 0),
        ("aggregated: an outage is an alarm", 1),
        ("aggregated: few failures are no alarm", 0),
    ]
    assert {one["series"]: one["values"] for one in cases[2]["input_series"]} == {
        'slo_http_requests_total{method="GET",route="/example",status="2xx"}': "0 0 0 0+0x17",
        'slo_http_requests_total{method="GET",route="/example",status="5xx"}': "0 0 2 2+0x17",
        'slo_background_jobs_total{task="example",queue="",status="success"}': "0 0 2 2+0x17",
        'slo_background_jobs_total{task="example",queue="",status="failed"}': "0 0 0 0+0x17",
    }


def test_many_objectives_have_panels_of_their_own() -> None:
    content = dashboard(without_file([f"slo_{number}" for number in range(150)]))
    numbers = [panel["id"] for panel in content["panels"]]
    assert len(numbers) == len(set(numbers))


@given(PRINTABLE, st.text(min_size=1, max_size=60))
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
