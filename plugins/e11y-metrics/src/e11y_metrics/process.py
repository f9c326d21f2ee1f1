"""Which meter the process counts into, and shows.

prometheus-client has one registry per process, and a program has one set of numbers; so this module holds state,
as the registry does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prometheus_client import REGISTRY
from prometheus_client.registry import Collector

import e11y
from e11y import ConfigError

if TYPE_CHECKING:
    from e11y_metrics.meter import Meter
    from e11y_metrics.share import Share


class Part(Protocol):
    """What the process has of one runtime: the plugin.

    Attributes:
        meter: Its metrics.
        share: What it shares with other processes, if it does.
        collector: What shows its metrics.
        ended: Whether its runtime stopped.
    """

    meter: Meter
    share: Share | None
    collector: Collector
    ended: bool


class _Process:
    """The plugins of the runtimes that started, the last on top, and the collector that is registered."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.registered: Collector | None = None


_process = _Process()


def enter(part: Part) -> None:
    """Put a plugin on top, in the registry of prometheus-client too; those that ended are forgotten.

    Raises:
        ConfigError: The application has a metric of the same name in that registry.
    """
    _register(part.collector)
    _process.parts = [one for one in _process.parts if not one.ended and one is not part]
    _process.parts.append(part)


def leave(part: Part) -> None:
    """Note that a plugin's runtime stopped: the one below shows again; the last one stays, to be read."""
    if len(_process.parts) > 1 and part in _process.parts:
        _process.parts.remove(part)
        _register(_process.parts[-1].collector)


def top() -> Part | None:
    """Return the plugin on top; start the runtime if there is none. Never raises."""
    parts = _process.parts
    if not parts:
        e11y.ledger()
        parts = _process.parts
    return parts[-1] if parts else None  # none: the plugin is not active, or the start failed and was told


def meter() -> Meter | None:
    """Return the meter of the plugin on top."""
    found = top()
    return None if found is None else found.meter


def _register(collector: Collector) -> None:
    if _process.registered is collector:
        return
    before = _process.registered
    if before is not None:
        REGISTRY.unregister(before)
    try:
        REGISTRY.register(collector)
    except ValueError as error:
        if before is not None:
            REGISTRY.register(before)
        raise ConfigError(
            f"metrics of event types are in prometheus-client's registry already: {error}",
            where="prometheus_client.REGISTRY",
            fix="rename one of them, or let only one of both exist",
        ) from None
    _process.registered = collector
