"""slo.yml: where it is found, what it may say, and what each mistake is told as."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from e11y import ConfigError, E11yError
from e11y_slo.builder import parse, without_file
from e11y_slo.document import Document
from e11y_slo.slo_file import SloFile

MINIMAL = "version: 1\n"


def told(text: str) -> list[tuple[str, str, str]]:
    """Return the three parts of each problem of a text."""
    with pytest.raises(ConfigError) as raised:
        parse(text, "slo.yml")
    return [(one.what, one.where, one.fix) for one in raised.value.problems or (raised.value,)]


def test_it_is_found_in_three_places_and_the_first_counts(own_folder: Path) -> None:
    file = SloFile()
    assert (file.find(), file.document()) == (None, None)
    for folder in (".", "config/e11y", "config"):
        (own_folder / folder).mkdir(parents=True, exist_ok=True)
        (own_folder / folder / "slo.yml").write_text(MINIMAL)
        assert file.find() == Path(folder) / "slo.yml"


def test_a_file_that_is_named_must_exist(own_folder: Path) -> None:
    (own_folder / "own.yml").write_text(MINIMAL)
    assert SloFile("own.yml").document() is not None
    with pytest.raises(ConfigError) as raised:
        SloFile("absent.yml").document()
    assert str(raised.value) == (
        "the file 'absent.yml' does not exist\n"
        "  where: [tool.e11y.slo] file\n"
        "  fix:   write its path, relative to the working directory, or remove the setting"
    )


def test_it_is_read_again_only_when_it_changed(own_folder: Path) -> None:
    path = own_folder / "slo.yml"
    path.write_text(MINIMAL)
    file = SloFile()
    first = file.document()
    assert file.document() is first
    path.write_text("version: 1\napp_wide: {jobs: null}\n")
    os.utime(path, ns=(1, 1))
    second = file.document()
    assert second is not first
    assert [one.name for one in second.objectives] == ["http"]  # type: ignore[union-attr]


def test_a_file_of_another_encoding_is_told(own_folder: Path) -> None:
    (own_folder / "slo.yml").write_bytes("version: 1 # ü".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"^slo.yml is not UTF-8\n  where: slo.yml\n  fix:   save it as UTF-8$"):
        SloFile().document()


@pytest.mark.parametrize(
    ("text", "what", "where", "fix"),
    [
        ("", "the file has no 'version'", "slo.yml, line 1", "add  version: ..."),
        ("- a", "the file must be a table", "slo.yml, line 1", "write  key: value  lines below it"),
        ("version: 3", "the version of the file is unknown", "slo.yml, line 1: version", "write  version: 1"),
        ("version: 1\nversion: 1", "the key 'version' stands there twice", "slo.yml, line 2: version", "remove one of them: YAML itself would silently keep the last"),
        ("version: 1\ndefaults:\n  availabilty: {}", "the key 'availabilty' is unknown, did you mean 'availability'?", "slo.yml, line 3: defaults.availabilty", "use one of: window, availability, latency, throughput, burn_rate_alerts"),
        ("version: 1\ndefaults:\n  availability:\n    target: 99.9", "'target' must be a number above 0 up to 1", "slo.yml, line 4: defaults.availability.target", "write for example  target: 0.999"),
        ("version: 1\ndefaults:\n  availability: {target: 0}", "'target' must be a number above 0 up to 1", "slo.yml, line 3: defaults.availability.target", "write for example  target: 0.999"),
        ("version: 1\ndefaults: {availability: {target: true}}", "'target' must be a number above 0 up to 1", "slo.yml, line 2: defaults.availability.target", "write for example  target: 0.999"),
        ("version: 1\ndefaults: {availability: {good: [5xx]}}", "'good[0]' is unknown, did you mean '4xx'?", "slo.yml, line 2: defaults.availability.good[0]", "use one of: 2xx, 3xx, 4xx"),
        ("version: 1\ndefaults: {latency: {p99: -1}}", "'p99' must be a number above 0", "slo.yml, line 2: defaults.latency.p99", "write for example  p99: 1"),
        ("version: 1\ndefaults: {window: 30}", "'window' must be a duration", "slo.yml, line 2: defaults.window", 'write a number with one of us, ms, s, m, h, d, w, y, for example "200ms" or "90d", of whole seconds'),
        ("version: 1\ndefaults: {window: 1500ms}", "'window' must be a duration", "slo.yml, line 2: defaults.window", 'write a number with one of us, ms, s, m, h, d, w, y, for example "200ms" or "90d", of whole seconds'),
        ("version: 1\ndefaults: {burn_rate_alerts: {fastest: {}}}", "the key 'fastest' is unknown, did you mean 'fast'?", "slo.yml, line 2: defaults.burn_rate_alerts.fastest", "use one of: min_failures, fast, medium, slow"),
        ("version: 1\ndefaults: {burn_rate_alerts: {fast: {severity: critcal}}}", "'severity' is unknown, did you mean 'critical'?", "slo.yml, line 2: defaults.burn_rate_alerts.fast.severity", "use one of: critical, warning, info"),
        ("version: 1\ndefaults: {burn_rate_alerts: {fast: {enabled: 1}}}", "'enabled' must be true or false", "slo.yml, line 2: defaults.burn_rate_alerts.fast.enabled", "write  enabled: true"),
        ("version: 1\ndefaults: {latency: {field: took}}", "the key 'field' is unknown", "slo.yml, line 2: defaults.latency.field", "use one of: enabled, p99, p95, p50, p99_target, p95_target"),
        ("version: 1\nendpoints: {}", "'endpoints' must be a list", "slo.yml, line 2: endpoints", "begin each entry with  - "),
        ("version: 1\nendpoints:\n  - name: a", "an endpoint needs either 'pattern' or 'route'", "slo.yml, line 3: endpoints[0]", 'write  pattern: "POST /orders/:id"  or  route: "/orders/{id}"'),
        ("version: 1\nendpoints:\n  - route: /a\n  - controller: OrdersController\n    route: /b", "the key 'controller' is unknown", "slo.yml, line 4: endpoints[1].controller", "use one of: name, description, pattern, route, method, tags, slo"),
        ("version: 1\nendpoints:\n- {route: /a, name: x}\n- {route: /b, name: x}", "two objectives are named 'x'; the other one is at slo.yml, line 3: endpoints[0]", "slo.yml, line 4: endpoints[1]", "rename one of them"),
        ("version: 1\nendpoints:\n- {route: /a, name: http}", "two objectives are named 'http'; the other one is at slo.yml, line 1: app_wide.http", "slo.yml, line 3: endpoints[0]", "rename one of them"),
        ("version: 1\ncustom_slos:\n- target: 0.9", "'custom_slos[0]' has no 'name'", "slo.yml, line 3: custom_slos[0]", "add  name: ..."),
        ("version: 1\ncustom_slos:\n- name: a b", "the name of an objective consists of letters, digits, '_', '.' and '-'", "slo.yml, line 3: custom_slos[0].name", "write it as in @slo(contributes_to=...)"),
        ("version: 1\ncustom_slos:\n- {name: a, metric_name: slo_event_result_total}", "'metric_name' is 'slo_event_result_total', which is counted itself", "slo.yml, line 3: custom_slos[0].metric_name", "choose another name, or leave it out"),
        ("version: 1\ncustom_slos:\n- {name: a, metric_name: 1-b}", "'metric_name' must be the name of a metric", "slo.yml, line 3: custom_slos[0].metric_name", "write letters, digits and underscores"),
        ("version: 1\ncustom_slos:\n- {name: a, events: [7]}", "'events[0]' must be text", "slo.yml, line 3: custom_slos[0].events[0]", "put it in quotes"),
        ("version: 1\nservices:\n  celery:\n    jobs:\n      a: {success_rate: 0.9}", "the key 'success_rate' is unknown, did you mean 'success_rate_target'?", "slo.yml, line 5: services.celery.jobs.a.success_rate", "use one of: window, availability, latency, throughput, burn_rate_alerts, enabled, success_rate_target, alert_on_single_failure"),
        ("version: 1\nservices: {1: {}}", "the key 1 is no name", "slo.yml, line 2: services", "write it as text, in quotes if need be"),
        ("version: 1\napp_wide:\n  jobs: {}\n  celery: {}", "'celery' means the same jobs as 'jobs'", "slo.yml, line 4: app_wide.celery", "leave one of them out"),
        ("version: 1\ndefaults: {burn_rate_alerts: {fast: {alert_after: 2h}}}\napp_wide: {jobs: null}", "the fast alert of 'http' looks at 2h within 1h", "slo.yml, line 2: defaults.burn_rate_alerts.fast", "let alert_after be shorter than window, a twelfth of it for example"),
        ("version: 1\napp_wide: {jobs: null, http: {window: 1d}}", "the slow alert of 'http' looks at 3d, the objective only at 1d", "slo.yml, line 2: app_wide.http", "shorten its window, or write  slow: {enabled: false}"),
        ("version: 1\ncustom_slos: [{name: a, target: 0.9}]", "the fast alert of 'a' can never fire: 14.4 times 0.1 is no share", "slo.yml, line 2: custom_slos[0]", "lower its threshold, or write  fast: {enabled: false}"),
        ("version: 1\napp_wide: {aggregated_slo: {components: [{name: a, slo: http}]}}", "'aggregated_slo' has no 'strategy'", "slo.yml, line 2: app_wide.aggregated_slo", "write  strategy: weighted_average, min or max"),
        ("version: 1\napp_wide: {aggregated_slo: {strategy: min}}", "'aggregated_slo' has no 'components'", "slo.yml, line 2: app_wide.aggregated_slo", "list what it is made of under  components:"),
        ("version: 1\napp_wide: {aggregated_slo: {strategy: median, components: []}}", "'strategy' is unknown, did you mean 'min'?", "slo.yml, line 2: app_wide.aggregated_slo.strategy", "use one of: weighted_average, min, max"),
        ("version: 1\napp_wide: {aggregated_slo: {strategy: weighted_average, components: [{name: a, slo: http, weight: 0.4}, {name: b, slo: jobs, weight: 0.4}]}}", "the weights of the components add up to 0.8", "slo.yml, line 2: app_wide.aggregated_slo", "let them add up to 1"),
        ("version: 1\napp_wide: {aggregated_slo: {strategy: min, components: [{name: a, slo: htp}]}}", "there is no objective 'htp'", "slo.yml, line 2: app_wide.aggregated_slo.components[0]", "use one of: http, jobs"),
        ("version: 1\napp_wide: {aggregated_slo: {strategy: min, components: [{name: a}]}}", "a component needs either 'metric' or 'slo'", "slo.yml, line 2: app_wide.aggregated_slo.components[0]", "write  slo: <name>  or  metric: <PromQL>"),
        ("version: 1\napp_wide: {aggregated_slo: {strategy: min, components: [{name: a, slo: http}, {name: a, slo: jobs}]}}", "two components have the same name", "slo.yml, line 2: app_wide.aggregated_slo", "rename one of them"),
        ("a: [", "slo.yml is no valid YAML: expected the node content, but found '<stream end>'", "slo.yml, line 1, column 5", "repair that line; indent with spaces, and quote text that holds ':' or '#'"),
        ("version: 1\n\tdefaults: 1", "slo.yml is no valid YAML: found character '\\t' that cannot start any token", "slo.yml, line 2, column 1", "repair that line; indent with spaces, and quote text that holds ':' or '#'"),
        ("version: !!python/object:os.system 1", "slo.yml is no valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object:os.system'", "slo.yml, line 1, column 10", "repair that line; indent with spaces, and quote text that holds ':' or '#'"),
        ("version: &a [*a]", "slo.yml is nested too deeply, or refers to itself", "slo.yml, line 1", "keep it below 20 levels, and anchors out of themselves"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_in_three_parts(text: str, what: str, where: str, fix: str) -> None:
    assert told(text)[0] == (what, where, fix)


def test_all_mistakes_are_told_together() -> None:
    assert len(told("version: 2\ndefaults: {window: x, latency: 7}\nendpoints: [{}]\nfoo: 1")) == 5


def test_a_laughing_file_is_refused() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9))
    assert told(f"version: 1\nl0: &l0 [a]\n{levels}")[0][0] == "slo.yml is nested too deeply, or refers to itself"


def of(document: Document, name: str) -> Any:
    found = document.find(name)
    assert found is not None, [one.name for one in document.objectives]
    return found


def test_defaults_are_those_of_the_documents() -> None:
    document = without_file(["payment"])
    assert [one.name for one in document.objectives] == ["http", "jobs", "payment"]
    http, jobs, payment = document.objectives
    assert (http.target, jobs.target, payment.target) == (0.999, 0.995, 0.999)
    assert [(one.quantile, one.seconds) for one in http.latencies] == [(0.99, 0.5), (0.95, 0.3)]
    assert (jobs.latencies, payment.latencies) == ((), ())
    assert [(one.level, one.window, one.threshold, one.alert_after, one.severity) for one in http.burns] == [
        ("fast", "1h", 14.4, "5m", "critical"),
        ("medium", "6h", 6.0, "30m", "warning"),
        ("slow", "3d", 1.0, "6h", "info"),
    ]
    assert [one.alert_after for one in jobs.burns] == ["10m", "1h", "12h"]


def test_the_windows_spend_the_shares_of_the_budget_that_the_documents_name() -> None:
    hours = {"1h": 1, "6h": 6, "3d": 72}
    http = without_file([]).objectives[0]
    assert [round(burn.threshold * hours[burn.window] / 720, 10) for burn in http.burns] == [0.02, 0.05, 0.1]


def test_a_part_overrides_only_what_it_names() -> None:
    document = parse(
        """
