"""The active runtime of the process: started at first use, replaced by ``configure``, stopped at exit."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from e11y import declaration, registry
from e11y.delivery.delivery import FlushReport
from e11y.errors import ConfigError, E11yError, Problem
from e11y.event import Event, Variant, forget, function_of, unplug
from e11y.lifecycle import EARLY, STARTING, stopping, watch_process
from e11y.outcome import Outcome
from e11y.runtime import Runtime
from e11y.threads import is_own_thread


class _Process:
    """What this process has of e11y. The one place with state, because functions of classes are swapped."""

    def __init__(self) -> None:
        self.active: Runtime | None = None
        self.started: Runtime | None = None
        self.stand_in: Runtime | None = None
        self.failure: Exception | None = None  # why it stands in
        self.before: list[Runtime | None] = []
        self.settings: Mapping[str, Any] = {}
        self.plugins: Sequence[object] = ()
        self.is_starting = False
        self.broken: set[type[Event]] = set()


_process = _Process()


def configure(settings: Mapping[str, Any] | None = None, *, plugins: Sequence[object] = (), **top_level: Any) -> None:
    """Set what files and environment variables leave open, or override them. Takes effect at the next start.

    A runtime that is active is shut down first: what it holds is delivered.

    Args:
        settings: As ``[tool.e11y]`` would hold it.
        plugins: Further plugins: the application's own as classes or instances, installed ones by name.
        top_level: Keys of ``[tool.e11y]`` by keyword, for example ``service="shop"``.
    """
    stop(None)
    _process.active = None
    _process.before.clear()
    _process.settings = {**(settings or {}), **top_level}
    _process.plugins = tuple(plugins)


def configuration() -> tuple[Mapping[str, Any], Sequence[object]]:
    """Return what ``configure`` was given: settings and plugins. For the command line, which starts nothing."""
    return _process.settings, _process.plugins


def watch() -> None:
    """Watch for the end of the process; see :func:`e11y.watch_process`."""
    watch_process(stop, after_fork)


def start() -> Runtime:
    """Start the runtime, if none is active, and return it.

    Reads settings, loads plugins, compiles every event type that is known. Threads start with the
    first event.

    Raises:
        ConfigError: Something cannot work; tells every problem found. Also when an implicit start failed for it
            before.
    """
    with STARTING:
        active = _process.active
        if active is not None and active.state != "stopped":
            if active is _process.stand_in and _process.failure is not None:
                raise _process.failure
            return active
        watch()
        _process.active = None
        _process.is_starting = True
        try:
            runtime = Runtime(_process.settings, plugins=_process.plugins)
            activate(runtime)
            _process.started = runtime
        finally:
            _process.is_starting = False
        return runtime


def activate(runtime: Runtime) -> None:
    """Make ``runtime`` the active one.

    Raises:
        ConfigError: Event types and configuration do not fit; the earlier runtime stays active.
    """
    with STARTING:
        watch()
        before = _process.active
        _process.broken.clear()
        try:
            runtime.compile_all(registry.event_types() if runtime.event_types is None else runtime.event_types)
            runtime.started()
        except ConfigError:
            _unplug_all()
            raise
        if before is not None:
            _process.before.append(before)
        _process.active = runtime
        early = len(EARLY)
        del EARLY[:early]
        runtime.ledger.disabled.add_many(early)
        _unplug_all()


def deactivate(runtime: Runtime) -> None:
    """Bring back the runtime that was active before ``runtime``; one that is not active is left alone."""
    with STARTING:
        if _process.active is runtime:
            _process.active = _process.before.pop() if _process.before else None
            _process.broken.clear()
            _unplug_all()


def is_active(runtime: Runtime) -> bool:
    """Return whether events go to ``runtime`` now."""
    return _process.active is runtime


def current() -> Runtime:
    """Return the active runtime; start one if there is none. Never raises.

    A start that fails is told once on stderr; from then on calls are counted as disabled.
    """
    active = _process.active
    if active is not None:
        return active
    if is_starting_here():
        return Runtime.disabled()
    with STARTING:
        if _process.active is not None:
            return _process.active
        try:
            return start()
        except Exception as error:  # noqa: BLE001 - the application must run on, whatever is wrong with us
            told = error if isinstance(error, E11yError) else f"{type(error).__name__} while starting"
            sys.stderr.write(f"e11y is disabled, because it cannot start:\n{told}\n")
            disabled = Runtime.disabled()
            activate(disabled)
            _process.stand_in, _process.failure = disabled, error
            return disabled


def plugin(name: str) -> object | None:
    """Return the active runtime's plugin of that name; see :func:`e11y.plugin`."""
    if _process.active is None and is_starting_here():
        return None
    runtime = _process.active or current()
    if runtime.is_idle:
        return None
    found = runtime.plugins.plugin(name)
    if found is None or not found.active:
        why = "not installed" if found is None else found.why
        runtime.faults.report("core", f"use of plugin {name!r}", f"it is not active: {why}")
        return None
    return found.instance


