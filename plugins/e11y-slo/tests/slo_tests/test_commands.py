"""The commands `e11y slo`, as they are typed in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

APP = """
import e11y
from e11y_slo import slo


@slo(contributes_to="payment", status_from=lambda state: {"paid": "success", "refused": "failure"}.get(state))
class PaymentProcessed(e11y.Event):
    state: str


@slo(False)
class Other(e11y.Event):
    pass


class Silent(e11y.Event):
    pass
"""
FILE = """version: 1
endpoints:
  - {name: checkout, pattern: "POST /orders/:id"}
custom_slos:
  - name: payment
    events: [PaymentProcessed]
"""
PAGE = """\
# HELP slo_http_requests_total Requests.
# TYPE slo_http_requests_total counter
slo_http_requests_total{method="POST",route="/orders/{id}",status="2xx"} 999.0
slo_http_requests_total{method="POST",route="/orders/{id}",status="5xx"} 1.0
slo_http_requests_total{method="GET",route="/a",status="2xx"} 1000.0
slo_http_requests_total{method="GET",route="unmatched",status="4xx"} 5000.0
slo_http_requests_total{method="GET",route="/a",status="unknown"} 7.0
# HELP slo_event_result_total Events.
# TYPE slo_event_result_total counter
slo_event_result_total{slo_name="payment",slo_status="success",event_name="payment.processed",group=""} 95.0
slo_event_result_total{slo_name="payment",slo_status="failure",event_name="payment.processed",group=""} 5.0
# HELP slo_background_jobs_total Jobs.
# TYPE slo_background_jobs_total counter
slo_background_jobs_total{task="ship",queue="",status="success"} 10.0
"""


@attrs.frozen
class Ended:
    status: int
    out: str
    err: str


Typed = Callable[..., Ended]


@pytest.fixture
def typed(own_folder: Path) -> Typed:
    """Run `e11y` in a folder with a small application and a slo.yml."""
    (own_folder / "app_events.py").write_text(APP)
    (own_folder / "slo.yml").write_text(FILE)
    (own_folder / "page.txt").write_text(PAGE)
    (own_folder / "e11y.toml").write_text('plugins = ["slo"]\n[adapters.logs]\ntype = "null"\n')

    def run(*arguments: str) -> Ended:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("E11Y_")}
        done = subprocess.run(
            [sys.executable, "-m", "e11y", *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environ,
            timeout=60,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


def test_validate_says_what_is_well(typed: Typed) -> None:
    ended = typed("--app", "app_events", "slo", "validate")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == (
        "ok       slo.yml: 4 objectives in slo.yml\n"
        "ok       events of slo.yml: each exists, and says the same\n"
        "note     event types: 2 of 3 say whether they count toward an objective\n"
    )


def test_validate_names_every_misfit(typed: Typed, own_folder: Path) -> None:
    (own_folder / "slo.yml").write_text(
        FILE.replace("PaymentProcessed", "Silent, Other, Absent")
        + "  - {name: paymnt}\n  - {name: flow, type: event_sequence}\nadvanced: {autoscaling: {}}\n"
    )
    (own_folder / "app_events.py").write_text(APP.replace('"payment"', '"paymment"'))
    ended = typed("--app", "app_events", "slo", "validate", "--strict")
    assert ended.status == 1
    assert ended.out == (
        "ok       slo.yml: 5 objectives in slo.yml\n"
        "PROBLEM  events of slo.yml\n"
        "\n"
        "         'payment' names the event 'Silent', which has no @slo\n"
        "           where: slo.yml, line 6: custom_slos[0].events[0]\n"
        '           fix:   write  @slo(contributes_to="payment", ...)  above it, or remove it from the list\n'
        "\n"
        "         'payment' names the event 'Other', which opts out\n"
        "           where: slo.yml, line 6: custom_slos[0].events[1]\n"
        '           fix:   write  @slo(contributes_to="payment", ...)  above it, or remove it from the list\n'
        "\n"
        "         'payment' names the event 'Absent', which is not known\n"
        "           where: slo.yml, line 6: custom_slos[0].events[2]\n"
        "           fix:   import the module that declares it, with  e11y --app your.module ...  on the command line\n"
        "\n"
        "         no event type contributes to 'payment'\n"
        "           where: slo.yml, line 5: custom_slos[0]\n"
        '           fix:   write  @slo(contributes_to="payment", ...)  above one, or remove the objective\n'
        "\n"
        "         no event type contributes to 'paymnt'\n"
        "           where: slo.yml, line 7: custom_slos[1]\n"
        '           fix:   write  @slo(contributes_to="paymnt", ...)  above one, or remove the objective\n'
        "\n"
        "         there is no objective 'paymment' in slo.yml, did you mean 'payment'?\n"
        "           where: app_events.PaymentProcessed (app_events, line 6)\n"
        "           fix:   add it under  custom_slos, or use one of: payment, paymnt, flow\n"
        "PROBLEM  event types\n"
        "\n"
        "         Silent does not say whether it counts toward an objective\n"
        "           where: class app_events.Silent\n"
        "           fix:   write  @slo(contributes_to=..., status_from=...)  above it, or  @slo(False)\n"
        "note     flow: objectives about sequences of events are not built\n"
        "note     advanced.autoscaling: left to the tools that deploy and scale\n"
    )


def test_validate_works_with_a_file_that_is_broken(typed: Typed, own_folder: Path) -> None:
    (own_folder / "slo.yml").write_text("version: 2")
    ended = typed("slo", "validate")
    assert ended.status == 1
    assert ended.out == (
        "PROBLEM  slo.yml\n"
        "\n"
        "         the version of the file is unknown\n"
        "           where: slo.yml, line 1: version\n"
        "           fix:   write  version: 1\n"
        "note     event types: none is known; import the application's with  e11y --app your.module slo validate\n"
    )


def test_without_a_file_nothing_is_wrong(typed: Typed, own_folder: Path) -> None:
    (own_folder / "slo.yml").unlink()
    ended = typed("--app", "app_events", "slo", "validate")
    assert (ended.status, ended.out.splitlines()[0]) == (0, "note     slo.yml: there is none, so defaults hold")
    content = yaml.safe_load(typed("--app", "app_events", "slo", "rules").out)
    assert [group["name"] for group in content["groups"]] == [
        "slo http",
        "slo_budget http",
        "slo jobs",
        "slo_budget jobs",
        "slo payment",
        "slo_budget payment",
    ]


def test_check_tells_what_is_wrong_with_the_file_and_the_types(typed: Typed, own_folder: Path) -> None:
    (own_folder / "slo.yml").write_text("version: 2")
    ended = typed("--app", "app_events", "check")
    assert (ended.status, ended.err) == (
        1,
        "plugin slo: the version of the file is unknown\n  where: slo.yml, line 1: version\n  fix:   write  version: 1\n",
    )
    (own_folder / "slo.yml").write_text("version: 1")
    told = "there is no objective 'payment' in slo.yml\n"
    ended = typed("--app", "app_events", "check")
    assert ended.status == 0
    assert ended.err.startswith(f"slo: {told}")
    with (own_folder / "e11y.toml").open("a") as settings:
        settings.write("[slo]\nstrict = true\n")
    ended = typed("--app", "app_events", "check")
    assert ended.status == 1
    assert ended.err.startswith(f"plugin slo: {told}")


def test_rules_tests_and_dashboard_go_to_files(typed: Typed, own_folder: Path) -> None:
    assert typed("slo", "rules", "-o", "out/slo.rules.yml") == Ended(0, "", "")
    assert typed("slo", "rules", "--tests", "slo.rules.yml", "-o", "out/slo.tests.yml") == Ended(0, "", "")
    assert typed("slo", "dashboard", "-o", "config/grafana/e11y_slo_dashboard.json") == Ended(0, "", "")
    assert (own_folder / "out/slo.rules.yml").read_text().startswith("# Written by  e11y slo rules.\ngroups:\n")
    assert yaml.safe_load((own_folder / "out/slo.tests.yml").read_text())["rule_files"] == ["slo.rules.yml"]
    assert json.loads((own_folder / "config/grafana/e11y_slo_dashboard.json").read_text())["schemaVersion"] == 38


def test_rules_of_a_running_service_cover_its_routes_and_tasks(typed: Typed) -> None:
    ended = typed("slo", "rules", "--from", "page.txt")
    assert (ended.status, ended.err) == (0, "")
    groups = [group["name"] for group in yaml.safe_load(ended.out)["groups"] if group["name"].startswith("slo ")]
    assert groups == ["slo http", "slo jobs", "slo checkout", "slo payment", "slo GET /a", "slo ship"]


def test_rules_never_name_what_a_service_does_not_export(typed: Typed, own_folder: Path) -> None:
    (own_folder / "page.txt").write_text(PAGE.replace("/orders/{id}", "/order/{id}"))
    ended = typed("slo", "rules", "--from", "page.txt")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        "the objective 'checkout' looks at series that are not there: "
        'slo_http_requests_total{method="POST",route=~"/orders/[^/]+",status!="unknown"}\n'
        "  where: page.txt\n"
        "  fix:   name a route, a task or an event as it is counted, or let it happen once before you ask\n"
    )


def test_an_aggregate_of_what_a_service_does_not_export_is_refused(typed: Typed, own_folder: Path) -> None:
    aggregated = (
        "app_wide: {aggregated_slo: {strategy: min, components: [{name: a, slo: jobs}, {name: b, slo: http}]}}\n"
    )
    (own_folder / "slo.yml").write_text(FILE + aggregated)
    assert typed("slo", "rules", "--from", "page.txt").status == 0
    (own_folder / "page.txt").write_text(PAGE.partition("# HELP slo_background")[0])
    ended = typed("slo", "rules", "--from", "page.txt")
    assert (ended.status, ended.err.splitlines()[0]) == (
        1,
        "the objective 'jobs' looks at series that are not there: slo_background_jobs_total",
    )


def test_a_route_with_the_name_of_another_objective_is_refused(typed: Typed, own_folder: Path) -> None:
    (own_folder / "slo.yml").write_text(FILE.replace("name: checkout", 'name: "GET /a"'))
    ended = typed("slo", "rules", "--from", "page.txt")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        "the route 'GET /a' has the name of another objective\n"
        "  where: slo.yml, line 3: endpoints[0]; page.txt\n"
        "  fix:   rename that objective\n"
    )


def test_validate_compares_the_fields_of_both(typed: Typed, own_folder: Path) -> None:
    same = FILE + "    group_by: ':state'\n    latency: {field: took_ms, p99: 500}\n"
    app = APP.replace('contributes_to="payment"', 'contributes_to="payment", group_by="state", latency_field="took_ms"')
    (own_folder / "app_events.py").write_text(app.replace("    state: str\n", "    state: str\n    took_ms: float\n"))
    (own_folder / "slo.yml").write_text(same)
    assert "PROBLEM" not in typed("--app", "app_events", "slo", "validate").out
    (own_folder / "slo.yml").write_text(same.replace(":state", "kind").replace("took_ms", "ms"))
    ended = typed("--app", "app_events", "slo", "validate")
    assert ended.status == 1
    assert ended.out.splitlines()[1:9] == [
        "PROBLEM  events of slo.yml",
        "",
        "         group_by of 'payment' is 'kind', but @slo on PaymentProcessed has group_by='state'",
        "           where: slo.yml, line 7: custom_slos[0].group_by; app_events.PaymentProcessed (app_events, line 6)",
        "           fix:   let both say the same, or leave group_by out of the file",
        "",
        "         latency.field of 'payment' is 'ms', but @slo on PaymentProcessed has latency_field='took_ms'",
        "           where: slo.yml, line 8: custom_slos[0].latency.field; app_events.PaymentProcessed (app_events, line 6)",
    ]


def test_validate_tells_what_is_ignored(typed: Typed, own_folder: Path) -> None:
    more = "    require_explicit_slo_config: true\ne11y_self_monitoring: {targets: {latency: 1}}\n"
    (own_folder / "slo.yml").write_text(FILE + more)
    ended = typed("--app", "app_events", "slo", "validate")
    assert (ended.status, ended.out.splitlines()[-2:]) == (
        0,
        [
            "note     custom_slos[0].require_explicit_slo_config: ignored; strict in the settings asks it of all types",
            "note     e11y_self_monitoring.targets: ignored; the alert has a target of its own",
        ],
    )


def test_a_budget_of_nothing_is_told_in_json(typed: Typed, own_folder: Path) -> None:
    (own_folder / "slo.yml").write_text("version: 1\ncustom_slos: [{name: payment, target: 1}]")
    ended = typed("slo", "status", "--json", "page.txt")
    assert ended.status == 1
    assert json.loads(ended.out, parse_constant=pytest.fail)[-1] == {
        "slo": "payment",
        "target": 1.0,
        "window": "process",
        "total": 100.0,
        "bad": 5.0,
        "good_ratio": 0.95,
        "budget_left": None,
        "burn_rate": None,
    }


def test_status_of_a_page(typed: Typed) -> None:
    ended = typed("slo", "status", "page.txt")
    assert ended.out == (
        "SLO       TARGET    WINDOW   TOTAL  BAD  GOOD_RATIO  BUDGET_LEFT  BURN_RATE\n"
        "http      99.9000%  process  2000   1    99.9500%    50.0000%     0.50\n"
        "jobs      99.5000%  process  10     0    100.0000%   100.0000%    0.00\n"
        "checkout  99.9000%  process  1000   1    99.9000%    0.0000%      1.00\n"
        "payment   99.9000%  process  100    5    95.0000%    -4900.0000%  50.00\n"
    )
    assert ended.status == 1


def test_status_without_traffic_and_without_a_file(typed: Typed, own_folder: Path) -> None:
    (own_folder / "slo.yml").unlink()
    (own_folder / "page.txt").write_text("")
    rows = json.loads(typed("slo", "status", "--json", "page.txt").out)
    assert [(one["slo"], one["total"], one["good_ratio"], one["budget_left"]) for one in rows] == [
        ("http", 0.0, None, None),
        ("jobs", 0.0, None, None),
    ]
    (own_folder / "page.txt").write_text(PAGE)
    rows = json.loads(typed("slo", "status", "--json", "page.txt").out)
    assert [one["slo"] for one in rows] == ["http", "jobs", "payment"]


def test_a_page_that_cannot_be_read_is_told(typed: Typed) -> None:
    ended = typed("slo", "status", "http://127.0.0.1:9/metrics")
    assert (ended.status, ended.err) == (
        1,
        "no metrics can be read from 'http://127.0.0.1:9/metrics': URLError\n"
        "  where: e11y slo\n"
        "  fix:   name the URL of a Prometheus or of what it scrapes, or a file with its answer in the text format\n",
    )


def burn(total: float, bad: float) -> Any:
    from e11y_slo.builder import without_file
    from e11y_slo.readings import Source

    page = Path("page.txt")
    page.write_text(
        f'# TYPE slo_event_result_total counter\nslo_event_result_total{{slo_name="a",slo_status="success"}} {total - bad}\n'
        f'slo_event_result_total{{slo_name="a",slo_status="failure"}} {bad}\n'
    )
    return Source("page.txt").status(without_file(["a"]).objectives[-1]).burn_rate


def test_the_burn_rate_is_that_of_the_documents(own_folder: Path) -> None:
    assert burn(10_000, 144) == pytest.approx(14.4)
