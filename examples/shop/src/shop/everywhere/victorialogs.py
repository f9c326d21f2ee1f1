"""A real VictoriaLogs on loopback: another vendor's receiver of Loki's push API."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import urllib3

from e11y.testing import free_port
from shop.demo.server import ServerError
from shop.everywhere.cache import cache

_QUIET_S = 2.0
"""What was pushed can be found after about a second."""


def built() -> Path:
    """Return the server that ``.ci/victorialogs`` built.

    Raises:
        ServerError: It did not yet.
    """
    binary = cache() / "victorialogs" / "victoria-logs"
    if not binary.is_file():
        raise ServerError(f"there is no VictoriaLogs in {binary.parent}; build it, once, with:  bash .ci/victorialogs")
    return binary


class VictoriaLogs:
    """One process; ``start`` and ``stop`` may alternate, port and data stay the same.

    Attributes:
        url: With the path that stands before Loki's own.
    """

    def __init__(self, folder: Path) -> None:
        self._binary = built()
        self.folder = folder
        self.port = free_port()
        self.root = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.root}/insert"
        self.process: subprocess.Popen[bytes] | None = None
        self._client = urllib3.PoolManager(retries=False, timeout=30.0)

    def start(self) -> None:
        """Start and wait until it answers.

        Raises:
            ServerError: It does not.
        """
        command = [
            str(self._binary),
            f"-httpListenAddr=127.0.0.1:{self.port}",
            f"-storageDataPath={self.folder / 'data'}",
            "-retentionPeriod=7d",
        ]
        log = self.folder / "victoria-logs.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline = time.monotonic() + 10
        while not self._answers():
            if self.process.poll() is not None:
                raise ServerError(f"VictoriaLogs did not start:\n{log.read_text('utf-8')}")
            if time.monotonic() > deadline:
                raise ServerError("VictoriaLogs does not answer")
            time.sleep(0.02)

    def stop(self) -> None:
        """Let it write what it has and end."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def close(self) -> None:
        """Stop it and let go of the connections to it."""
        self.stop()
        self._client.clear()

    def found(self, query: str, count: int, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """Return what a query finds, as soon as it is ``count`` entries; they are visible after about a second."""
        deadline = time.monotonic() + 10
        while True:
            entries = self._ask(query, 10 * count + 10, headers)
            if len(entries) >= count or time.monotonic() > deadline:
                return entries
            time.sleep(0.1)

    def everything(self, most: int = 1_000_000) -> list[dict[str, Any]]:
        """Return all entries, once no more become visible."""
        entries = self._ask("*", most)
        while True:
            time.sleep(_QUIET_S)
            before, entries = len(entries), self._ask("*", most)
            if len(entries) == before:
                return entries

    def _ask(self, query: str, limit: int, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
        fields = {"query": query, "limit": str(limit)}
        answer = self._client.request("GET", f"{self.root}/select/logsql/query", fields=fields, headers=headers)
        if answer.status != 200:
            raise ServerError(f"VictoriaLogs answers {answer.status}: {answer.data.decode(errors='replace')}")
        return [json.loads(line) for line in answer.data.split(b"\n") if line]

    def _answers(self) -> bool:
        try:
            return self._client.request("GET", f"{self.root}/health").status == 200
        except urllib3.exceptions.HTTPError:
            return False
