"""The door through which every plugin enters."""

from __future__ import annotations

from e11y.plugins.discovery import Candidate, discover
from e11y.plugins.loading import load
from e11y.plugins.marker import hookimpl
from e11y.plugins.plugin_set import LoadedPlugin, PluginSet

__all__ = ["Candidate", "LoadedPlugin", "PluginSet", "discover", "hookimpl", "load"]
