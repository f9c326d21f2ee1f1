"""A real Prometheus evaluates the generated rules over an application under load; alerts come and go."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import attrs
import pytest
from click.testing import CliRunner

import e11y
from e11y.cli.root import make_root
from e11y_metrics import start_http_server
from e11y_slo import slo
from e11y_slo.dashboard import expressions
from e11y_web.wsgi import WsgiMiddleware
from tests.servers.alertmanager import Alertmanager
from tests.servers.generated_rules import asked, until, without_intervals
from tests.servers.prometheus import Prometheus, promtool

FILE = """
version: 1
defaults:
  window: 2m
  availability: {target: 0.95}
  burn_rate_alerts: &burn
    fast: {window: 20s, threshold: 5, alert_after: 5s}
    medium: {window: 40s, threshold: 3, alert_after: 10s}
    slow: {window: 60s, threshold: 2, alert_after: 20s}
endpoints:
  - name: checkout
    pattern: "POST /orders/:id"
    slo:
      latency_p99_target: 250
      throughput: {min_rps: 0.1, max_rps: 10000}
  - route: "/broken"
    slo: null
services:
  celery:
    default: {burn_rate_alerts: *burn}
    jobs:
      shop.ship: {success_rate_target: 0.9, latency: {p99: 60000}}
app_wide:
  celery: {success_rate_target: 0.9, burn_rate_alerts: *burn}
  aggregated_slo:
    strategy: weighted_average
    components:
      - {name: checkout, weight: 0.4, slo: checkout}
      - {name: payments, weight: 0.4, slo: payment_success}
      - {name: two hundreds, weight: 0.2, metric: 'sum(rate(slo_http_requests_total{status="2xx"}[20s])) / sum(rate(slo_http_requests_total[20s]))'}
    target: 0.9
custom_slos:
  - name: payment_success
    events: [ServedPayment]
    target: 0.9
    metric_name: payment_success_ratio
    latency: {p99_target: 5000}
e11y_self_monitoring: {enabled: true}
advanced:
  error_budget_alerts: {enabled: true, thresholds: [50, 100]}
"""


@slo(
    contributes_to="payment_success",
    status_from=lambda state: {"paid": "success", "refused": "failure"}.get(state),
    latency_field="took_ms",
)
class ServedPayment(e11y.Event):
    state: str
    took_ms: float


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@attrs.define(eq=False)
class Shop:
    """An application under load.

    Attributes:
        fails: Whether orders fail now.
        served: Status -> requests, as the client saw them.
    """

    fails: bool = False
    served: Counter[int] = attrs.field(factory=Counter)
    payments: Counter[str] = attrs.field(factory=Counter)
    _done: threading.Event = attrs.field(factory=threading.Event)
    _threads: list[threading.Thread] = attrs.field(factory=list)

    def app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/orders/"):
            start_response("404 Not Found", [])
            return [b""]
        state = "refused" if self.fails else "paid"
        ServedPayment.track(state=state, took_ms=20.0)
        self.payments[state] += 1
        if self.fails:
            start_response("503 Service Unavailable", [])
            return [b""]
        start_response("200 OK", [])
        return [b"ok"]

    def load(self, port: int) -> None:
        """Send requests from two threads, and let jobs run, until the end."""
        self._threads = [threading.Thread(target=self._send, args=(port, number)) for number in range(2)]
        self._threads.append(threading.Thread(target=self._work))
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Send no more."""
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _send(self, port: int, number: int) -> None:
        at = 0
        while not self._done.wait(0.02):
            at += 1
            path = f"/scan/{number}/{at}" if at % 50 == 0 else f"/orders/{at}"
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method="POST")
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    status = answer.status
            except urllib.error.HTTPError as error:
                with error:
                    status = error.code
            self.served[status] += 1

    def _work(self) -> None:
        while not self._done.wait(0.05):
            with e11y.scope("ship", kind="task", task="shop.ship", queue="fast", state="success"):
                pass


@attrs.frozen(eq=False)
class Stage:
    """Everything that runs."""

    shop: Shop
    prometheus: Prometheus
    alertmanager: Alertmanager
    metrics: str
    folder: Path


def run(*arguments: str) -> Any:
    return CliRunner().invoke(make_root(), arguments, catch_exceptions=False)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The application, the Prometheus that scrapes it with the generated rules, and an Alertmanager."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/slo.yml").write_text(FILE, "utf-8")
    e11y.configure({"plugins": ["metrics", "slo", "web"], "adapters": {"logs": {"type": "null"}}})
    rules = run("slo", "rules")
    assert rules.exit_code == 0, rules.output
    (tmp_path / "rules.yml").write_text(without_intervals(rules.stdout), "utf-8")
    shop = Shop()
    running: list[Callable[[], object]] = []
    try:
        e11y.start()
        app = WsgiMiddleware(
            shop.app, route=lambda environ: "/orders/{id}" if "/orders/" in environ["PATH_INFO"] else None
        )
        server = make_server("127.0.0.1", 0, app, _Server, _Quiet)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running += [server.server_close, thread.join, server.shutdown]
        scraped = start_http_server(0)
        running.append(scraped.close)
        alertmanager = Alertmanager(tmp_path / "alertmanager")
        running.append(alertmanager.stop)
        alertmanager.start()
        more = (
            f"rule_files: [{tmp_path / 'rules.yml'}]\n"
            f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager.port}']}}]}}]}}\n"
        )
        prometheus = Prometheus(tmp_path, scraped.port, more)
        running.append(prometheus.stop)
        prometheus.start()
        running.append(shop.end)
        shop.load(server.server_port)
        yield Stage(shop, prometheus, alertmanager, f"http://127.0.0.1:{scraped.port}/metrics", tmp_path)
    finally:
        for stop in reversed(running):
            stop()
        e11y.shutdown(1)


