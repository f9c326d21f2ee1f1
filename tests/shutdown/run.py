"""One run of one row: real processes, a real HTTP server that takes what they deliver, and what they left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import attrs

from e11y.testing import Answer, LoopbackServer, free_port
from tests.shutdown.rows import Row

SITE = Path(__file__).parent / "site"
COUNT = 100
REQUESTS = 10
BEFORE_SIGNAL_S = 0.05
PATIENCE_S = 60.0
DEADLINE_S = 20.0
"""Nothing needs it while all far ends live."""

DEAD_DEADLINE_S = 4.0
"""Beside dead adapters a process takes four fifths of it, and the living ones have that long on a machine that stalls."""

TOML = """
service = "shutdown"
plugins = ["{integration}", "loki", "file", "recorder:Recorder"]
shutdown_timeout = "{deadline_s}s"

[adapters.http]
type = "loki"
url = "{url}"
batch_interval = "1m"

[adapters.file]
type = "file"
path = "arrived.jsonl"
batch_interval = "1m"

[routes]
default = {routes}
"""

INTEGRATIONS = {
    "web": """
[web]
completed = false
""",
    "celery": """
[celery]
exclude = ["*"]
""",
}
"""The plugin that a row is about, and what keeps it from telling events of its own."""

DEAD = """
[adapters.refusing]
type = "loki"
url = "{refusing}"

[adapters.silent]
type = "loki"
url = "{silent}"
timeout = "60s"
"""


@attrs.frozen
class Result:
    """What became of the events of one run.

    Args:
        http: How often each event arrived at the HTTP server.
        file: How often each event arrived in the file.
        ledgers: What each process said when it had stopped.
        log: What the processes printed.
    """

    http: Counter[int] = attrs.field(repr=False)
    file: Counter[int] = attrs.field(repr=False)
    ledgers: list[dict[str, Any]]
    log: str = attrs.field(repr=False)

    def arrived(self) -> int:
        """Return how many events arrived at both, once each."""
        return sum(self.http[number] == self.file[number] == 1 for number in range(COUNT))

    def given_up(self) -> int:
        """Return how many records each of the dead adapters accounts for; of the two the smaller number."""
        return min(sum(ledger["given_up"].get(name, 0) for ledger in self.ledgers) for name in ("refusing", "silent"))


def run(row: Row, folder: Path, broker: str, environ: Mapping[str, str], *, dead: bool) -> Result:
    """Start the processes of a row, let them track, end them.

    Args:
        row: What to run.
        folder: Empty; holds configuration and traces of the run.
        broker: URL of a database of its own, where the row is a worker.
        environ: Environment of the processes: this one's may change while a run reads it.
        dead: Whether two further adapters are routed to: one whose far end refuses connections, one whose
            far end takes them and stays silent.

    Raises:
        AssertionError: The processes do not start, or do not end.
    """
    with ExitStack() as stack:
        loopback = stack.enter_context(LoopbackServer())
        (folder / "e11y.toml").write_text(_toml(row, loopback.url, _dead(stack) if dead else ""), "utf-8")
        log = folder / "log"
        process = _started(row, log, port := free_port(), broker, environ)
        stack.callback(_killed, process)
        if row.serves:
            _until(lambda: _listens(port), process, log)
            _ask(port, row.pause_s)
        elif row.works:
            _until(lambda: log.read_text("utf-8").count(" succeeded in ") == REQUESTS, process, log)
        elif row.signalled:
            _until(lambda: "ready" in log.read_text("utf-8"), process, log)
        if row.signalled:
            time.sleep(BEFORE_SIGNAL_S)
            process.send_signal(signal.Signals[row.signalled])
        _until(lambda: process.poll() is not None, None, log)
        http = Counter(
            json.loads(line)["payload"]["number"]
            for request in loopback.requests
            for stream in request.json()["streams"]
            for _, line, *_ in stream["values"]
        )
    arrived = folder / "arrived.jsonl"
    lines = arrived.read_text("utf-8").splitlines() if arrived.exists() else []
    return Result(
        http,
        Counter(json.loads(line)["payload"]["number"] for line in lines),
        [json.loads(ledger.read_text("utf-8")) for ledger in sorted(folder.glob("ledger-*.json"))],
        log.read_text("utf-8"),
    )


def _dead(stack: ExitStack) -> str:
    """Return the tables of the dead adapters; their far ends live as long as ``stack``."""
    port = stack.enter_context(socket.socket())
    port.bind(("127.0.0.1", 0))  # and does not listen
    silent = stack.enter_context(LoopbackServer(Answer(hang=True)))
    return DEAD.format(refusing=f"http://127.0.0.1:{port.getsockname()[1]}", silent=silent.url)


def _toml(row: Row, url: str, dead: str) -> str:
    routes = json.dumps(["http", "file", "refusing", "silent"] if dead else ["http", "file"])
    integration = "celery" if row.works else "web"
    deadline_s = DEAD_DEADLINE_S if dead else DEADLINE_S
    common = TOML.format(integration=integration, url=url, routes=routes, deadline_s=deadline_s)
    return common + INTEGRATIONS[integration] + dead


def _started(row: Row, log: Path, port: int, broker: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, *(word.format(port=port, broker=broker) for word in row.command)]
    if row.command[0].endswith(".py"):
        command[1] = str(SITE / row.command[0])
    with log.open("wb") as output:
        own = {**environ, "PYTHONPATH": str(SITE), "HOME": str(log.parent)}  # gunicorn keeps a socket there
        return subprocess.Popen(command, cwd=log.parent, env=own, stdout=output, stderr=output, start_new_session=True)


def _killed(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a run that failed: workers may outlive their server."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def _until(holds: Callable[[], bool], process: subprocess.Popen[bytes] | None, log: Path) -> None:
    """Wait until something holds, while a process lives."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        ended = process is not None and process.poll() is not None
        assert not ended, f"it ended too early:\n{log.read_text('utf-8')}"
        assert time.monotonic() < deadline, f"it takes too long:\n{log.read_text('utf-8')}"
        time.sleep(0.02)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _ask(port: int, pause_s: float) -> None:
    """Let a server track all events, some per request."""
    each = COUNT // REQUESTS
    for first in range(0, COUNT, each):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/tick/{first}/{each}", timeout=PATIENCE_S) as response:
            assert response.status == 200
        time.sleep(pause_s)