version: 1
defaults:
  availability: {target: 0.99}
  burn_rate_alerts: {min_failures: 3, fast: {threshold: 10}}
endpoints:
  - route: /a
    slo: {burn_rate_alerts: {fast: {alert_after: 2m}}}
  - {route: /b, slo: {latency: null, availability: {target: 0.9995, good: [2xx, 3xx, 4xx]}}}
  - {pattern: "GET /c", slo: {availability_target: 0.95, latency_p99_target: 100}}
  - {route: /d, slo: null}
app_wide: {jobs: null}
""",
        "slo.yml",
    )
    a, b, c = of(document, "/a"), of(document, "/b"), of(document, "GET /c")
    assert (a.target, a.min_failures) == (0.99, 3)
    assert (a.burns[0].window, a.burns[0].threshold, a.burns[0].alert_after) == ("1h", 10, "2m")
    assert (b.target, b.latencies) == (0.9995, ())
    assert str(b.indicator.bad[0]) == 'slo_http_requests_total{route="/b",status!~"2xx|3xx|4xx|unknown"}'
    assert [(one.quantile, one.seconds) for one in c.latencies] == [(0.99, 0.1), (0.95, 0.3)]
    assert [one.name for one in document.objectives] == ["http", "/a", "/b", "GET /c"]


def test_what_names_a_number_is_switched_on() -> None:
    text = "version: 1\nservices: {celery: {default: {latency: {p99: 1000}}, jobs: {a: {}, b: {throughput: {max_jobs_per_hour: 7200}}, c: null}}}"
    document = parse(text, "slo.yml")
    assert [one.seconds for one in of(document, "a").latencies] == [1.0]
    assert of(document, "b").max_rps == 2
    assert document.find("c") is None


def test_words_of_the_ruby_documents_are_understood() -> None:
    text = """
