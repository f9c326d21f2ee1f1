"""A real Prometheus on loopback that scrapes one target every second."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from e11y.testing import free_port
from tests.servers.daemon import started

_CONFIG = """
global:
  scrape_interval: 1s
  evaluation_interval: 1s
scrape_configs:
  - job_name: app
    static_configs:
      - targets: ["127.0.0.1:{target}"]
"""


class Prometheus:
    """One prometheus process with its data in ``folder``.

    Args:
        folder: For configuration, data and log.
        target: Port on 127.0.0.1 to scrape, at ``/metrics``.
        more: Further lines of its configuration.
    """

    def __init__(self, folder: Path, target: int, more: str = "") -> None:
        binary = shutil.which("prometheus")
        if binary is None:
            pytest.fail("this test needs prometheus; install it with: bash .ci/servers, or: apt-get install prometheus")
        self.binary: str = binary
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        (folder / "prometheus.yml").write_text(_CONFIG.format(target=target) + more, "utf-8")

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [
            self.binary,
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--enable-feature=exemplar-storage",
        ]
        self.process = started(command, self.folder / "prometheus.log", lambda: self.get("/api/v1/status/buildinfo"))

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)

    def get(self, path: str, **query: str) -> Any:
        """Return the data of an answer of its API."""
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> dict[str, float]:
        """Return the values of an expression by their labels, ``job`` and ``instance`` left out."""
        found = {}
        for one in self.get("/api/v1/query", query=expression)["result"]:
            labels = {name: value for name, value in sorted(one["metric"].items()) if name not in ("job", "instance")}
            found[",".join(f"{name}={value}" for name, value in labels.items())] = float(one["value"][1])
        return found

    def wait_for(self, expression: str, value: float, *, timeout_s: float = 30.0) -> None:
        """Wait until an expression has one value.

        Raises:
            AssertionError: It has another one after ``timeout_s`` seconds.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            found = list(self.query(expression).values())
            if found == [value]:
                return
            assert time.monotonic() < deadline, f"{expression} is {found}, not {value}"
            time.sleep(0.2)

    def targets(self) -> list[dict[str, Any]]:
        """Return the state of what is scraped."""
        found: list[dict[str, Any]] = self.get("/api/v1/targets")["activeTargets"]
        return found


def promtool(*arguments: str, folder: Path | None = None) -> None:
    """Run promtool, which must find nothing wrong."""
    binary = shutil.which("promtool")
    if binary is None:
        pytest.fail("this test needs promtool; install it with: bash .ci/servers, or: apt-get install prometheus")
    done = subprocess.run([binary, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
