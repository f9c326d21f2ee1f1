"""Starlette and FastAPI: the template of the route, and the user that ``AuthenticationMiddleware`` found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from starlette.routing import BaseRoute, Match

from e11y_web.asgi import AsgiMiddleware, AsgiScope, RouteOf, UserOf


def route_of(scope: AsgiScope) -> str | None:
    """Return the template of the route that served a request, with what it is mounted under.

    Args:
        scope: As the application left it.

    Returns:
        For example ``/shop/orders/{order_id}``; ``None`` when no route matched.
    """
    if "endpoint" not in scope:
        return None
    root_path = scope.get("root_path", "")
    outermost = scope.get("app_root_path", root_path)
    template = _template(scope) if root_path == outermost else None
    if template is None:  # inside a Mount, or a Starlette that does not tell the route: find the way again
        router = scope.get("router")
        probe = {**scope, "root_path": outermost, "path_params": {}}
        template = _way(getattr(router, "routes", ()), probe)
    return template


def user_of(scope: AsgiScope) -> str | None:
    """Return the identity of an authenticated user; ``None`` for anybody else, and without the middleware."""
    user = scope.get("user")
    if user is None or not user.is_authenticated:
        return None
    try:
        return str(user.identity)
    except NotImplementedError:  # SimpleUser has only a name
        return str(user.display_name)


class StarletteMiddleware(AsgiMiddleware):
    """The ASGI middleware for Starlette and FastAPI.

    Put it around the application, ``app = StarletteMiddleware(app)``: then it also sees what happens in the
    application's handler for errors. ``app.add_middleware(StarletteMiddleware)`` works too.
    """

    route_of: ClassVar[RouteOf | None] = staticmethod(route_of)
    user_of: ClassVar[UserOf | None] = staticmethod(user_of)


def _template(scope: AsgiScope) -> str | None:
    """Return the template that the frameworks left behind."""
    # FastAPI 0.13x and later keep the prefix of an included router here; the route itself has only its own path.
    included = scope.get("fastapi")
    effective = included.get("effective_route_context") if isinstance(included, dict) else None
    route = scope.get("route")
    if effective is not None and getattr(effective, "original_route", None) is route:
        route = getattr(effective, "starlette_route", None) or effective
    found: str | None = getattr(route, "path_format", None) or getattr(route, "path", None)
    return found


def _way(routes: Iterable[BaseRoute], probe: dict[str, Any]) -> str | None:
    """Match again, as the router did: the first full match counts, else the first that lacks only the method."""
    partial: str | None = None
    for route in routes:
        match, child = route.matches(probe)
        if match is Match.NONE:
            continue
        below = getattr(route, "routes", None)
        prefix = getattr(route, "path", "")
        if match is Match.FULL and below:
            return prefix + (_way(below, {**probe, **child}) or "/{path}")
        if match is Match.FULL:
            return getattr(route, "path_format", prefix) or None
        partial = partial or getattr(route, "path_format", prefix) or None
    return partial
