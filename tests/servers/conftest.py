"""Servers that the tests of this folder start themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.nginx import Nginx
from tests.servers.victorialogs import VictoriaLogs


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """A running nginx that accepts JSON lines and remembers them."""
    server = Nginx(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def victorialogs(tmp_path: Path) -> Iterator[VictoriaLogs]:
    """A running VictoriaLogs that takes Loki's pushes."""
    server = VictoriaLogs(tmp_path)
    server.start()
    yield server
    server.close()
