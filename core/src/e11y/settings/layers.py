"""Settings of several sources, merged key by key, with the origin of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from e11y.errors import ConfigError
from e11y.settings.origin import Origin, joined


class Layers:
    """What the sources said so far; a later source wins.

    Attributes:
        table: The merged settings.
        origins: Dotted path -> origin, of every table and value.
    """

    def __init__(self) -> None:
        self.table: dict[str, Any] = {}
        self.origins: dict[str, Origin] = {}

    def add(self, table: Mapping[str, Any], origin_of: Callable[[str], Origin]) -> None:
        """Put ``table`` over what is there.

        Args:
            table: The settings of one source.
            origin_of: Returns the origin of the values of the table with a dotted path.

        Raises:
            ConfigError: A key is not text, which code can do and a file cannot.
        """
        self._merge(self.table, table, "", origin_of)

    def put(self, path: tuple[str, ...], value: object, origin: Origin) -> None:
        """Put one value over what is there."""
        nested: Any = value
        for key in reversed(path):
            nested = {key: nested}
        self.add(nested, lambda _table: origin)

    def _merge(
        self, into: dict[str, Any], table: Mapping[str, Any], path: str, origin_of: Callable[[str], Origin]
    ) -> None:
        for key, value in table.items():
            if not isinstance(key, str):
                raise ConfigError(
                    f"a key of type {type(key).__name__!r} stands in the settings",
                    where=origin_of(path).place,
                    fix="write every key as text",
                )
            here = joined(path, key)
            if isinstance(value, Mapping):
                if not isinstance(into.get(key), dict):
                    self._forget(here)
                    into[key] = {}
                    self.origins[here] = origin_of(here)
                self._merge(into[key], value, here, origin_of)
            else:
                self._forget(here)
                into[key] = value
                self.origins[here] = origin_of(path)

    def _forget(self, path: str) -> None:
        for known in [known for known in self.origins if known == path or known.startswith(f"{path}.")]:
            del self.origins[known]
