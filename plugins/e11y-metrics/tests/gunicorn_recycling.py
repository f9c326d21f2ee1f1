"""Lets gunicorn recycle its workers after every second request, scrapes meanwhile, and prints what was seen as JSON.

python gunicorn_recycling.py FOLDER EVENTS
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

COLORS = [f"color{number}" for number in range(20)]
ALIVE = 8
BETWEEN_SCRAPES = 20
TOML = """
plugins = ["metrics"]
[metrics]
directory = "metrics"
interval = "1h"
[adapters.logs]
type = "null"
"""


class Gunicorn:
    """A running gunicorn whose workers serve two requests each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "e11y.toml").write_text(TOML, "utf-8")
        (folder / "metrics").mkdir()
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        listener.set_inheritable(True)
        self.port: int = listener.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "--workers", str(ALIVE), "--max-requests", "2", "--preload"]
        command += ["--bind", f"fd://{listener.fileno()}", "--log-level", "warning", "recycled_app:app"]
        environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "HOME": str(folder)}
        self.process = subprocess.Popen(command, cwd=folder, env=environ, pass_fds=[listener.fileno()])
        listener.close()

    def get(self, path: str) -> tuple[str, float]:
        """Return the body of a response, and the seconds of processor time that it says it took."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as response:
            return response.read().decode(), float(response.headers.get("X-CPU-Seconds", 0))

    def count(self, number: int) -> str:
        """Have one event counted; return which process did."""
        return self.get(f"/count/{COLORS[number % len(COLORS)]}")[0]

    def scrape(self) -> tuple[dict[str, float], float]:
        """Return every sample of a counter, and the processor time of the scrape."""
        text, seconds = self.get("/metrics")
        samples = {
            f"{one.name}{sorted(one.labels.items())}": one.value
            for metric in text_string_to_metric_families(text)
            if metric.type in ("counter", "histogram")
            for one in metric.samples
        }
        return samples, seconds

    def files(self) -> int:
        return sum(1 for _ in (self.folder / "metrics").iterdir())


def main() -> None:
    """Recycle, and print what was seen."""
    events = int(sys.argv[2])
    server = Gunicorn(Path(sys.argv[1]))
    workers: set[str] = set()
    before: dict[str, float] = {}
    went_down: list[str] = []
    files: list[int] = []
    seconds: list[float] = []

    def total() -> float:
        return sum(value for name, value in before.items() if name.startswith("served_total"))

    def look() -> None:
        nonlocal before
        files.append(server.files())
        now, took = server.scrape()
        seconds.append(took)
        went_down.extend(name for name, value in before.items() if now.get(name, 0) < value)
        before = now

    try:
        with ThreadPoolExecutor(ALIVE) as clients:
            for first in range(0, events, BETWEEN_SCRAPES):
                workers.update(clients.map(server.count, range(first, first + BETWEEN_SCRAPES)))
                look()
        until = time.monotonic() + 60
        while total() < events and time.monotonic() < until:  # the last ones may not have ended yet
            time.sleep(0.1)
            look()
    finally:
        server.process.terminate()
        server.process.wait(60)
    result = {
        "workers": len(workers),
        "total": total(),
        "went_down": went_down,
        "most_files": max(files),
        "scrapes": len(seconds),
        "median_cpu_s": statistics.median(seconds),
        "slowest_cpu_s": max(seconds),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
