"""Flask: an extension that wraps the application and names the rule of each request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
from flask.signals import got_request_exception, request_started

from e11y_web.current import note_error, set_route
from e11y_web.exchange import KEY
from e11y_web.wsgi import WsgiMiddleware


class E11y:
    """Use as ``E11y(app)``, or ``E11y().init_app(app)`` in a factory.

    Args:
        app: The application.
        user: Returns who sent the request: text, a number or ``None``. Called inside Flask's request context when
            the request is torn down, once, when something is recorded; what it raises is counted.
    """

    def __init__(self, app: flask.Flask | None = None, *, user: Callable[[], object] | None = None) -> None:
        self._user = user
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask) -> None:
        """Give ``app`` a scope per request. Once per application."""
        app.wsgi_app = WsgiMiddleware(app.wsgi_app)  # type: ignore[method-assign]
        request_started.connect(_note_rule, app, weak=False)
        got_request_exception.connect(_note_error, app, weak=False)
        if self._user is not None:
            app.teardown_request(self._find_user)

    def _find_user(self, error: BaseException | None) -> None:
        del error
        exchange, ask = flask.request.environ.get(KEY), self._user
        if exchange is not None and ask is not None:
            exchange.find_user(lambda _: ask(), None)


def _note_rule(sender: flask.Flask, **facts: Any) -> None:
    del sender, facts
    rule = flask.request.url_rule
    if rule is not None:
        set_route(rule.rule)


def _note_error(sender: flask.Flask, exception: BaseException, **facts: Any) -> None:
    del sender, facts
    note_error(exception)