version: 1.0
services:
  sidekiq: {default: {success_rate_target: 0.99}, jobs: {PaymentJob: {alert_on_single_failure: true}}}
custom_slos:
  - {name: flow, type: event_sequence}
  - {name: payment, type: event_based, events: ["Events::PaymentProcessed"], latency: {enabled: true, p99_target: 500, field: ":duration_ms"}, group_by: ":method"}
advanced: {deployment_gate: {enabled: false}, autoscaling: {}}
e11y_self_monitoring: {enabled: true, targets: {latency: 1}}
"""
    document = parse(text, "slo.yml")
    assert (of(document, "PaymentJob").target, of(document, "PaymentJob").single_failure) == (0.99, True)
    assert document.find("flow") is None
    assert document.watches_itself
    assert [one.seconds for one in of(document, "payment").latencies] == [0.5]


@pytest.mark.parametrize(
    ("pattern", "fits", "not_these"),
    [
        (
            "POST /orders/:id",
            ["POST /orders/{id}", "POST /orders/<int:pk>"],
            ["GET /orders/{id}", "POST /orders", "POST /orders/{id}/x"],
        ),
        ("/files/*", ["GET /files/{path}", "PUT /files/a/b"], ["GET /file"]),
        ("GET /a.b", ["GET /a.b"], ["GET /axb"]),
        ("/orders/<int:pk>", ["GET /orders/<int:pk>"], ["GET /orders/{id}"]),
        ("/:a/(x)+", ["GET /{b}/(x)+"], ["GET /{b}/xx"]),
    ],
)
def test_patterns_stand_for_routes(pattern: str, fits: list[str], not_these: list[str]) -> None:
    document = parse(yaml.safe_dump({"version": 1, "endpoints": [{"pattern": pattern, "name": "x"}]}), "slo.yml")
    (total,) = of(document, "x").indicator.total
    for route, expected in [*((one, True) for one in fits), *((one, False) for one in not_these)]:
        method, _, path = route.partition(" ")
        labels = {"method": method, "route": path, "status": "2xx"}
        assert total.fits("slo_http_requests_total", labels) is expected, route


def outcome(text: str) -> E11yError | None:
    """Return what is wrong with a text, if it is refused as it should be."""
    try:
        parse(text, "slo.yml")
    except E11yError as error:
        return error
    return None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    error = outcome(text)
    assert error is None or "where: slo.yml" in str(error)


@pytest.mark.parametrize(
    "text", ["a: 2026-99-99", "[" * 5_000, "a: " + "9" * 5_000, "{a: 1}: 2", "? [a]\n: b", "a: .inf", "<<: 1"]
)
def test_odd_texts_are_refused(text: str) -> None:
    error = outcome(f"version: 1\n{text}")
    assert error is not None
    assert "where: slo.yml" in str(error)


WORDS = st.sampled_from(
    ["version", "defaults", "endpoints", "services", "app_wide", "custom_slos", "advanced", "name", "slo", "route", "jobs",
     "latency", "availability", "target", "window", "burn_rate_alerts", "fast", "threshold", "enabled", "events", "default",
     "aggregated_slo", "components", "strategy", "http", "celery", "throughput", "e11y_self_monitoring", "pattern", "weight"]
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 5),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["1h", "5m", "30d", "min"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(WORDS, st.integers()), inner, max_size=4)
    ),
    max_leaves=25,
)


@given(st.dictionaries(WORDS, VALUES, max_size=6))
def test_any_document_is_read_or_refused(data: dict[str, Any]) -> None:
    error = outcome(yaml.safe_dump({**data, "version": 1}))
    problems = getattr(error, "problems", None) or ([] if error is None else [error])
    assert [one for one in problems if not (one.what and one.fix and one.where.startswith("slo.yml, line "))] == []
