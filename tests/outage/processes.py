"""The processes of an outage: sinks, and the applications that send to them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from e11y.testing import free_port

FOLDER = Path(__file__).resolve().parent
EVENTS = 20_000
PER_SECOND = 2_000
SHUTDOWN_S = 5.0


class Sink:
    """The sink of ``sink.py``; it keeps its port over all its lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, ready to take everything."""
        self.mode("take")
        command = [sys.executable, str(FOLDER / "sink.py"), str(self.port), str(self.folder)]
        self.process = subprocess.Popen(command)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "the sink does not start"
                time.sleep(0.02)

    def mode(self, mode: str) -> None:
        """Tell it what to do with the next pushes."""
        written = self.folder / "mode.new"
        written.write_text(mode, "utf-8")
        written.replace(self.folder / "mode")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it."""
        if self.process is not None:
            self.process.send_signal(number)

    def wait(self) -> None:
        """Wait for its death."""
        if self.process is not None:
            self.process.wait(30)

    def stop(self) -> None:
        """Kill it, unless it is dead."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def taken(self, numbers: Callable[[str], Iterable[int]]) -> tuple[Counter[int], set[int]]:
        """Return how often each event was taken, and which are in a push whose answer nobody heard."""
        pushes: dict[tuple[int, int], list[int]] = {}
        heard: set[tuple[int, int]] = set()
        for fact in self._facts():
            if "body" in fact:
                pushes[fact["process"], fact["number"]] = list(numbers(fact["body"]))
            else:
                heard.add((fact["process"], fact["answered"]))
        counts = Counter(number for found in pushes.values() for number in found if number >= 0)
        unheard = {number for push, found in pushes.items() if push not in heard for number in found}
        return counts, unheard

    def _facts(self) -> Iterator[dict[str, Any]]:
        """Yield what it wrote down, but for the half lines that it was killed in: nobody heard an answer to these."""
        for line in (self.folder / "taken.jsonl").read_text("utf-8").split("\n"):
            with suppress(ValueError):
                yield json.loads(line)


class Application:
    """The load of ``application.py`` on one sink."""

    def __init__(self, folder: Path, table: Mapping[str, Any], **asked: Any) -> None:
        folder.mkdir()
        self.folder = folder
        settings = {
            "plugins": [table["type"]],  # nobody but the application keeps dead letters
            "adapters": {"logs": dict(table)},
            "routes": {"default": ["logs"]},
        }
        usual = {
            "severity": "info",
            "events": EVENTS,
            "per_second": PER_SECOND,
            "flush_s": 60.0,
            "shutdown_s": SHUTDOWN_S,
        }
        files = {"result": str(folder / "result.json"), "letters": str(folder / "letters.jsonl")}
        (folder / "asked.json").write_text(json.dumps({"settings": settings, **usual, **files, **asked}), "utf-8")
        command = [sys.executable, str(FOLDER / "application.py"), str(folder / "asked.json")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self.hears("warm")

    def begin(self) -> None:
        """Let it begin."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def hears(self, word: str) -> None:
        """Wait until it says ``word``."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline().decode().strip()
        assert said == word, f"the application said {said!r}"

    def finish(self) -> dict[str, Any]:
        """Let it flush and shut down; return its result, and how long the process took to end after that."""
        self.process.communicate(b"\n", timeout=100)
        ended = time.time()
        assert self.process.returncode == 0
        result: dict[str, Any] = json.loads((self.folder / "result.json").read_text("utf-8"))
        return {**result, "exit_s": ended - result["ended"]}

    def stop(self) -> None:
        """Kill it, unless it ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def letters(self) -> list[tuple[int, str]]:
        """Return number and reason of each dead letter."""
        lines = (self.folder / "letters.jsonl").read_text("utf-8").splitlines()
        return [(number, reason) for number, reason in map(json.loads, lines)]