@pytest.mark.timeout(240)
def test_alerts_come_and_go_and_every_expression_has_data(stage: Stage) -> None:
    shop, prometheus = stage.shop, stage.prometheus
    until(lambda: prometheus.query('slo:error_ratio:rate1m{slo_name="payment_success"}'), prometheus.targets)
    until(lambda: not silent(stage), lambda: silent(stage))
    rules = prometheus.get("/api/v1/rules")["groups"]
    assert [rule["lastError"] for group in rules for rule in group["rules"] if rule["health"] != "ok"] == []
    until(lambda: not prometheus.query("ALERTS"), lambda: prometheus.query("ALERTS"))
    until(lambda: not stage.alertmanager.alerts(), stage.alertmanager.alerts)  # which hears of it a moment later

    shop.fails = True
    burning = 'ALERTS{alertname="SLOBurnRateFast",alertstate="firing",slo_name="%s"}'
    began = time.monotonic()
    for name in ("checkout", "payment_success", "http"):
        until(lambda name=name: prometheus.query(burning % name), lambda: prometheus.query("ALERTS"))  # type: ignore[misc]
    until(lambda: len(fast(stage)) == 3, stage.alertmanager.alerts)
    print(f"fast alerts after {time.monotonic() - began:.1f} s of failures, window 20 s")
    assert {one["severity"] for one in fast(stage)} == {"critical"}
    assert prometheus.query('ALERTS{slo_name=~"shop.ship|jobs"}') == {}

    shop.fails = False
    began = time.monotonic()
    until(lambda: not prometheus.query('ALERTS{alertname="SLOBurnRateFast"}'), lambda: prometheus.query("ALERTS"))
    until(lambda: not fast(stage), stage.alertmanager.alerts)
    print(f"resolved {time.monotonic() - began:.1f} s after the failures ended")

    shop.end()
    assert shop.served[503] > 0
    orders = (shop.served[200] + shop.served[503], shop.served[503])
    true = {"checkout": orders, "http": orders, "payment_success": (shop.payments.total(), shop.payments["refused"])}
    until(lambda: counted(stage, true) == true, lambda: (counted(stage, true), true))  # a client may know it first
    asked_there = run("slo", "status", f"http://127.0.0.1:{prometheus.port}")
    print(asked_there.stdout)
    assert asked_there.exit_code == 1  # the outage spent more than the budget of two minutes
    assert re.search(r"^checkout +95\.0000% +2m +\d+ +\d+ ", asked_there.stdout, re.MULTILINE)


def silent(stage: Stage) -> list[str]:
    """Return the expressions of the rules and of the dashboard that have no data."""
    written = asked((stage.folder / "rules.yml").read_text("utf-8"))
    shown = run("slo", "dashboard", "--from", stage.metrics)
    assert shown.exit_code == 0, shown.output
    drawn = expressions(json.loads(shown.stdout))
    assert len(drawn) > 10
    return [one for one in [*written, *drawn] if not stage.prometheus.query(one)]


def counted(stage: Stage, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return by objective what ``e11y slo status`` shows: all, bad ones."""
    page = {one["slo"]: one for one in json.loads(run("slo", "status", "--json", stage.metrics).stdout)}
    return {name: (page[name]["total"], page[name]["bad"]) for name in names}


def fast(stage: Stage) -> list[dict[str, str]]:
    return [one for one in stage.alertmanager.alerts() if one["alertname"] == "SLOBurnRateFast"]


NAMED_ALIKE = """
version: 1
defaults: {burn_rate_alerts: {medium: {enabled: false}, slow: {enabled: false}}}
endpoints: [{route: /a, name: aggregated}, {route: /x, name: x}, {route: /y, name: x budget}]
app_wide:
  aggregated_slo:
    strategy: min
    window: 7d
    components: [{name: web, slo: http}, {name: jobs, slo: jobs}]
custom_slos: [{name: e11y}]
e11y_self_monitoring: {enabled: true}
"""


@pytest.mark.timeout(240)
def test_promtool_takes_the_rules_and_their_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    e11y.configure({"plugins": ["metrics", "slo", "web"], "adapters": {"logs": {"type": "null"}}})
    for text in (
        FILE,
        "version: 1\nendpoints: [{pattern: 'GET /a.b/*'}, {pattern: '/:x/(y)+', name: 'a {{b}} c'}]\n",
        NAMED_ALIKE,
        None,
    ):
        if text is not None:
            (tmp_path / "slo.yml").write_text(text, "utf-8")
        elif (tmp_path / "slo.yml").exists():
            (tmp_path / "slo.yml").unlink()
        assert run("slo", "rules", "--output", "slo.rules.yml").exit_code == 0
        assert run("slo", "rules", "--tests", "slo.rules.yml", "--output", "slo.tests.yml").exit_code == 0
        promtool("check", "rules", "slo.rules.yml")
        promtool("test", "rules", "slo.tests.yml")
