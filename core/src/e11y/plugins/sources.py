"""Where plugins come from: an installed distribution, an import path, an object given in code."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from e11y.errors import E11yError, PluginError, nearest
from e11y.plugins.discovery import Candidate
from e11y.plugins.own import how_to_get
from e11y.settings import Place

_LISTED = "in the plugins list"


class Missing(Exception):
    """An import path leads nowhere: that is a mistake in the settings, not a broken plugin."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path


@attrs.frozen(eq=False)
class Source:
    """One plugin that is meant to be active, not imported yet.

    Args:
        name: Its name, or an empty text when only the object can tell.
        guess: The name it probably has; for errors about what cannot be imported.
        label: How errors name it.
        why: Why it is meant to be active.
        fetch: Returns its class or a ready instance.
        distribution, version: Of an installed plugin; empty otherwise.
    """

    name: str
    guess: str
    label: str
    why: str
    fetch: Callable[[], object]
    distribution: str = ""
    version: str = ""


def own_name(thing: object) -> str:
    """Return the name of a class or an instance: its attribute ``name``, or what its class name stands for."""
    name = getattr(thing, "name", None)
    kind = thing if isinstance(thing, type) else type(thing)
    return name if isinstance(name, str) else _name_of_class(kind.__name__)


def _name_of_class(name: str) -> str:
    """``RegionPlugin`` stands for ``region``."""
    return name.removesuffix("Plugin").lower()


def installed(candidate: Candidate, why: str) -> Source:
    """Return the source of an installed plugin."""
    name = candidate.name
    return Source(name, name, candidate.label, why, candidate.load, candidate.distribution, candidate.version)


def given(thing: object, why: str) -> Source:
    """Return the source of a class or an instance."""
    kind = thing if isinstance(thing, type) else type(thing)
    name = own_name(thing)
    return Source(name, name, f"{kind.__module__}.{kind.__qualname__}, given in code", why, lambda: thing)


def listed(
    entries: Sequence[object], candidates: Mapping[str, Candidate], place: Place, problems: list[E11yError]
) -> Iterator[Source]:
    """Yield the source of each entry of ``plugins = [...]``; what is missing goes to ``problems``."""
    for entry in entries:
        if not isinstance(entry, str):
            yield given(entry, _LISTED)
        elif ":" in entry:
            guess = _name_of_class(re.split(r"[.:]", entry)[-1])
            yield Source("", guess, f"{entry}, in the plugins list", _LISTED, _importer(entry))
        elif entry in candidates:
            yield installed(candidates[entry], _LISTED)
        else:
            problems.append(
                PluginError(
                    f"plugin {str(entry)!r} is not installed{nearest(entry, candidates)}",
                    where=place.of("plugins"),
                    fix=f"{how_to_get(entry, candidates)}, or remove it from  plugins = [...]",
                )
            )


def _importer(path: str) -> Callable[[], object]:
    module, _, attribute = path.partition(":")

    def fetch() -> object:
        try:
            found: object = importlib.import_module(module)
        except ModuleNotFoundError as error:
            # The same error comes from inside a module that exists; only the first kind names the path.
            if error.name and f"{module}.".startswith(f"{error.name}."):
                raise Missing(path, f"there is no module {error.name!r}") from None
            raise
        for part in attribute.split("."):
            try:
                found = getattr(found, part)
            except AttributeError:
                raise Missing(path, f"there is no {part!r}{nearest(part, dir(found))}") from None
        return found

    return fetch
