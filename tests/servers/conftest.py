"""Servers that the tests of this folder start themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.nginx import Nginx


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """A running nginx that accepts JSON lines and remembers them."""
    server = Nginx(tmp_path)
    server.start()
    yield server
    server.stop()
