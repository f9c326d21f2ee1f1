"""How to get a plugin that is not there."""

from __future__ import annotations

from collections.abc import Collection

from e11y.errors import near_match

OWN = frozenset(
    {"dlq", "file", "logging", "loki", "metrics", "pii", "ratelimit", "sampling", "sentry", "versioning", "web"}
)
"""Plugins of this project: each is the distribution ``e11y-<name>``."""


def how_to_get(name: str, known: Collection[str]) -> str:
    """Return what to do about a name that no plugin has, for the beginning of a fix.

    Only distributions of this project are named for installation: who follows an error that makes one up
    from a slip of the pen installs whatever a stranger has put under that name.

    Args:
        name: As it was written.
        known: Names that it may have been meant to be, beside the plugins of this project.
    """
    meant = name if name in OWN else near_match(name, [*known, *sorted(OWN.difference(known))])
    if meant is None:
        return "use the name of an installed plugin ( e11y plugins  lists them)"
    written = "" if meant == name else f"write {meant!r}"
    install = f"pip install e11y-{meant}" if meant in OWN and meant not in known else ""
    return " and ".join(part for part in (install, written) if part)
