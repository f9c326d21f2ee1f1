"""The table ``[tool.e11y.web]``."""

from __future__ import annotations

import re
from typing import Any, Literal

import attrs

Fact = Literal["path", "query", "client"]
"""What can be recorded about a request beside what always is."""

BAGGAGE = ("trace_id", "span_id", "environment", "version", "service_name", "deployment_id", "request_id")
"""Keys of W3C baggage that come in and travel on; none of them names a person."""

_CREDENTIALS = re.compile(
    r"auth(?!ors?\b)|cookie|csrf|xsrf|jwt|session|token|secret|passw|pwd|credential"
    r"|(api|app|access|admin|client|function|functions|license|master|private|service|subscription)[^a-z0-9]*keys?\b",
    re.IGNORECASE,
)
"""What a header's name has in it when its value opens a door. Most keys do; ``Idempotency-Key`` does not."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def _is_header(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    """Refuse what cannot be the name of a header (RFC 9110, 5.6.2)."""
    del instance, attribute
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError("must be the name of a header, for example X-Request-ID")


def _are_harmless(instance: WebSettings, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    """Refuse to record headers that carry credentials; that of the debug header lets its bearer ask for trails."""
    for name in value:
        _is_header(instance, attribute, name)
        if _CREDENTIALS.search(name) or name.lower() == instance.debug_header.lower():
            raise ValueError("must not name a header that carries credentials")


def _are_paths(instance: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    del instance, attribute
    if not all(path.startswith("/") for path in value):
        raise ValueError('must be paths that begin with "/", for example "/static/*"')


@attrs.frozen(eq=False, kw_only=True)
class WebSettings:
    """Table ``[tool.e11y.web]``.

    Args:
        completed: Whether each request tracks ``RequestCompleted`` at its end.
        exclude: Paths of requests that do not; ``*`` stands for any characters. They have a scope all the same.
        record: What ``RequestCompleted`` tells about a request beside method, route and outcome.
        headers: Request headers that ``RequestCompleted`` tells, by name in any case.
        trust_inbound: Whether ``traceparent``, ``baggage`` and request ids of the caller count. Switch it off where
            strangers call: then each request starts a trace.
        baggage: Keys of ``baggage`` that come in and travel on to other services.
        response_headers: Whether responses carry ``traceresponse`` and ``X-Request-ID``.
        websockets: Whether each websocket connection opens a scope too.
        user_as: Name of the context value that holds what the user lookup answers.
        debug_header: Name of the header that keeps the trail of one request.
        debug_key: Secret that signs it; empty: the header has no effect.
    """

    completed: bool = True
    exclude: tuple[str, ...] = attrs.field(default=(), validator=_are_paths)
    record: tuple[Fact, ...] = ("path",)
    headers: tuple[str, ...] = attrs.field(default=(), validator=_are_harmless)
    trust_inbound: bool = True
    baggage: tuple[str, ...] = BAGGAGE
    response_headers: bool = True
    websockets: bool = False
    user_as: str = "user_id"
    debug_header: str = attrs.field(default="X-E11y-Debug", validator=_is_header)
    debug_key: str = attrs.field(default="", repr=False)
