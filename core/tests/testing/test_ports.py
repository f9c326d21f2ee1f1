"""A free port is one that a server can take."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from e11y.testing import free_port
from e11y.testing import ports as module


def test_a_server_can_take_a_free_port() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert 20_000 <= server.getsockname()[1] < 32_000


def following(port: int) -> int:
    """Return the port that comes after another of the same block."""
    return port + 1 if port % 100 < 99 else port - 98


def test_a_port_that_somebody_listens_on_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = following(free_port())
    with socket.create_server(("127.0.0.1", taken)):
        assert free_port() == following(taken)
    monkeypatch.setattr(module, "_BLOCK", 1)  # how many are tried
    taken = following(free_port())
    with socket.create_server(("127.0.0.1", taken)), pytest.raises(OSError, match="^no port of this process is free$"):
        free_port()


def test_each_process_has_ports_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    block = free_port() // 100
    asked = [sys.executable, "-c", "from e11y.testing import free_port; print(free_port())"]
    assert int(subprocess.check_output(asked)) // 100 != block
    assert free_port() // 100 == block
    monkeypatch.setattr(module, "_FIRST", block * 100)
    monkeypatch.setattr(module, "_PAST", block * 100 + 100)
    with pytest.raises(OSError, match=f"^process 0 finds no free ports from {block}00 to {block}99$"):
        module._ports(0)
