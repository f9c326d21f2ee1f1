"""One HTTP request between its arrival and its true end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import e11y
from e11y import InvalidEvent, Outcome
from e11y.context import CURRENT, EMPTY, FIRST_KEY, SAMPLED, SPAN_ID, TRACE_ID, Frame
from e11y.trace import Trace, extract, format_traceparent
from e11y_web.debug_header import is_valid
from e11y_web.events import Ended, Level
from e11y_web.exceptions import is_disconnect, kind_of

if TYPE_CHECKING:
    from e11y import ScopeReport
    from e11y_web.inbound import Inbound
    from e11y_web.plugin import WebPlugin

R = TypeVar("R")

KEY = "e11y_web.exchange"
"""Where the ASGI scope and the WSGI environ hold the exchange, for the helpers of frameworks."""

UNMATCHED = "unmatched"

_SERVER_ERROR = 500
_CLIENT_ERROR = 400
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000


class Exchange:
    """A request whose scope is open. Middlewares tell it what happens; nothing in here raises into them.

    Making one opens the scope in the current context; ``end()`` closes it.

    Args:
        web: The plugin.
        inbound: The request.
        kind: ``request`` or ``websocket``, the kind of the scope.
        told: Whether ``RequestCompleted`` is tracked at the end.

    Attributes:
        route: Template of the route, once somebody knows it.
        status: What the client was sent; ``None`` before that.
        is_complete: Whether the whole response was sent.
        is_gone: Whether the client left.
        lost: What sending raised because the client had left.
        error: Type of the exception that a framework turned into a response.
        annotations: Further fields of ``RequestCompleted``.
    """

    def __init__(self, web: WebPlugin, inbound: Inbound, kind: str, *, told: bool) -> None:
        self.route: str | None = None
        self.status: int | None = None
        self.is_complete = False
        self.is_gone = False
        self.lost: BaseException | None = None
        self.error = ""
        self.annotations: dict[str, Any] = {}
        self._web = web
        self._inbound = inbound
        self._told = told
        self._ended = False
        self._answered_ns: int | None = None
        self._began = web.host.clock.monotonic()
        self._user_asked = False
        self._outer = CURRENT.get()
        self.method = inbound.known_method if kind == "request" else "WEBSOCKET"
        trace = _trace(web, inbound)
        if trace is None and self._outer.snapshot[TRACE_ID]:  # somebody has a scope open around the whole server
            CURRENT.set(Frame(EMPTY + self._outer.snapshot[FIRST_KEY:], self._outer.scope))
        self.scope = e11y.scope(self.method, kind=kind, trace=trace, method=self.method).open()
        web.exchanges[id(self.scope)] = self
        try:
            self._introduce()
        except Exception:
            del web.exchanges[id(self.scope)]
            self.scope.finish()
            self.leave()
            raise

    def _introduce(self) -> None:
        web, inbound = self._web, self._inbound
        trusted = inbound.request_id if web.settings.trust_inbound else ""
        self.request_id = trusted or f"{web.host.random.getrandbits(128):032x}"
        e11y.bind(request_id=self.request_id)
        asked = inbound.headers.get(web.debug_header) if web.debug_key else None
        if asked is not None:
            if is_valid(web.debug_key, asked, web.host.clock.time_ns() / 1e9):
                self.scope.fail("debug header")
            else:
                web.host.count("debug_header_refused")

    # What middlewares tell

    def enter(self) -> Frame:
        """Make the request's context the current one and return the one that was; for ``leave``."""
        before = CURRENT.get()
        CURRENT.set(self.scope.frame)
        return before

    def leave(self, before: Frame | None = None) -> None:
        """Bring back the context of before ``enter``, or else of before the request."""
        CURRENT.set(self._outer if before is None else before)

    def answer_headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers to add to the response, where it has none of that name; names in lower case."""
        if not self._web.settings.response_headers:
            return ()
        snapshot = self.scope.frame.snapshot
        sampled = False if snapshot[SAMPLED] == 0 else None
        # W3C Trace Context, level 2: the response tells the trace and the span that served it.
        answered = format_traceparent(snapshot[TRACE_ID], snapshot[SPAN_ID], sampled)
        return ("traceresponse", answered), ("x-request-id", self.request_id)

    def note_answered(self) -> None:
        """Note that the response was sent to its end; the application may work on. Only the first call counts."""
        if self._answered_ns is None:
            self._answered_ns = round((self._web.host.clock.monotonic() - self._began) * _NS_PER_S)

    def find(self, what: str, ask: Callable[[Any], R], request: Any) -> R | None:
        """Return what a function of the application or of a helper answers; ``None``, and a fault, if it raises."""
        try:
            return ask(request)
        except Exception as error:  # noqa: BLE001 - any code of the application's may stand behind it
            self._web.host.fault(what, error)
            return None

    def find_user(self, ask: Callable[[Any], object], request: Any) -> None:
        """Ask who sent the request, once, and only if somebody will be told."""
        if self._user_asked or not (self._told or self.scope.failed):
            return
        self._user_asked = True
        user = self.find("user lookup", ask, request)
        if user is not None:
            before = self.enter()
            try:
                e11y.bind(**{self._web.settings.user_as: user if isinstance(user, (str, int)) else str(user)})
            except Exception as error:  # noqa: BLE001 - __str__ of any class
                self._web.host.fault("user lookup", error)
            finally:
                self.leave(before)

    # The end

    def end(self, error: BaseException | None = None) -> None:
        """Close the scope, then track ``RequestCompleted``. Only the first call counts.

        Args:
            error: What left the application, if anything.
        """
        if self._ended:
            return
        self._ended = True
        before = self.enter()
        try:
            self._conclude(error)
        except Exception as problem:  # noqa: BLE001 - nothing may come between the application and its server
            self._web.host.fault("end of a request", problem)
        finally:
            self._web.exchanges.pop(id(self.scope), None)
            self.leave(self._outer if before is self.scope.frame else before)

    def _conclude(self, error: BaseException | None) -> None:
        ended = self._judge(error)
        route = self.route or UNMATCHED
        self.scope.name = f"{self.method} {route}"
        self.scope.set(route=route, status=self.status, error=self.error, ended=ended)
        if self._answered_ns is not None:
            self.scope.set(answered_ns=self._answered_ns)
        report = self.scope.finish(error if ended == "failed" else None)
        if self._told and report is not None:
            CURRENT.set(self.scope.frame)
            self._tell(report, route, ended)

    def _tell(self, report: ScopeReport, route: str, ended: Ended) -> None:
        inbound, settings = self._inbound, self._web.settings
        facts: dict[str, Any] = {
            "method": self.method,
            "route": route,
            "status": self.status,
            "duration_ms": round(report.duration_ns / _NS_PER_MS, 3),
            "ended": ended,
            "error": self.error or None,
            "flushed": report.flushed,
            "discarded": report.discarded,
            "evicted": report.evicted,
            **{name: inbound.fact(name) for name in settings.record},
        }
        headers = {name: inbound.header(name) for name in self._web.headers if name in inbound.headers}
        if headers:
            facts["headers"] = headers
        track = self._web.tracks[self._level(ended)]
        try:
            outcome = track(**{**self.annotations, **facts})
        except InvalidEvent as error:  # in development and tests
            paths = ", ".join(problem.path for problem in error.problems[:5])
            self._web.host.fault(f"annotate() with {paths}", error)
            outcome = Outcome.INVALID
        if outcome is Outcome.INVALID and self.annotations:
            self._web.host.count("annotations_refused")
            track(**facts)

    def _level(self, ended: Ended) -> Level:
        """Return the severity of ``RequestCompleted``, as its docstring has it."""
        if ended == "failed":
            return "error"
        return "success" if ended == "completed" and (self.status or 0) < _CLIENT_ERROR else "info"

    def _judge(self, error: BaseException | None) -> Ended:
        """Return how the request ended, and complete status and error."""
        if error is not None and not isinstance(error, Exception):
            return "cancelled"
        if error is not None and is_disconnect(error, self.lost):
            if (self.status or 0) >= _SERVER_ERROR:
                self.status = None  # what a framework made of the exception, for nobody
            return "disconnected"
        if error is not None:
            self.error = kind_of(error)
            if self.status is None:
                self.status = _SERVER_ERROR  # what every server makes of it
            return "failed"
        if (self.status or 0) >= _SERVER_ERROR:
            return "failed"
        if self.is_gone and not self.is_complete:
            return "disconnected"
        if self.status is None and self.method != "WEBSOCKET":
            self.status = _SERVER_ERROR  # no response at all; servers answer so too
            return "failed"
        return "completed"


def _trace(web: WebPlugin, inbound: Inbound) -> Trace | None:
    """Return the caller's trace, ``None`` to start one."""
    if not web.settings.trust_inbound:
        return None
    trace = extract(inbound.headers, baggage_keys=web.settings.baggage)
    return None if trace.source == "generated" and not trace.baggage else trace
