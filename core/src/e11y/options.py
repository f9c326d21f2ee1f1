"""Options: typed settings of a plugin, attached to an event type or to one of its fields.

Beside them ``FreeText``, the one marker of core's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, Self, TypeVar

from e11y.sentinel import Sentinel

T = TypeVar("T", bound=type)


class Option:
    """Base of every option. Subclass it as a frozen attrs class in the plugin's own package.

    An instance is attached with a decorator made by :func:`option`, or stands in ``Annotated[...]``
    as the marker of one field.

    Class attributes:
        plugin: Name of the plugin that acts on it. The start refuses an option whose plugin is not active.
        advisory: ``True`` when the event type still means the same without the plugin; then its
            absence is no error.
        inherited: ``False`` when it speaks about exactly the class it stands on, not about its subclasses.
        lossy: ``True`` when the option may cost events. The start refuses it on audit types, which must
            never be lost.
    """

    plugin: ClassVar[str]
    advisory: ClassVar[bool] = False
    inherited: ClassVar[bool] = True
    lossy: ClassVar[bool] = False

    def merged(self, inherited: Self) -> Self:
        """Return the option that counts when a base class declares ``inherited``; the child wins."""
        del inherited
        return self


class FreeText:
    """Marker of a field that holds what nobody has planned: log messages, search terms, comments.

        note: Annotated[str | None, FreeText] = None

    It may stand on a type inside of another one too. Core does nothing about it. Plugins that protect data look into
    such a field without being asked, and, where the type is open, into its further keywords; so a plugin that
    declares event types need not depend on them.
    """


class _OFF(Sentinel):
    __slots__ = ()


OFF: Final = _OFF()
"""Stands for an option that was switched off explicitly, as in ``@rate_limit(False)``."""

_ATTRIBUTE = "__e11y_options__"


def option(value: Option) -> Callable[[T], T]:
    """Return a class decorator that attaches ``value`` to an event type."""
    return _attacher(type(value), value)


def option_off(kind: type[Option]) -> Callable[[T], T]:
    """Return a class decorator that switches options of ``kind`` off for an event type."""
    return _attacher(kind, OFF)


def _attacher(kind: type[Option], value: Option | Sentinel) -> Callable[[T], T]:
    def attach(event_type: T) -> T:
        own = dict(event_type.__dict__.get(_ATTRIBUTE, {}))
        earlier = own.get(kind)
        own[kind] = value.merged(earlier) if isinstance(value, Option) and isinstance(earlier, Option) else value
        setattr(event_type, _ATTRIBUTE, own)
        return event_type

    return attach


def own_options(event_type: type) -> dict[type[Option], Any]:
    """Return what was attached to exactly this class: option class -> option or ``OFF``."""
    found: dict[type[Option], Any] = event_type.__dict__.get(_ATTRIBUTE, {})
    return found
