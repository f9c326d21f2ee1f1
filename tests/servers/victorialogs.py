"""A real VictoriaLogs on loopback: another vendor's receiver of Loki's push API."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import urllib3

ROOT = Path(__file__).resolve().parents[2]


def binary() -> str:
    """Return the server, built by ``.ci/victorialogs`` unless it is there already."""
    build = subprocess.run(["bash", str(ROOT / ".ci/victorialogs")], capture_output=True, text=True, check=False)
    if build.returncode:
        pytest.fail(f"this test needs VictoriaLogs, and  bash .ci/victorialogs  says:\n{build.stderr}")
    return build.stdout.strip()


class VictoriaLogs:
    """One process; ``start`` and ``stop`` may alternate, port and data stay the same.

    Attributes:
        url: With the path that stands before Loki's own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.root = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.root}/insert"
        self.process: subprocess.Popen[bytes] | None = None
        self._client = urllib3.PoolManager(retries=False, timeout=10.0)
        self._binary = binary()

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [
            self._binary,
            f"-httpListenAddr=127.0.0.1:{self.port}",
            f"-storageDataPath={self.folder / 'data'}",
            "-retentionPeriod=7d",
        ]
        log = self.folder / "victoria-logs.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert self.process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline, "VictoriaLogs does not answer"
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
            fields = {"query": query, "limit": str(10 * count + 10)}
            answer = self._client.request("GET", f"{self.root}/select/logsql/query", fields=fields, headers=headers)
            assert answer.status == 200, answer.data
            entries = [json.loads(line) for line in answer.data.splitlines()]
            if len(entries) >= count or time.monotonic() > deadline:
                return entries
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return self._client.request("GET", f"{self.root}/health").status == 200
        except urllib3.exceptions.HTTPError:
            return False
