"""A plugin for processes under test: writes every record to a file, and the ledger when the process ends."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import attrs

import e11y
from e11y import AdapterType, Capabilities, Host, Record, hookimpl


@attrs.frozen(eq=False)
class RecorderSettings:
    """Args: path: Of the file that all processes write to."""

    path: str


class RecorderAdapter:
    capabilities = Capabilities()

    def __init__(self, settings: RecorderSettings, host: Host) -> None:
        self._file = os.open(settings.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write_batch(self, records: Sequence[Record]) -> None:
        os.write(self._file, b"".join(record.encoded() + b"\n" for record in records))

    def healthy(self) -> bool:
        return True

    def close(self) -> None:
        os.close(self._file)


class RecorderPlugin:
    """Offers the adapter type ``recorder``."""

    name = "recorder"

    @hookimpl
    def e11y_export(self) -> AdapterType:
        return AdapterType(name="recorder", settings=RecorderSettings, make=RecorderAdapter)

    @hookimpl
    def e11y_stopped(self) -> None:
        snapshot = e11y.ledger().check()
        told = {"tracked": snapshot.tracked, "imbalances": snapshot.imbalances}
        for name, lane in snapshot.lanes.items():
            told[name] = {"delivered": lane.delivered}
        Path(f"ledger-{os.getpid()}.json").write_text(json.dumps(told), "utf-8")
