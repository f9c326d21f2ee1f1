"""The mark of a function that implements a hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

import attrs
import pluggy

F = TypeVar("F", bound=Callable[..., Any])

_mark = pluggy.HookimplMarker("e11y")
_ATTRIBUTE = "e11y_order"


@attrs.frozen
class Order:
    """Names of the plugins that an implementation wants behind and in front of itself."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@overload
def hookimpl(function: F, /) -> F: ...


@overload
def hookimpl(*, before: str | tuple[str, ...] = (), after: str | tuple[str, ...] = ()) -> Callable[[F], F]: ...


def hookimpl(
    function: F | None = None, /, *, before: str | tuple[str, ...] = (), after: str | tuple[str, ...] = ()
) -> F | Callable[[F], F]:
    """Mark a function of a plugin as the implementation of the hook of the same name.

    Args:
        function: The function, when the mark is written without arguments.
        before: Name or names of plugins whose implementation of the same hook comes later.
        after: Name or names of plugins whose implementation comes earlier. Plugins that are not
            active do not matter. Where neither says anything, the order of ``plugins = [...]``
            counts, then the name.

    Example:
        >>> class SignPlugin:
        ...     @hookimpl(before="pii")
        ...     def e11y_filter(self, schema): ...
    """

    def mark(marked: F) -> F:
        setattr(marked, _ATTRIBUTE, Order(_names(before), _names(after)))
        return _mark(marked)

    return mark if function is None else mark(function)


def order_of(function: Callable[..., Any]) -> Order:
    """Return the order that an implementation asks for."""
    order: Order = getattr(function, _ATTRIBUTE, Order())
    return order


def _names(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
