"""A real Prometheus scrapes an application under load: counts, buckets, exemplars, several processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import generate_latest

import e11y
from e11y_metrics import counter, gauge, histogram, metrics, registry, start_http_server
from e11y_metrics.process import top
from tests.servers.prometheus import Prometheus


@counter("scraped_orders_total", tags=["currency"], help='Quoted "text" and a \\ backslash.')
@histogram("scraped_order_amount", value="amount", tags=["currency"], buckets=(10, 100))
@gauge("scraped_waiting", value="waiting")
class ScrapedOrder(e11y.Event):
    currency: str
    amount: float
    waiting: int = 0


Scrape = Callable[..., Prometheus]


@pytest.fixture
def scrape(tmp_path: Path) -> Iterator[Scrape]:
    """Start the application with a table of settings, and a Prometheus that scrapes it."""
    running: list[Callable[[], object]] = []

    def start(**table: object) -> Prometheus:
        adapters = {"logs": {"type": "null"}}
        e11y.configure({"plugins": ["metrics"], "metrics": table, "adapters": adapters})
        e11y.start()
        server = start_http_server(0)
        running.append(server.close)
        prometheus = Prometheus(tmp_path, server.port)
        running.append(prometheus.stop)
        prometheus.start()
        return prometheus

    yield start
    for stop in reversed(running):
        stop()
    e11y.shutdown(1)


def test_counts_under_load_are_exact(scrape: Scrape) -> None:
    prometheus = scrape()
    done = threading.Event()
    tracked = {"EUR": 0, "USD": 0}

    def work(currency: str) -> None:
        while not done.is_set():
            with e11y.scope("order"):
                ScrapedOrder.track(currency=currency, amount=50.0, waiting=3)
            tracked[currency] += 1
            metrics.increment("scraped_direct_total")
            time.sleep(0.0005)

    threads = [threading.Thread(target=work, args=(currency,)) for currency in tracked]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 40
    while len(prometheus.query("scraped_orders_total")) < 2:
        assert time.monotonic() < deadline, prometheus.targets()
        time.sleep(0.2)
    seen = [sum(prometheus.query("scraped_orders_total").values())]
    for _ in range(3):
        time.sleep(1)
        seen.append(sum(prometheus.query("scraped_orders_total").values()))
    done.set()
    for thread in threads:
        thread.join()
    assert seen == sorted(seen)
    total = sum(tracked.values())
    prometheus.wait_for("sum(scraped_orders_total)", total)
    assert prometheus.query("scraped_orders_total") == {
        f"__name__=scraped_orders_total,currency={currency}": count for currency, count in tracked.items()
    }
    assert sum(prometheus.query('scraped_order_amount_bucket{le="10.0"}').values()) == 0
    assert sum(prometheus.query('scraped_order_amount_bucket{le="100.0"}').values()) == total
    assert sum(prometheus.query("scraped_order_amount_sum").values()) == 50 * total
    assert list(prometheus.query("scraped_waiting").values()) == [3]
    assert list(prometheus.query("scraped_direct_total").values()) == [total]
    prometheus.wait_for('sum(e11y_events_tracked_total{result="routed"})', total)
    (target,) = prometheus.targets()
    assert (target["health"], target["lastError"]) == ("up", "")
    now = time.time()
    exemplars = prometheus.get(
        "/api/v1/query_exemplars", query="scraped_order_amount_bucket", start=str(now - 300), end=str(now + 300)
    )
    assert {len(one["labels"]["trace_id"]) for series in exemplars for one in series["exemplars"]} == {32}


def test_any_label_value_arrives_as_it_is(scrape: Scrape) -> None:
    prometheus = scrape(limit=4)
    values = ['quoted "text"', "back\\slash", "two\nlines", "ümlaut \u2028 \ud83d", "above", "the limit"]
    for value in values:
        ScrapedOrder.track(currency=value, amount=1)
    prometheus.wait_for("count(scraped_orders_total)", 5)
    found = {name.partition("currency=")[2]: count for name, count in prometheus.query("scraped_orders_total").items()}
    assert found == {'quoted "text"': 1, "back\\slash": 1, "two\nlines": 1, "ümlaut \u2028 ?": 1, "[OTHER]": 2}


def test_recycled_workers_are_one_target_that_never_goes_down(scrape: Scrape, tmp_path: Path) -> None:
    directory = tmp_path / "shared"
    prometheus = scrape(directory=str(directory))
    seen = []
    for generation in range(30):
        pid = os.fork()
        if pid == 0:
            for _ in range(10):
                ScrapedOrder.track(currency="EUR", amount=1)
            if generation % 2:
                e11y.shutdown(5)
            else:
                part = top()
                assert part is not None
                assert part.share is not None
                part.share.write()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        time.sleep(0.2)
        seen.append(sum(prometheus.query("scraped_orders_total").values()))
    assert seen == sorted(seen)
    prometheus.wait_for("sum(scraped_orders_total)", 300)
    assert prometheus.query("resets(scraped_orders_total[5m])") == {"currency=EUR": 0}
    assert len(list(directory.iterdir())) == 3


def test_promtool_finds_nothing_wrong(scrape: Scrape) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.fail("this test needs promtool; install it with: bash .ci/servers, or: apt-get install prometheus")
    scrape()
    ScrapedOrder.track(currency="EUR", amount=1)
    text = generate_latest(registry())
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, timeout=30, check=False)
    told = [line for line in done.stderr.decode().splitlines() if "process_" not in line and "python_" not in line]
    assert told == []
