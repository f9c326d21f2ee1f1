"""A real worker in a process of its own, its broker, and what its processes left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SITE = Path(__file__).parent / "site"

TOML = """
plugins = ["celery", "recorder:RecorderPlugin"]
shutdown_timeout = "5s"
[adapters.logs]
type = "recorder"
path = "{out}"
batch_interval = "{interval}"
"""


class Worker:
    """Runs ``celery -A shop ...`` in a folder until the block ends.

    Args:
        folder: Holds the configuration and everything that the processes write.
        broker: URL of the broker, empty.
        options: What follows ``celery -A shop``, for example ``worker --pool=solo``.
        interval: How long a record may wait for its batch: by default longer than any test, so that only the end of
            a process can deliver it.
        settings: Further lines of TOML.
        start_method: How a prefork pool makes its children: ``fork`` or ``spawn``.
    """

    def __init__(
        self,
        folder: Path,
        broker: str,
        options: str,
        *,
        interval: str = "1m",
        settings: str = "",
        start_method: str = "fork",
    ) -> None:
        self.folder = folder
        self._out = folder / "out.jsonl"
        self._log = folder / "worker.log"
        toml = TOML.format(out=self._out, interval=interval)
        (folder / "e11y.toml").write_text(toml + settings, "utf-8")
        self._options = options.split()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        self._environ = {**environ, "PYTHONPATH": str(SITE), "BROKER": broker, "START_METHOD": start_method}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "celery", "-A", "shop", *self._options, "--loglevel=INFO"]
        if "worker" in self._options:
            command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, env=self._environ, stdout=log, stderr=log)
        self.wait_for_log(r" ready\.|beat: Starting")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def publish(self, code: str) -> dict[str, Any]:
        """Run ``code`` in a process of its own that knows the application; return what it stores in ``told``.

        The process tells of its events through the same configuration.
        """
        script = f"import json\nfrom shop import *\ntold = {{}}\n{code}\nprint(json.dumps(told))\n"
        answer = subprocess.run(
            [sys.executable, "-c", script],
            cwd=self.folder,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert answer.returncode == 0, f"{answer.stderr}\n{self.log()}"
        told: dict[str, Any] = json.loads(answer.stdout)
        return told

    def stop(self, *numbers: int) -> float:
        """Send signals, half a second apart, and return how many seconds the worker took to end."""
        assert self._process is not None
        started = time.monotonic()
        for number in numbers or (signal.SIGTERM,):
            if self._process.poll() is None:
                self._process.send_signal(number)
                time.sleep(0.5 if len(numbers) > 1 else 0)
        self._process.wait(40)
        return time.monotonic() - started

    def records(self, name: str = "") -> list[dict[str, Any]]:
        """Return what arrived so far, in order; with a name, only those events."""
        if not self._out.exists():
            return []
        whole, _, _ = self._out.read_text("utf-8").rpartition("\n")  # what follows is still being written
        found = [json.loads(line) for line in whole.splitlines()]
        return [record for record in found if name in ("", record["event_name"])]

    def told_of(self, task_id: str) -> list[str]:
        """Return the names of the events of a task, in the order they arrived."""
        return [
            record["event_name"] for record in self.records() if record.get("context", {}).get("request_id") == task_id
        ]

    def wait_until(self, seen: Callable[[], Any]) -> Any:
        """Return what ``seen`` does once that is something, or after forty seconds."""
        until = time.monotonic() + 40
        while not (found := seen()) and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def ledgers(self) -> list[dict[str, Any]]:
        """Return the last ledger of each process."""
        return [json.loads(path.read_text("utf-8")) for path in sorted(self.folder.glob("ledger-*.json"))]

    def log(self) -> str:
        return self._log.read_text("utf-8")

    def wait_for_log(self, pattern: str) -> None:
        """Wait until the worker has logged something."""
        assert self._process is not None
        until = time.monotonic() + 60
        while not re.search(pattern, self.log()):
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < until, f"the worker does not say {pattern!r}:\n{self.log()}"
            time.sleep(0.05)
