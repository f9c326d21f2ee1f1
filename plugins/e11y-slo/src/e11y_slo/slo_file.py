"""The file ``slo.yml``, found and remembered."""

from __future__ import annotations

from pathlib import Path

from e11y import ConfigError
from e11y_slo.builder import parse
from e11y_slo.document import Document

FOLDERS = ("config", "config/e11y", ".")
"""Where ``slo.yml`` is looked for; the first that has it counts."""


class SloFile:
    """Finds the file and remembers what it says, as long as it does not change.

    Args:
        path: Where it is; ``None``: it is looked for.
        folder: What relative paths start from; the working directory by default.
    """

    def __init__(self, path: str | None = None, folder: Path | None = None) -> None:
        self._given = path
        self._folder = folder or Path()
        self._known: tuple[tuple[Path, int, int], Document] | None = None

    def find(self) -> Path | None:
        """Return where the file is, ``None`` if there is none.

        Raises:
            ConfigError: The settings name one that does not exist.
        """
        if self._given is not None:
            found = self._folder / self._given
            if not found.is_file():
                raise ConfigError(
                    f"the file {self._given!r} does not exist",
                    where="[tool.e11y.slo] file",
                    fix="write its path, relative to the working directory, or remove the setting",
                )
            return found
        tried = (self._folder / folder / "slo.yml" for folder in FOLDERS)
        return next((path for path in tried if path.is_file()), None)

    def document(self) -> Document | None:
        """Return what the file says, ``None`` if there is none.

        Raises:
            ConfigError: Something in it cannot be right; tells every problem.
        """
        path = self.find()
        if path is None:
            return None
        state = path.stat()
        key = (path, state.st_mtime_ns, state.st_size)
        if self._known is None or self._known[0] != key:
            try:
                text = path.read_text("utf-8")
            except UnicodeDecodeError:
                raise ConfigError(f"{path} is not UTF-8", where=str(path), fix="save it as UTF-8") from None
            self._known = (key, parse(text, str(path)))
        return self._known[1]
