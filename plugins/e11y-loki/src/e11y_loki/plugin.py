"""The plugin: what it offers to core."""

from __future__ import annotations

from e11y import AdapterType, hookimpl
from e11y_loki.adapter import LokiAdapter
from e11y_loki.settings import LokiSettings


class LokiPlugin:
    """Offers the adapter type ``loki``."""

    @hookimpl
    def e11y_export(self) -> AdapterType:
        """Let settings say ``type = "loki"``."""
        return AdapterType(name="loki", settings=LokiSettings, make=LokiAdapter)
