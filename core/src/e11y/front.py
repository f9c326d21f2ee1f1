"""The functions of the package: they act on the active runtime and import it only when they are called."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from e11y.context import CURRENT, NO_FRAME, Frame, extended, hex_span, hex_trace, values
from e11y.event import Door, Event, Variant
from e11y.lifecycle import EARLY, STARTING, guard_forks
from e11y.outcome import Outcome
from e11y.scope import Scope

if TYPE_CHECKING:
    from e11y.delivery.delivery import FlushReport
    from e11y.delivery.ledger import Ledger
    from e11y.runtime import Runtime
    from e11y.trace import Trace

_LONGEST_TEXT = 1_024


def configure(settings: Mapping[str, Any] | None = None, *, plugins: Sequence[object] = (), **top_level: Any) -> None:
    """Set what files and environment variables leave open, or override them. Takes effect at the next start.

    A runtime that is active is shut down first: what it holds is delivered.

    Args:
        settings: As ``[tool.e11y]`` would hold it.
        plugins: Further plugins: the application's own as classes or instances, installed ones by name.
        top_level: Keys of ``[tool.e11y]`` by keyword, for example ``service="shop"``.
    """
    _active().configure(settings, plugins=plugins, **top_level)


def start() -> Runtime:
    """Start the runtime, if none is active, and return it.

    Reads settings, loads plugins, compiles every event type that is known. Threads start with the first
    event. Not needed: the first ``track()`` starts implicitly; but then nobody sees the errors at once.

    Raises:
        ConfigError: Something cannot work; tells every problem found. Also when an implicit start failed for it
            before: somebody tracked an event or opened a scope, for example a middleware around the lifespan.
    """
    started: Runtime = _active().start()
    return started


def watch_process() -> None:
    """Arrange that the end of the process delivers, whichever thread tracks the first event.

    A start does so too; but only the main thread can take SIGTERM, and a server may hand every request to
    another one. Integrations call this on the main thread before that, for example when a middleware is made.
    Starts nothing. A handler that somebody else has installed, or installs later, stays.
    """
    _active().watch()


def flush(timeout: float | None = None) -> FlushReport:
    """Deliver what is queued now and say what could not be delivered in time.

    Args:
        timeout: Seconds; ``None`` takes ``shutdown_timeout``. The call takes no longer.
    """
    report: FlushReport = _active().current().flush(timeout)
    return report


def shutdown(timeout: float | None = None) -> FlushReport:
    """Deliver what is queued, stop the workers, close the adapters. Later events are counted as disabled.

    Runs by itself at the end of the process. A second call does nothing. A runtime that was
    activated by hand, as each test has one, is flushed and goes on: an application under test shuts down as ever.

    Args:
        timeout: Seconds; ``None`` takes ``shutdown_timeout``. Its last second is kept for dead letters.
    """
    report: FlushReport = _active().shutdown(timeout)
    return report


def ledger() -> Ledger:
    """Return the ledger of the active runtime: every event it has ever seen, accounted for."""
    found: Ledger = _active().current().ledger
    return found


def plugin(name: str) -> object | None:
    """Return the active runtime's plugin of that name, for the part of it that the application calls.

    Starts the runtime if there is none. Never raises.

    Args:
        name: As in ``[tool.e11y] plugins``.

    Returns:
        The instance; ``None`` while e11y is disabled or stopped, in the middle of a start on the same thread, and for
        a plugin that is not active, which is then reported once a minute: somebody counts on it.
    """
    active = _active_or_none()
    found: object | None = None if active is None else active.plugin(name)
    return found


def scope(name: str, *, kind: str = "scope", trace: Trace | None = None, **attributes: Any) -> Scope:
    """Return a scope: one unit of work whose debug events are written only if it fails.

        with e11y.scope("import", kind="command") as work:
            ...

    Args:
        name: For example ``POST /orders``. Bounded words, no ids: plugins may count by it.
        kind: ``request``, ``task``, ``command`` or your own word.
        trace: Where the work came from, see :func:`e11y.trace.extract`; left out, the enclosing scope's
            trace goes on, or a new one starts.
        attributes: Facts for the report; ``status=500`` takes part in the decision.
    """
    return Scope(_active().current().scopes, name, kind, trace, **attributes)


@contextmanager
def context(**values: Any) -> Iterator[None]:
    """Add context to every event inside the ``with``, also in asyncio tasks that it starts.

    Args:
        values: For example ``user_id="42"``. Text, numbers and booleans; ``None`` takes a key away.
            Other objects are kept as their type's name, texts to 1 024 characters.
    """
    outer = CURRENT.get()
    snapshot = extended(outer.snapshot, _presentable(values))
    token = CURRENT.set(Frame(snapshot, outer.scope, outer.tracestate, outer.baggage))
    try:
        yield
    finally:
        try:
            CURRENT.reset(token)
        except ValueError:  # the block ends in another context than it began in
            _active().current().scopes.misplaced_token()


def bind(**values: Any) -> None:
    """Add context from here on, for everyone who shares the present scope or ``context`` block.

    What a function deep inside a request binds is seen by the events that its middleware tracks later.
    Outside of both it holds for the present thread or task.

    Args:
        values: As for :func:`context`.
    """
    frame = CURRENT.get()
    if frame is NO_FRAME:
        frame = Frame()
        CURRENT.set(frame)
    frame.snapshot = extended(frame.snapshot, _presentable(values))


def current_context() -> Mapping[str, Any]:
    """Return the context that an event would carry now, ids in hex."""
    snapshot = CURRENT.get().snapshot
    ids = {
        "trace_id": hex_trace(snapshot[0]),
        "span_id": hex_span(snapshot[1]),
        "parent_span_id": hex_span(snapshot[2]),
        "parent_trace_id": hex_trace(snapshot[3]),
    }
    return {**{key: value for key, value in ids.items() if value}, **values(snapshot)}


def _presentable(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return context values as atoms, filtered and then bounded: a filter may not know half a value again."""
    atoms = {key: _atom(value) for key, value in given.items()}
    active = _active_or_none()
    if active is None or active.is_starting_here():
        return {}  # nobody knows yet what has to be filtered
    kept = active.current().filter_context(atoms)
    return {key: value[:_LONGEST_TEXT] if isinstance(value, str) else value for key, value in kept.items()}


def _atom(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__add__(value, 0)
    if isinstance(value, float):
        return float.__add__(value, 0.0)
    return f"<{type(value).__name__}>"


def _active() -> ModuleType:
    """Return :mod:`e11y.active`: settings, plugins and workers, which ``import e11y`` does not need."""
    module = sys.modules.get("e11y.active")
    if module is None or not hasattr(module, "READY"):
        with STARTING:
            guard_forks()
            module = import_module("e11y.active")
    return module


def _active_or_none() -> ModuleType | None:
    """Return the same, or ``None`` in the middle of its import: for what signal handlers and finalisers call.

    They may run between any two lines of that import, on its thread, and cannot wait for it.
    """
    module = _active()
    return module if hasattr(module, "READY") else None


def _first_call(event_type: type[Event], variant: Variant, args: tuple[Any, ...], fields: dict[str, Any]) -> Outcome:
    """Take the first call of the process, whichever event it is."""
    active = _active_or_none()
    if active is None:
        EARLY.append(True)
        return Outcome.DISABLED
    outcome: Outcome = active.enter(event_type, variant, args, fields)
    return outcome


def _refuse(*args: Any, **fields: Any) -> Outcome:
    outcome: Outcome = _active().refuse(*args, **fields)
    return outcome


Door.enter = _first_call
Door.refuse = _refuse
