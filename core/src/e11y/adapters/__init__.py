"""The adapters that core brings along; they enter by the same door as everyone's."""

from __future__ import annotations

from e11y.adapters.console import ConsoleAdapter, ConsolePlugin, ConsoleSettings
from e11y.adapters.memory import MemoryAdapter, MemoryPlugin, MemorySettings, Selector, selects
from e11y.adapters.null import NullAdapter, NullPlugin, NullSettings

CORE_PLUGINS: tuple[type, ...] = (ConsolePlugin, MemoryPlugin, NullPlugin)
"""Plugins that are active in every process, whatever ``plugins = [...]`` says."""

__all__ = [
    "CORE_PLUGINS",
    "ConsoleAdapter",
    "ConsoleSettings",
    "MemoryAdapter",
    "MemorySettings",
    "NullAdapter",
    "NullSettings",
    "Selector",
    "selects",
]
