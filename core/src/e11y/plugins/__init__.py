"""The door through which every plugin enters."""

from __future__ import annotations

from e11y.plugins.discovery import Candidate, discover
from e11y.plugins.loading import load, unread_table
from e11y.plugins.marker import hookimpl
from e11y.plugins.plugin_set import NOT_LISTED, LoadedPlugin, PluginSet

__all__ = ["NOT_LISTED", "Candidate", "LoadedPlugin", "PluginSet", "discover", "hookimpl", "load", "unread_table"]
