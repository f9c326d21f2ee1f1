"""Counts are exact with many threads, in finalisers, signal handlers and forked children."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from e11y import Event
from e11y_metrics import counter, gauge, histogram, metrics, registry

from .conftest import Bench


@counter("threaded_total", tags=["color"])
@histogram("threaded_size", value="size", tags=["color"], buckets=(5,))
class ThreadsSeen(Event):
    color: str
    size: int = 1


def test_many_threads_and_a_scraper_lose_nothing(bench: Bench) -> None:
    done = threading.Event()

    def scrape() -> None:
        while not done.is_set():
            bench.named("threaded")

    def track(color: str) -> None:
        for _ in range(5_000):
            ThreadsSeen.track(color=color)
            metrics.increment("direct_total", color=color)

    scraper = threading.Thread(target=scrape)
    scraper.start()
    writers = [threading.Thread(target=track, args=("ab"[number % 2],)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    scraper.join()
    found = bench.named("threaded", "direct")
    for color in "ab":
        assert found[f'threaded_total{{color="{color}"}}'] == 10_000
        assert found[f'threaded_size_count{{color="{color}"}}'] == 10_000
        assert found[f'direct_total{{color="{color}"}}'] == 10_000


class Finalised:
    def __del__(self) -> None:
        ThreadsSeen.track(color="finaliser")


def test_finalisers_and_signal_handlers_may_track_while_sums_are_made(bench: Bench) -> None:
    def on_signal(number: int, frame: object) -> None:
        ThreadsSeen.track(color="signal")

    before = signal.signal(signal.SIGALRM, on_signal)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        for _ in range(300):
            Finalised()
            ThreadsSeen.track(color="plain")
            bench.named("threaded")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    found = bench.named("threaded_total")
    assert found['threaded_total{color="finaliser"}'] == 300
    assert found['threaded_total{color="plain"}'] == 300
    assert found['threaded_total{color="signal"}'] > 0


@gauge("forked_level", value="size")
class ThreadsForked(Event):
    size: int


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_begins_with_zero_also_in_the_middle_of_a_scrape(bench: Bench) -> None:
    ThreadsSeen.track(color="parent")
    ThreadsForked.track(size=3)
    assert registry().get_sample_value("threaded_total", {"color": "parent"}) == 1
    ThreadsSeen.track(color="parent")  # waits in the journal
    from e11y_metrics.process import meter

    found = meter()
    assert found is not None
    with found.journal.lock:  # as if another thread were adding up
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                ThreadsSeen.track(color="child")
                now = registry()
                counted = [now.get_sample_value("threaded_total", {"color": color}) for color in ("parent", "child")]
                shown = now.get_sample_value("forked_level")
                status = 0 if (counted, shown) == ([None, 1], None) else 2
            finally:
                os._exit(status)
    _, code = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(code) == 0
    assert registry().get_sample_value("threaded_total", {"color": "parent"}) == 2
