"""A real Prometheus scrapes the shop under load: its numbers are true, its objectives are kept, broken and told."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest
import yaml

from e11y_slo.dashboard import expressions
from shop.demo.client import Reply, drive
from shop.demo.mix import SCENARIOS, Scenario, mix
from shop.demo.scrape import REQUESTS
from shop.demo.server import SETTINGS, Server
from tests.servers.alertmanager import Alertmanager
from tests.servers.generated_rules import BURNS, asked, until, without_intervals
from tests.servers.prometheus import Prometheus, promtool

FILE = Path(__file__).resolve().parents[2] / "examples/shop/slo.yml"
HEALTHY = [scenario for scenario in SCENARIOS if not scenario.fails and "shop.payments" not in scenario.trail]
"""Requests that break no objective: the gateway answers too, each time that it is asked."""

OUTAGE = [scenario for scenario in SCENARIOS if scenario.title == "the payment gateway is down"]
OBJECTIVES = ("checkout", "payments", "http")
"""What breaks while the gateway is down."""


@attrs.define(eq=False)
class Load:
    """Customers of the shop, one batch after the other, until the end.

    Attributes:
        url: Of the shop.
        scenarios: What they do now.
        replies: What they were answered.
    """

    url: str
    scenarios: Sequence[Scenario] = attrs.field(factory=lambda: HEALTHY)
    replies: list[Reply] = attrs.field(factory=list)
    _done: threading.Event = attrs.field(factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        """Send no more; return when all was answered."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(0.1):
            self.replies += drive(self.url, self.scenarios, threads=2).replies


@attrs.frozen(eq=False)
class Stage:
    """Everything that runs.

    Attributes:
        folder: Where ``slo.yml`` is, with windows of seconds.
        rules: What was generated of it.
    """

    load: Load
    prometheus: Prometheus
    alertmanager: Alertmanager
    folder: Path
    rules: str

    def fast(self) -> set[tuple[str, str]]:
        """Return objective and severity of the fast alerts that are on."""
        alerts = self.alertmanager.alerts()
        return {(one["slo_name"], one["severity"]) for one in alerts if one["alertname"] == "SLOBurnRateFast"}


