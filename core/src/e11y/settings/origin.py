"""Where a setting was written, so that an error can name the place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Self

import attrs


class EnvText(str):
    """Text that was read from the environment: its target decides whether it is a number, a list, ...

    A file says ``batch_records = 500``; ``E11Y_ADAPTERS__LOGS__BATCH_RECORDS=500`` can only say ``"500"``.
    """

    __slots__ = ()


@attrs.frozen
class Origin:
    """The source of one value.

    Args:
        kind: Which of the sources spoke.
        text: As shown to people: ``pyproject.toml [tool.e11y]``, ``environment E11Y_SERVICE``,
            ``configure()`` or ``default``.
        place: As errors name it: with the whole path of the file and the table.
        written: The value before ``${NAME}`` was replaced; ``None`` when nothing was. It can be
            shown where the replaced one may hold a secret.
    """

    kind: Literal["default", "file", "environment", "code"]
    text: str
    place: str = ""
    written: object = None


DEFAULT = Origin("default", "default")


@attrs.frozen(eq=False)
class Place:
    """One table of the settings and where each of its keys was written.

    Args:
        path: Dotted path of the table, for example ``adapters.logs``; empty for the top level.
        origins: Dotted path -> origin, of every table and value that a source mentions.
        home: Tells for a dotted path where a table would be written that no source mentions.
        owner: Who reads the table, for example ``e11y-loki 0.1.0``; shown behind the place.
    """

    path: str
    origins: Mapping[str, Origin] = attrs.field(repr=False)
    home: Callable[[str], str] = attrs.field(repr=False)
    owner: str = ""

    @classmethod
    def named(cls, text: str) -> Self:
        """Return a place that calls itself ``text`` whatever the key, for tables that no source holds."""
        return cls("", {}, lambda _path: text)

    def under(self, key: str, *, owner: str = "") -> Place:
        """Return the place of the table ``key`` of this table."""
        return Place(joined(self.path, key), self.origins, self.home, owner or self.owner)

    def origin(self, key: str) -> Origin:
        """Return the origin of ``key`` (dotted, seen from this table), or of the nearest table around it."""
        path = joined(self.path, key)
        while path:
            if path in self.origins:
                return self.origins[path]
            path = path.rpartition(".")[0] if len(path) > len(self.path) else ""
        return Origin("default", "default", self.home(self.path))

    def of(self, key: str) -> str:
        """Return the words that name the place of ``key``, for the ``where`` of an error."""
        place = self.origin(key).place
        return f"{place} ({self.owner})" if self.owner else place

    def __str__(self) -> str:
        return self.of("")


def joined(path: str, key: str) -> str:
    """Return ``key`` of the table at ``path`` as one dotted path; either may be empty."""
    return f"{path}.{key}" if path and key else path or key
