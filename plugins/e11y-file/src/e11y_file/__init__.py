"""JSON lines in a file that is rotated, compressed and shared by processes without losing a line."""

from e11y_file.adapter import FileAdapter
from e11y_file.plugin import FilePlugin
from e11y_file.settings import FileSettings

__all__ = ["FileAdapter", "FilePlugin", "FileSettings"]
