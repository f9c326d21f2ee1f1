"""The order of plugins inside one hook."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence


class Cycle(Exception):
    """Plugins wait for each other; ``names`` begins and ends with the same one."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(" -> ".join(names))
        self.names = tuple(names)


def ordered(names: Sequence[str], later_than: Mapping[str, Collection[str]]) -> list[str]:
    """Return ``names`` so that each stands behind those it is later than, otherwise as they are given.

    Args:
        names: In the order that counts where nothing else is said.
        later_than: Name -> names that must stand in front of it; others than ``names`` do not matter.

    Raises:
        Cycle: No such order exists.
    """
    waiting = list(names)
    placed: list[str] = []
    while waiting:
        free = next((name for name in waiting if not _blocking(name, waiting, later_than)), None)
        if free is None:
            raise Cycle(_cycle(waiting, later_than))
        waiting.remove(free)
        placed.append(free)
    return placed


def _blocking(name: str, waiting: Sequence[str], later_than: Mapping[str, Collection[str]]) -> list[str]:
    return [other for other in waiting if other in later_than.get(name, ())]


def _cycle(waiting: Sequence[str], later_than: Mapping[str, Collection[str]]) -> list[str]:
    """Walk from one that waits to one it waits for, until a name comes again."""
    path = [waiting[0]]
    while True:
        following = _blocking(path[-1], waiting, later_than)[0]
        if following in path:
            # Walked against the order of events; shown along it.
            return [following, *reversed(path[path.index(following) :])]
        path.append(following)
