"""Plugins that are installed, found through the entry-point group ``e11y``."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import attrs

from e11y.errors import ConfigError, E11yError, PluginError

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

GROUP = "e11y"


@attrs.frozen(eq=False)
class Candidate:
    """An installed plugin, not imported yet.

    Args:
        name: Name of the entry point: the plugin's name.
        value: What the entry point names, ``package.module:Class``.
        distribution: Name of the distribution, for example ``e11y-loki``.
        version: Version of the distribution.
    """

    name: str
    value: str
    distribution: str
    version: str
    _entry_point: EntryPoint = attrs.field(repr=False)

    @property
    def label(self) -> str:
        """How errors name it: ``e11y-loki 0.1.0 (e11y_loki:LokiPlugin)``."""
        return f"{self.distribution} {self.version} ({self.value})"

    def load(self) -> object:
        """Import what the entry point names; whatever that raises comes through."""
        found: object = self._entry_point.load()
        return found


def discover() -> list[Candidate]:
    """Return every installed plugin, in the order of names. Nothing is imported.

    Raises:
        PluginError: Two distributions offer a plugin of the same name.
    """
    # Not needed before a start, and it takes milliseconds to import.
    from importlib_metadata import entry_points  # noqa: PLC0415

    found = sorted((_candidate(entry_point) for entry_point in entry_points(group=GROUP)), key=_by_name)
    problems: list[E11yError] = [
        PluginError(
            f"two installed plugins are named {first.name!r}",
            where=f"{first.label} and {second.label}",
            fix=f"pip uninstall {first.distribution}  or  pip uninstall {second.distribution}",
        )
        for first, second in itertools.pairwise(found)
        if first.name == second.name
    ]
    if problems:
        raise ConfigError.joined(problems)
    return found


def _candidate(entry_point: EntryPoint) -> Candidate:
    name, version = _distribution_of(entry_point)
    return Candidate(entry_point.name, entry_point.value, name, version, entry_point)


def _distribution_of(entry_point: EntryPoint) -> tuple[str, str]:
    unknown = ("an unnamed distribution", "of unknown version")
    try:
        return (entry_point.dist.name, entry_point.dist.version) if entry_point.dist else unknown
    except (OSError, LookupError):
        return unknown  # a damaged installation has lost its metadata; its plugin is named all the same


def _by_name(candidate: Candidate) -> tuple[str, str, str]:
    return candidate.name, candidate.distribution, candidate.value
