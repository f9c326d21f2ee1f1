"""What application code says about the request that it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from e11y.context import CURRENT
from e11y_web.exceptions import kind_of
from e11y_web.plugin import active

if TYPE_CHECKING:
    from e11y_web.exchange import Exchange


def annotate(**fields: Any) -> bool:
    """Add fields to the ``RequestCompleted`` of the present request, from anywhere in it.

    A field that is given again replaces the earlier value; one of the event's own (``status``, ``route``, ...) has
    no effect. Values are protected like those of any event. Safe to call from any thread.

    Args:
        fields: For example ``cache_hits=3``.

    Returns:
        Whether there is a request; outside of one, and after its end, nothing happens.
    """
    exchange = current_exchange()
    if exchange is None:
        return False
    exchange.annotations.update(fields)
    return True


def set_route(template: str) -> bool:
    """Name the route of the present request, for frameworks that no helper knows.

    Args:
        template: For example ``/orders/{order_id}``: as written in the code, never the path that was asked for.

    Returns:
        Whether there is a request.
    """
    exchange = current_exchange()
    if exchange is None:
        return False
    exchange.route = template
    return True


def note_error(error: BaseException) -> bool:
    """Name the exception that makes the present request fail, where a framework turns it into a response.

    Args:
        error: Only its type is kept.

    Returns:
        Whether there is a request.
    """
    exchange = current_exchange()
    if exchange is None:
        return False
    exchange.error = kind_of(error)
    return True


def current_exchange() -> Exchange | None:
    """Return the request that the present context belongs to, also from a scope or a thread inside it."""
    scope = CURRENT.get().scope
    web = None if scope is None else active()
    return None if web is None else web.exchange_of(scope)
