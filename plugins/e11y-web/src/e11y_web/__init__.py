"""HTTP requests as scopes: middlewares for ASGI and WSGI, and what application code calls inside a request.

Modules named like a framework or an HTTP client (``e11y_web.django``, ``e11y_web.httpx``, ...) are imported by
whoever uses them; nothing here imports a framework.
"""

from __future__ import annotations

from e11y_web.asgi import AsgiMiddleware
from e11y_web.current import annotate, note_error, set_route
from e11y_web.events import RequestCompleted
from e11y_web.plugin import WebPlugin
from e11y_web.settings import WebSettings
from e11y_web.wsgi import WsgiMiddleware

__all__ = [
    "AsgiMiddleware",
    "RequestCompleted",
    "WebPlugin",
    "WebSettings",
    "WsgiMiddleware",
    "annotate",
    "note_error",
    "set_route",
]