def stop(timeout_s: float | None) -> FlushReport:
    """Shut the active runtime down; events that come later are counted as disabled."""
    active = _process.active
    if active is None:
        return FlushReport(undelivered={}, seconds=0.0)
    with stopping():
        report = active.shutdown(timeout_s)
    _unplug_all()
    return report


def shutdown(timeout_s: float | None) -> FlushReport:
    """Shut down what ``start()`` started; what somebody activated by hand is theirs to end, and only flushed.

    Otherwise the next ``start()`` of an application under test would start a runtime with its real adapters.
    """
    active = _process.active
    return stop(timeout_s) if active is None or active is _process.started else active.flush(timeout_s)


def after_fork() -> None:
    """Begin anew in a forked child: no thread of the parent exists here."""
    _process.is_starting = False
    if _process.active is not None:
        _process.active.after_fork_in_child()
        _process.active.delivery_needed = True
        _unplug_all()


def enter(event_type: type[Event], variant: Variant, args: tuple[Any, ...], fields: dict[str, Any]) -> Outcome:
    """Take a call that no compiled code takes yet: start, compile, and call again."""
    if _process.active is None and is_starting_here():
        EARLY.append(True)
        return Outcome.DISABLED
    if event_type in _process.broken:
        current().ledger.tracked.add()
        current().ledger.invalid.add()
        return Outcome.INVALID
    runtime = current()
    if not runtime.is_idle and runtime.delivery_needed:
        runtime.delivery.start_threads()
        runtime.delivery_needed = not runtime.delivery.preparer.worker.alive
    try:
        _refuse_abstract(event_type)
        runtime.compile(event_type, variant)
    except ConfigError as error:
        if variant and not _is_broken(runtime, event_type):
            forget(event_type, variant)  # the type can work: it is this call that asks for something that cannot
            return refuse(event_type, [Problem(("at(...)", error.what))])
        if runtime.settings.raises_on_invalid:
            raise
        _process.broken.add(event_type)
        sys.stderr.write(f"e11y cannot record {event_type.__name__}:\n{error}\n")
        return enter(event_type, variant, args, fields)
    try:
        outcome: Outcome = function_of(event_type, variant)(*args, **fields)
    finally:
        if not runtime.is_idle and runtime.delivery_needed:  # no thread could be started: try again next time
            unplug(event_type)
    return outcome


def _is_broken(runtime: Runtime, event_type: type[Event]) -> bool:
    """Return whether an event type cannot be recorded at all."""
    try:
        runtime.compile(event_type)
    except ConfigError:
        return True
    return False


def refuse(event_type: type[Event], problems: Sequence[Problem], *args: object, **fields: object) -> Outcome:
    """Refuse a call whose ``at(...)`` was malformed."""
    runtime = current()
    if runtime.is_idle:
        runtime.ledger.disabled.add()
        return Outcome.DISABLED
    runtime.ledger.tracked.add()
    qualified = f"{event_type.__module__}.{event_type.__qualname__}"
    severity = declaration.severity(event_type)
    return runtime.rejections.refuse(declaration.name(event_type), qualified, severity, problems)


def is_starting_here() -> bool:
    """Return whether the present thread is in the middle of a start: a plugin or finaliser tracks an event.

    A thread of a plugin counts too: whoever starts may wait for it.
    """
    if not _process.is_starting or is_own_thread():
        return _process.is_starting
    if not STARTING.acquire(blocking=False):
        return False
    try:
        return _process.is_starting  # another thread may have come to its end meanwhile
    finally:
        STARTING.release()


def _refuse_abstract(event_type: type[Event]) -> None:
    declared = declaration.of(event_type)
    if declared is not None and declared.abstract:
        raise ConfigError(
            f"{event_type.__name__} is only a base and cannot be tracked",
            where=f"class {event_type.__module__}.{event_type.__qualname__}",
            fix=f"declare  class YourEvent({event_type.__name__})  and track that",
        )


def _unplug_all() -> None:
    """Let the next call of every event type come through the door; compiled code is kept by the runtime."""
    for event_type in registry.all_types():
        unplug(event_type)


READY = True
"""Stands at the end: this module has been imported as a whole."""
