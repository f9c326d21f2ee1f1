"""The test kit: for applications that track events, for authors of adapters, for authors of steps.

Every name is imported when it is first used, so that pytest can load the kit's plugin early.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from e11y.testing.adapter_contract import AdapterContract
    from e11y.testing.assertions import Expected, TrackedEvents
    from e11y.testing.bench import Bench
    from e11y.testing.frozen_clock import FrozenClock
    from e11y.testing.http_server import Answer, LoopbackServer, Request
    from e11y.testing.leak_contract import LeakContract
    from e11y.testing.leak_probe import Findings, LeakProbe
    from e11y.testing.ports import free_port
    from e11y.testing.samples import make_record
    from e11y.testing.standalone_host import StandaloneHost
    from e11y.testing.step_contract import StepContract

__all__ = [
    "AdapterContract",
    "Answer",
    "Bench",
    "Expected",
    "Findings",
    "FrozenClock",
    "LeakContract",
    "LeakProbe",
    "LoopbackServer",
    "Request",
    "StandaloneHost",
    "StepContract",
    "TrackedEvents",
    "free_port",
    "make_record",
]

_MODULES = {
    "AdapterContract": "adapter_contract",
    "Answer": "http_server",
    "Bench": "bench",
    "Expected": "assertions",
    "Findings": "leak_probe",
    "FrozenClock": "frozen_clock",
    "LeakContract": "leak_contract",
    "LeakProbe": "leak_probe",
    "LoopbackServer": "http_server",
    "Request": "http_server",
    "StandaloneHost": "standalone_host",
    "StepContract": "step_contract",
    "TrackedEvents": "assertions",
    "free_port": "ports",
    "make_record": "samples",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
