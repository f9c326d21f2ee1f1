"""Servers that the tests of this folder start themselves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e11y import registry
from shop.everywhere.victorialogs import VictoriaLogs
from tests.servers.nginx import Nginx

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def own_event_types(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each module know no event types of another, which may need plugins that this one does not name."""
    known = registry.event_types
    own = request.module.__name__

    def fitting() -> list[type]:
        return [one for one in known() if one.__module__ == own or not one.__module__.startswith("tests.")]

    monkeypatch.setattr(registry, "event_types", fitting)


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