def e11y(folder: Path, *arguments: str, status: int = 0) -> str:
    """Return what the command line says about the shop; its event types stay out of this process."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("E11Y_")}
    done = subprocess.run(
        [sys.executable, "-m", "e11y", "--app", "shop.events", *arguments],
        cwd=folder,
        env={**environ, "E11Y_CONFIG": str(SETTINGS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (status, "")
    return done.stdout


def hurried(text: str) -> str:
    """Return the shop's ``slo.yml`` with windows of seconds instead of days."""
    content = yaml.safe_load(text)
    content["defaults"] |= {"window": "10m", "burn_rate_alerts": BURNS}
    return yaml.safe_dump(content)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The shop on uvicorn under load, and the Prometheus that scrapes it with the rules of its objectives."""
    (tmp_path / "slo.yml").write_text(hurried(FILE.read_text("utf-8")), "utf-8")
    rules = without_intervals(e11y(tmp_path, "slo", "rules"))
    (tmp_path / "rules.yml").write_text(rules, "utf-8")
    with ExitStack() as stack:
        server = stack.enter_context(Server(tmp_path))
        alertmanager = Alertmanager(tmp_path / "alertmanager")
        stack.callback(alertmanager.stop)
        alertmanager.start()
        prometheus = Prometheus(
            tmp_path,
            port_of(server),
            f"rule_files: [{tmp_path / 'rules.yml'}]\n"
            f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager.port}']}}]}}]}}\n",
        )
        stack.callback(prometheus.stop)
        prometheus.start()
        until(lambda: prometheus.query("up"), prometheus.targets)  # what was counted before is no increase for it
        load = Load(server.url)
        stack.callback(load.end)
        load.start()
        yield Stage(load, prometheus, alertmanager, tmp_path, rules)
        load.end()
        server.stop()


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def true_counts(replies: Sequence[Reply], parameter: str = "{%s}") -> Counter[str]:
    """Return what Prometheus must say about some expressions; ``parameter`` is how templates of routes have one."""
    counts = Counter[str]()
    for reply in replies:
        scenario = reply.scenario
        kind = "5xx" if scenario.is_failed else f"{scenario.status // 100}xx"
        late = scenario.trail.count("shop.payments")  # it logs each time that the gateway does not answer
        route = re.sub(r"{(\w+)}", lambda found: parameter % found[1], scenario.route)
        counts[f'{REQUESTS}{{method="{scenario.method}",route="{route}",status="{kind}"}}'] += 1
        counts["sum(shop_orders_paid_total)"] += scenario.events.count("order.paid")
        counts["sum(shop_products_viewed_total)"] += scenario.perhaps.count("product.viewed")
        counts["sum(shop_checkouts_rejected_total)"] += scenario.events.count("checkout.rejected")
        counts['sum(slo_event_result_total{slo_status="failure"})'] += late
        counts["sum(slo_event_result_total)"] += scenario.trail.count("payment.attempted")
    return counts


def say_the_truth(prometheus: Prometheus, replies: Sequence[Reply], parameter: str = "{%s}") -> None:
    for expression, count in true_counts(replies, parameter).items():
        prometheus.wait_for(expression, count)


@pytest.mark.timeout(300)
def test_every_expression_has_data_and_alerts_come_and_go(stage: Stage) -> None:
    load, prometheus = stage.load, stage.prometheus
    until(lambda: prometheus.query('slo:error_ratio:rate1m{slo_name="payments"}'), prometheus.targets)
    until(lambda: prometheus.query('slo:error_budget_remaining:ratio{slo_name="payments"}'), prometheus.targets)
    groups = prometheus.get("/api/v1/rules")["groups"]
    assert [rule["lastError"] for group in groups for rule in group["rules"] if rule["health"] != "ok"] == []
    until(lambda: not silent(stage), lambda: silent(stage), timeout_s=20)
    assert len(asked(stage.rules)) > 60
    assert prometheus.query('ALERTS{alertname=~"SLOBurnRate.*|SLOErrorBudgetSpent"}') == {}
    assert stage.fast() == set()

    load.scenarios = [*HEALTHY, *OUTAGE * 3]
    burning = {(name, "critical") for name in OBJECTIVES}
    until(lambda: stage.fast() == burning, stage.alertmanager.alerts)
    assert prometheus.query('ALERTS{slo_name=~"catalogue|price list|accounts",alertname=~"SLOBurnRate.*"}') == {}

    load.scenarios = HEALTHY
    until(lambda: not stage.fast(), stage.alertmanager.alerts)
    load.end()
    say_the_truth(prometheus, load.replies)
    assert any(reply.scenario.fails for reply in load.replies)
    say_how_it_stands(stage)


def silent(stage: Stage) -> list[str]:
    """Return the expressions of the rules and of the dashboard that have no data."""
    drawn = expressions(json.loads(e11y(stage.folder, "slo", "dashboard", "--from", f"{stage.load.url}/metrics")))
    assert len(drawn) > 15
    return [one for one in [*asked(stage.rules), *drawn] if not stage.prometheus.query(one)]


def say_how_it_stands(stage: Stage) -> None:
    """The page tells the truth since the start; Prometheus about the last ten minutes, as it extrapolates."""
    replies = stage.load.replies
    true = {
        "http": (len(replies), sum(reply.scenario.is_failed for reply in replies)),
        "checkout": (
            sum(reply.scenario.route == "/orders" for reply in replies),
            sum(reply.scenario.route == "/orders" and reply.scenario.is_failed for reply in replies),
        ),
        "catalogue": (sum(reply.scenario.route == "/products/{sku}" for reply in replies), 0),
        "payments": (
            sum(reply.scenario.trail.count("payment.attempted") for reply in replies),
            sum(reply.scenario.trail.count("shop.payments") for reply in replies),
        ),
    }
    page = status_of(stage, f"{stage.load.url}/metrics")
    assert {name: page[name] for name in true} == true
    there = status_of(stage, f"http://127.0.0.1:{stage.prometheus.port}")
    assert there.keys() == page.keys() == {*true, "price list", "accounts"}
    for name, (total, bad) in true.items():
        assert there[name] == (pytest.approx(total, rel=0.3), pytest.approx(bad, rel=0.3))
    shown = e11y(stage.folder, "slo", "status", f"http://127.0.0.1:{stage.prometheus.port}", status=1)
    print(shown)
    assert re.search(r"^checkout +99\.0000% +10m +\d+ +\d+ +\d\d\.\d{4}% +-\d+\.\d{4}% ", shown, re.MULTILINE)
    assert re.search(r"^catalogue +99\.9000% +10m +\d+ +0 +100\.0000% +100\.0000% +0\.00", shown, re.MULTILINE)


def status_of(stage: Stage, place: str) -> dict[str, tuple[float, float]]:
    """Return objective -> total and bad; status 1 of the command, since the outage spent more than the budget."""
    told = json.loads(e11y(stage.folder, "slo", "status", "--json", place, status=1))
    return {one["slo"]: (one["total"], one["bad"]) for one in told}


@pytest.mark.timeout(120)
def test_workers_are_added_up_and_nothing_goes_down_with_one_of_them(tmp_path: Path) -> None:
    directory = tmp_path / "metrics"
    variables = {
        "GUNICORN_CMD_ARGS": "--workers 3",
        "E11Y_METRICS__DIRECTORY": str(directory),
        "E11Y_LEDGER_FILE__PATH": "",  # one file would be that of whichever worker ended last
    }
    with Server(tmp_path, "flask", **variables) as server, ExitStack() as stack:
        prometheus = Prometheus(tmp_path, port_of(server))
        stack.callback(prometheus.stop)
        prometheus.start()
        replies = list[Reply]()

        def several_work() -> bool:
            replies.extend(send(server, 100))  # over new connections, which any worker may take
            return len(workers(directory)) > 1

        until(several_work, lambda: list(directory.iterdir()))
        say_the_truth(prometheus, replies, "<%s>")
        for worker in workers(directory)[:2]:
            os.kill(worker, signal.SIGTERM)
            until(lambda worker=worker: worker not in workers(directory), lambda: list(directory.iterdir()))  # type: ignore[misc]
            replies += send(server, 200)
            say_the_truth(prometheus, replies, "<%s>")
        for name in (REQUESTS, "slo_event_result_total", "shop_orders_paid_total", "shop_gateway_calls_total"):
            assert list(prometheus.query(f"sum(resets({name}[5m]))").values()) == [0]
        (target,) = prometheus.targets()
        assert (target["health"], target["lastError"]) == ("up", "")
        assert server.stop().exit_status == 0


def send(server: Server, requests: int) -> Sequence[Reply]:
    """Send a mix with failures over connections enough for every worker."""
    replies = drive(server.url, mix(requests), threads=12).replies
    assert [reply.scenario.title for reply in replies if reply.status != reply.scenario.status] == []
    return replies


def workers(directory: Path) -> list[int]:
    """Return the process ids of the workers that share their numbers."""
    return sorted(int(file.name.partition("-")[0]) for file in directory.glob("*-*.msgpack"))


@pytest.mark.timeout(180)
def test_the_file_fits_the_shop_and_promtool_takes_its_rules(tmp_path: Path) -> None:
    (tmp_path / "slo.yml").write_text(FILE.read_text("utf-8"), "utf-8")
    assert "PROBLEM" not in e11y(tmp_path, "slo", "validate")
    e11y(tmp_path, "slo", "rules", "--output", "slo.rules.yml")
    e11y(tmp_path, "slo", "rules", "--tests", "slo.rules.yml", "--output", "slo.tests.yml")
    promtool("check", "rules", "slo.rules.yml", folder=tmp_path)
    promtool("test", "rules", "slo.tests.yml", folder=tmp_path)
