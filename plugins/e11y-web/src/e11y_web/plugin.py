"""The plugin: what the middlewares ask for each request."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from typing import TYPE_CHECKING, Literal, cast

import e11y
from e11y import Host, Outcome, Scope, hookimpl
from e11y.trace import HEADERS
from e11y_web.debug_header import check_key
from e11y_web.events import Level, RequestCompleted
from e11y_web.exchange import Exchange
from e11y_web.inbound import Inbound
from e11y_web.settings import WebSettings

if TYPE_CHECKING:
    import click


class WebPlugin:
    """Opens one exchange per request and knows those that are open; see the README.

    Attributes:
        reads: Lower-case names of the request headers that are read.
        reads_bytes: The same as ASGI has them.
        reads_environ: The same, each with its key in the WSGI environ.
        exchanges: The open ones, by the id of their scope.
        tracks: Severity -> what tracks ``RequestCompleted``. They are asked for here, so that they are compiled when
            e11y starts, not while the first request that fails is waiting.
        lifespans: How many ASGI applications of this process are between startup and shutdown.
    """

    Settings = WebSettings

    def __init__(self, settings: WebSettings, host: Host) -> None:
        self.settings = settings
        self.host = host
        self.debug_header = settings.debug_header.lower()
        self.debug_key = check_key(settings.debug_key)
        self.headers = tuple(name.lower() for name in settings.headers)
        self.reads = frozenset((*HEADERS, self.debug_header, *self.headers))
        self.reads_bytes = frozenset(name.encode("ascii") for name in self.reads)
        self.reads_environ = tuple((name, "HTTP_" + name.upper().replace("-", "_")) for name in self.reads)
        self.exchanges: dict[int, Exchange] = {}
        self.tracks: dict[Level, Callable[..., Outcome]] = {
            "success": RequestCompleted.track,
            "info": RequestCompleted.at(severity="info").track,
            "error": RequestCompleted.at(severity="error").track,
        }
        self.lifespans = 0
        self._excluded = re.compile("|".join(map(translate, settings.exclude)) or r"(?!)")

    @hookimpl
    def e11y_commands(self, group: click.Group) -> None:
        """Add ``e11y web``."""
        from e11y_web.commands import make_group  # noqa: PLC0415 - only the command line needs it

        group.add_command(make_group(self.settings, self.host.clock))

    @hookimpl
    def e11y_forked(self) -> None:
        """Forget what is open: it is the parent's."""
        self.exchanges.clear()
        self.lifespans = 0

    def begin(self, inbound: Inbound, kind: Literal["request", "websocket"] = "request") -> Exchange | None:
        """Open the scope of a request in the current context; ``None`` when that fails, which is reported."""
        try:
            return Exchange(self, inbound, kind, told=self.tells(inbound, kind))
        except Exception as error:  # noqa: BLE001 - the request must be served, whatever is wrong with us
            self.host.fault("beginning of a request", error)
            return None

    def tells(self, inbound: Inbound, kind: str) -> bool:
        """Return whether a request tracks ``RequestCompleted`` at its end."""
        return kind == "request" and self.settings.completed and not self._excluded.match(inbound.path)

    def exchange_of(self, scope: Scope | None) -> Exchange | None:
        """Return the exchange that a scope belongs to, through all scopes around it."""
        while scope is not None:
            found = self.exchanges.get(id(scope))
            if found is not None:
                return found
            scope = scope.parent
        return None


def active() -> WebPlugin | None:
    """Return the plugin of the active runtime; ``None`` while e11y is disabled or the plugin is left out."""
    return cast("WebPlugin | None", e11y.plugin("web"))
