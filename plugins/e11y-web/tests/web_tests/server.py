"""A real server in a process of its own, and what its processes left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from e11y.testing import free_port

SITE = Path(__file__).parent / "site"

TOML = """
plugins = ["web", "recorder:RecorderPlugin"]
[adapters.logs]
type = "recorder"
path = "{out}"
batch_interval = "{interval}"
[routes]
default = ["logs"]
"""


class Server:
    """Runs ``python -m`` with ``{port}`` filled in, in an empty folder, until the block ends.

    Args:
        folder: Holds the configuration and everything that the processes write.
        command: What follows ``python -m``.
        interval: How long a record may wait for its batch.
    """

    def __init__(self, folder: Path, command: Sequence[str], *, interval: str = "200ms") -> None:
        self.folder = folder
        self.port = free_port()
        self._out = folder / "out.jsonl"
        self._log = folder / "server.log"
        (folder / "e11y.toml").write_text(TOML.format(out=self._out, interval=interval), "utf-8")
        self._command = [part.format(port=self.port) for part in command]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environ["PYTHONPATH"] = str(SITE)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._command], cwd=self.folder, env=environ, stdout=log, stderr=log
            )
        self._wait_until_it_listens()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def get(self, paths: Sequence[str], *, at_once: int = 0) -> list[int]:
        """Ask for each path, its last part being the request id; return the statuses, 0 for a broken response.

        Args:
            paths: For example ``/crash/crash-7``.
            at_once: Most requests at a time, 0 for all.
        """
        return asyncio.run(self._get(paths, at_once))

    async def _get(self, paths: Sequence[str], at_once: int) -> list[int]:
        connector = aiohttp.TCPConnector(limit=at_once, force_close=True)
        timeout = aiohttp.ClientTimeout(total=120)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            return await asyncio.gather(*(self._ask(session, path) for path in paths))

    def get_to_the_end(self, path: str) -> int:
        """Ask for a path, read until the server closes the connection, and return the status.

        A server with threads closes it when the thread is done with the request, which may be after the answer.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        return int(answer.split()[1])

    async def _ask(self, session: aiohttp.ClientSession, path: str) -> int:
        headers = {"X-Request-ID": path.rpartition("/")[2]}
        try:
            async with session.get(f"http://127.0.0.1:{self.port}{path}", headers=headers) as response:
                await response.read()
                return response.status
        except aiohttp.ClientPayloadError:
            return 0

    def leave(self, path: str) -> None:
        """Ask for a path, read the beginning of the response, and cut the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
            assert client.recv(1000)

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send a signal and return how many seconds the server took to end."""
        assert self._process is not None
        started = time.monotonic()
        self._process.send_signal(number)
        self._process.wait(20)
        return time.monotonic() - started

    def records(self) -> list[dict[str, Any]]:
        """Return what arrived so far, in order."""
        if not self._out.exists():
            return []
        whole, _, _ = self._out.read_text("utf-8").rpartition("\n")  # what follows is still being written
        return [json.loads(line) for line in whole.splitlines()]

    def wait_for(self, count: int, name: str) -> list[dict[str, Any]]:
        """Return what arrived once ``count`` records of a name did, or after thirty seconds."""
        until = time.monotonic() + 30
        while True:
            found = self.records()
            if sum(record["event_name"] == name for record in found) >= count or time.monotonic() > until:
                return found
            time.sleep(0.1)

    def ledgers(self) -> list[dict[str, Any]]:
        """Return the last ledger of each process."""
        return [json.loads(path.read_text("utf-8")) for path in sorted(self.folder.glob("ledger-*.json"))]

    def log(self) -> str:
        return self._log.read_text("utf-8")

    def _wait_until_it_listens(self) -> None:
        assert self._process is not None
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                assert self._process.poll() is None, self.log()
                time.sleep(0.05)
        raise AssertionError(f"the server does not listen:\n{self.log()}")
