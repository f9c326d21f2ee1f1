"""Recycles workers as a pre-forking server does, scrapes meanwhile, and prints what was seen as JSON.

    python recycling.py DIRECTORY WORKERS ALIVE

Every worker counts some events; a third of them end in order, a third end without a word after they wrote their
numbers down, a third are killed after that.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import statistics
import sys
import time
from pathlib import Path

import e11y
from e11y_metrics import counter, histogram, registry
from e11y_metrics.process import top

EACH = 5
NAMES = [f"color{number}" for number in range(50)]


@counter("recycled_total", tags=["color"])
@histogram("recycled_size", value="size", tags=["color"])
class Recycled(e11y.Event):
    color: str
    size: float


def work(number: int) -> None:
    """Be one worker."""
    for event in range(EACH):
        Recycled.track(color=NAMES[(number + event) % len(NAMES)], size=0.3)
    part = top()
    assert part is not None
    assert part.share is not None
    if number % 3 == 0:
        e11y.shutdown(5)
        os._exit(0)
    part.share.write()
    if number % 3 == 1:
        os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)


def scrape() -> dict[str, float]:
    """Return every sample of a counter."""
    return {
        f"{one.name}{sorted(one.labels.items())}": one.value
        for metric in registry().collect()
        if metric.type in ("counter", "histogram")
        for one in metric.samples
    }


def main() -> None:
    """Recycle, and print what was seen."""
    directory, workers, alive = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    e11y.configure(
        {"plugins": ["metrics"], "metrics": {"directory": str(directory), "interval": "1h"}},
        adapters={"logs": {"type": "null"}},
    )
    e11y.start()
    fork = multiprocessing.get_context("fork")
    running: list[multiprocessing.process.BaseProcess] = []
    before: dict[str, float] = {}
    went_down: list[str] = []
    most_files = 0
    times: list[float] = []
    cpu_times: list[float] = []

    def look() -> None:
        nonlocal before, most_files
        most_files = max(most_files, sum(1 for _ in directory.iterdir()))
        started, cpu_started = time.perf_counter(), time.process_time()
        now = scrape()
        times.append(time.perf_counter() - started)
        cpu_times.append(time.process_time() - cpu_started)
        went_down.extend(name for name, value in before.items() if now.get(name, 0) < value)
        before = now

    for number in range(workers):
        child = fork.Process(target=work, args=(number,))
        child.start()
        running.append(child)
        if len(running) >= alive:
            running.pop(0).join()
        if number % 20 == 19:
            look()
    for child in running:
        child.join()
    look()
    total = sum(value for name, value in before.items() if name.startswith("recycled_total"))
    print(
        json.dumps(
            {
                "total": total,
                "expected": workers * EACH,
                "went_down": went_down,
                "most_files": most_files,
                "files_at_the_end": len(list(directory.iterdir())),
                "scrapes": len(times),
                "median_s": statistics.median(times),
                "slowest_s": max(times),
                "median_cpu_s": statistics.median(cpu_times),
            }
        )
    )


if __name__ == "__main__":
    main()
