"""A YAML document whose every part knows its line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import yaml

from e11y import ConfigError

Path = tuple[str | int, ...]
"""Keys and indexes from the top: ``("endpoints", 0, "slo")``."""

_MAX_DEPTH = 20
_MAX_NODES = 100_000


@attrs.frozen(eq=False)
class Located:
    """What a file holds.

    Args:
        file: Its name, for people.
        data: Plain dicts, lists, texts, numbers, flags.
        lines: Path -> line.
    """

    file: str
    data: Any
    lines: dict[Path, int]

    def where(self, path: Path) -> str:
        """Return the place of a path, or of the nearest part above it that exists, for the ``where`` of an error."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        line = self.lines.get(known, 1)
        return f"{self.file}, line {line}" + (f": {written(path)}" if path else "")


def written(path: Path) -> str:
    """Return a path as people write it: ``endpoints[0].slo``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def read(text: str, file: str) -> Located:
    """Return what a YAML text holds; safe tags only, an empty text is an empty table.

    Raises:
        ConfigError: It is no YAML, has a key twice, or is too deep.
    """
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Located(file, {}, {})
        lines: dict[Path, int] = {}
        for count, (path, line) in enumerate(_lines(node, (), file)):
            if count > _MAX_NODES:
                raise _too_much(file, line)
            lines.setdefault(path, line)
        return Located(file, loader.construct_document(node), lines)
    except RecursionError:
        raise _too_much(file, 1) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # 2026-99-99 is a ValueError of datetime
        mark = getattr(error, "problem_mark", None)
        told = getattr(error, "problem", None) or getattr(error, "reason", None) or "a value cannot be read"
        raise ConfigError(
            f"{file} is no valid YAML: {told}",
            where=file if mark is None else f"{file}, line {mark.line + 1}, column {mark.column + 1}",
            fix="repair that line; indent with spaces, and quote text that holds ':' or '#'",
        ) from None


def _lines(node: yaml.Node, path: Path, file: str) -> Iterator[tuple[Path, int]]:
    line = node.start_mark.line + 1
    yield path, line
    if len(path) > _MAX_DEPTH:
        raise _too_much(file, line)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*path, index), file)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen and name != "<<":
                raise ConfigError(
                    f"the key {name!r} stands there twice",
                    where=f"{file}, line {key.start_mark.line + 1}: {written((*path, name))}",
                    fix="remove one of them: YAML itself would silently keep the last",
                )
            seen.add(name)
            yield (*path, name), key.start_mark.line + 1
            yield from _lines(value, (*path, name), file)


def _too_much(file: str, line: int) -> ConfigError:
    return ConfigError(
        f"{file} is nested too deeply, or refers to itself",
        where=f"{file}, line {line}",
        fix=f"keep it below {_MAX_DEPTH} levels, and anchors out of themselves",
    )
