"""A free port is one that a server can take."""

from __future__ import annotations

import socket

import pytest

from e11y.testing import free_port
from e11y.testing import ports as module


def test_a_server_can_take_a_free_port() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert 20_000 <= server.getsockname()[1] < 32_000


def test_a_port_that_somebody_listens_on_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setattr(module, "_FIRST", port)
    monkeypatch.setattr(module, "_PAST", port + 1)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(OSError, match=f"^no port from {port} to {port} is"):
        free_port()
    assert free_port() == port
