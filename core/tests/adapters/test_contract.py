"""Core's own adapters keep what every adapter promises."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from e11y.adapters import ConsoleAdapter, ConsoleSettings, MemoryAdapter, NullAdapter
from e11y.testing.adapter_contract import AdapterContract, MakeAdapter


class TestConsole(AdapterContract):
    @pytest.fixture(params=["json", "pretty"])
    def make_adapter(self, request: pytest.FixtureRequest) -> MakeAdapter:
        return lambda host: ConsoleAdapter(ConsoleSettings(format=request.param))

    @pytest.fixture
    def break_destination(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
        closed = io.StringIO()
        closed.close()
        return lambda: monkeypatch.setattr(sys, "stdout", closed)

    @pytest.fixture
    def arrived(self, capsys: pytest.CaptureFixture[str]) -> Callable[[], bytes]:
        shown = bytearray()

        def read() -> bytes:
            shown.extend(capsys.readouterr().out.encode())
            return bytes(shown)

        return read


class TestMemory(AdapterContract):
    @pytest.fixture
    def make_adapter(self) -> MakeAdapter:
        return lambda host: MemoryAdapter()

    @pytest.fixture
    def arrived(self, adapter: MemoryAdapter) -> Callable[[], bytes]:
        return lambda: b"\n".join(record.encoded() for record in adapter.records)


class TestNull(AdapterContract):
    @pytest.fixture
    def make_adapter(self) -> MakeAdapter:
        return lambda host: NullAdapter()
