"""Locks, forks and the ends of processes."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from e11y_logging import E11yHandler

from .conftest import Bench


def test_a_handler_has_no_lock(bench: Bench) -> None:
    handler = E11yHandler()
    assert handler.lock is None
    with pytest.raises(AssertionError):  # somebody who expects one is told at once by nothing worse than this
        assert handler.lock
    handler.acquire()
    handler.release()
    handler.flush()
    handler.close()
    handler.handle(logging.LogRecord("shop", logging.INFO, "", 1, "after close", None, None))
    assert bench.messages == ["after close"]


def test_a_thread_that_is_held_up_holds_up_nobody(bench: Bench, log: logging.Logger) -> None:
    began, go = threading.Event(), threading.Event()

    class Slow:
        def __str__(self) -> str:
            began.set()
            assert go.wait(30)
            return "slow"

    thread = threading.Thread(target=log.info, args=("%s", Slow()))
    thread.start()
    assert began.wait(30)
    log.info("quick")
    assert bench.messages == ["quick"]
    go.set()
    thread.join()
    assert sorted(bench.messages) == ["quick", "slow"]


PRELUDE = """
import logging, os, signal, sys, threading, time
import e11y, e11y_logging
e11y.configure(adapters={"logs": {"type": "console"}}, environment="production")
logging.getLogger().addHandler(logging.NullHandler())  # else warnings are printed
e11y_logging.attach()
log = logging.getLogger("shop")
"""


def run(source: str, status: int = 0) -> list[str]:
    """Run a script; return the messages of its lines, in the order of the output."""
    command = [sys.executable, "-W", "error", "-c", PRELUDE + textwrap.dedent(source)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, cwd=Path(__file__).parent)
    assert (answer.returncode, answer.stderr) == (status, "")
    return [line.split('"message":"')[1].split('"')[0] for line in answer.stdout.splitlines()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_while_other_threads_log(tmp_path: Path) -> None:
    messages = run("""
        import warnings
        warnings.simplefilter("ignore")  # Python warns of forks in processes with threads
        stop = threading.Event()
        def chatter():
            number = 0
            while not stop.is_set():
                log.debug("chatter %d", number)
                number += 1
                time.sleep(0.0005)
        threads = [threading.Thread(target=chatter) for _ in range(3)]
        for thread in threads: thread.start()
        log.info("parent before")
        e11y.flush()
        for number in range(5):
            child = os.fork()
            if child == 0:
                with e11y.scope("child") as scope:
                    log.debug("child %d debug", number)
                    log.error("child %d error", number)
                e11y.shutdown()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for thread in threads: thread.join()
        log.info("parent after")
    """)
    assert sorted(messages) == sorted(
        ["parent before", "parent after", *(f"child {n} {word}" for n in range(5) for word in ("debug", "error"))]
    )


def test_the_default_action_of_sigterm_delivers_first() -> None:
    messages = run(
        """
        log.info("working")
        with e11y.scope("job") as scope:
            log.debug("step")
            log.error("bad")
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        """,
        status=-15,
    )
    assert messages == ["working", "step", "bad"]


def test_finalisers_and_signal_handlers_may_log() -> None:
    messages = run("""
        import gc
        e11y.start()
        class Cycle:
            def __init__(self): self.me = self
            def __del__(self): log.info("collected")
        seen = []
        signal.signal(signal.SIGVTALRM, lambda *_: (log.info("alarm"), seen.append(1)))
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.002, 0.002)  # of our own time, however busy the machine is
        end = time.monotonic() + 10
        count = 0
        while len(seen) < 50 and time.monotonic() < end:
            with e11y.scope("job"):
                for _ in range(20): log.debug("step")
            Cycle(); count += 1
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        gc.collect()
        assert len(seen) >= 50
        e11y.shutdown()
        e11y.ledger().check()
        told = e11y.ledger().snapshot().plugins
        # The collector runs finalisers on whichever thread it is, also on those of e11y.
        lost = told.get("logging.inside_of_track", 0) + told.get("logging.on_own_thread", 0)
        sys.stdout.write(f'"message":"{len(seen) + count} and {lost}"\\n')
    """)
    said, lost = map(int, messages[-1].split(" and "))
    assert len(messages) - 1 == said - lost
