"""The plugin: it offers the adapter type ``file``."""

from __future__ import annotations

from e11y import AdapterType, hookimpl
from e11y_file.adapter import FileAdapter
from e11y_file.settings import FileSettings


class FilePlugin:
    """Lets settings say ``type = "file"``."""

    @hookimpl
    def e11y_export(self) -> AdapterType:
        """Offer the adapter type."""
        return AdapterType(name="file", settings=FileSettings, make=FileAdapter)
