"""A real Alertmanager on loopback that tells nobody."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from e11y.testing import free_port
from tests.servers.daemon import started

_CONFIG = """
route:
  receiver: nobody
receivers:
  - name: nobody
"""


class Alertmanager:
    """One alertmanager process with its data in ``folder``."""

    def __init__(self, folder: Path) -> None:
        binary = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
        if binary is None:
            pytest.fail(
                "this test needs alertmanager; install it with: bash .ci/servers, or: apt-get install prometheus-alertmanager"
            )
        self.binary: str = binary
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        folder.mkdir(exist_ok=True)
        (folder / "alertmanager.yml").write_text(_CONFIG, "utf-8")

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [
            self.binary,
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
        ]
        self.process = started(command, self.folder / "alertmanager.log", self.alerts)

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)

    def alerts(self) -> list[dict[str, str]]:
        """Return the labels of the alerts that are on."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v2/alerts", timeout=30) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return [one["labels"] for one in found if one["status"]["state"] == "active"]
