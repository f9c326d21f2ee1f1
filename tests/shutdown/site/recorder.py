"""What every program of the matrix does: it tracks numbered events, and leaves its ledger behind."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import e11y


class ShutdownTicked(e11y.Event, severity="info"):
    number: int


def tick(first: int, count: int) -> None:
    """Track events with the numbers from ``first`` on."""
    for number in range(first, first + count):
        ShutdownTicked.track(number=number)


def tick_for(path: str) -> None:
    """Track what a request asks for: ``/tick/FIRST/COUNT``."""
    _, action, *numbers = path.split("/")
    if action == "tick":
        tick(*map(int, numbers))


class Recorder:
    """A plugin that writes the ledger of its process down when the process has stopped."""

    name = "recorder"

    def __init__(self) -> None:
        self._began = 0.0

    @e11y.hookimpl
    def e11y_stopping(self) -> None:
        self._began = time.monotonic()

    @e11y.hookimpl
    def e11y_stopped(self) -> None:
        ledger = e11y.ledger().check()
        told = {
            "tracked": ledger.tracked,
            "disabled": ledger.disabled,
            "imbalances": ledger.imbalances,
            "seconds": time.monotonic() - self._began,
            "delivered": {name: lane.delivered for name, lane in ledger.lanes.items()},
            "given_up": {name: sum(lane.given_up.values()) for name, lane in ledger.lanes.items()},
        }
        Path(f"ledger-{os.getpid()}.json").write_text(json.dumps(told), "utf-8")
