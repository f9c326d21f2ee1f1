"""Servers that the tests of this folder start themselves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop.everywhere.victorialogs import VictoriaLogs
from tests.servers.nginx import Nginx

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """A running nginx that accepts JSON lines and remembers them."""
    server = Nginx(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def built() -> None:
    """VictoriaLogs, in its cache."""
    build = subprocess.run(["bash", str(ROOT / ".ci/victorialogs")], capture_output=True, text=True, check=False)
    if build.returncode:
        pytest.fail(f"this test needs VictoriaLogs, and  bash .ci/victorialogs  says:\n{build.stderr}")


@pytest.fixture
def victorialogs(built: None, tmp_path: Path) -> Iterator[VictoriaLogs]:
    """A running VictoriaLogs that takes Loki's pushes."""
    server = VictoriaLogs(tmp_path)
    server.start()
    yield server
    server.close()
