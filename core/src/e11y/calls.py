"""Calls with more than a payload: ``at(...)`` and ``timed(...)``."""

from __future__ import annotations

import inspect
import re
import time as clock
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from e11y.errors import ConfigError, E11yError, Problem
from e11y.event import Bound, Door, Event, function_of, functions
from e11y.outcome import Outcome
from e11y.severity import SEVERITIES, Severity

P = ParamSpec("P")
R = TypeVar("R")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_VARIANTS = 256
"""Each is a function of its own that lives as long as the event type."""

_LATEST_NS = 2**63 - 1
_TRACE_ID = re.compile(r"[0-9a-f]{32}")


def bound(
    event_type: type[Event], severity: str | None, time: Any, trace_id: Any, adapters: Sequence[str] | None
) -> Bound[...]:
    """Return ``track`` of an event type with something fixed.

    A malformed argument does not raise here, in the middle of an application: the call is then refused
    like any other that does not fit.
    """
    problems: list[Problem] = []
    wanted = Severity(severity) if severity in SEVERITIES else None
    if severity is not None and wanted is None:
        problems.append(Problem(("at(severity)", f"must be one of {', '.join(SEVERITIES)}")))
    names = _names(adapters, problems)
    late: dict[str, Any] = {}
    if time is not None:
        late["_time_ns"] = _nanoseconds(time, problems)
    if trace_id is not None:
        late["_trace"] = _trace(trace_id, problems)
    if problems:
        return Bound(partial(Door.refuse, event_type, problems))
    variant = (wanted, names, False)
    made = functions(event_type)
    if variant not in made and len(made) >= _MOST_VARIANTS:
        words = f"asks for more than {_MOST_VARIANTS} combinations of severity and adapters"
        return Bound(partial(Door.refuse, event_type, [Problem(("at(...)", words))]))
    function = cast(Callable[..., Outcome], function_of(event_type, variant))
    return Bound(partial(function, **late) if late else function)


def _names(adapters: Any, problems: list[Problem]) -> tuple[str, ...] | None:
    if adapters is None:
        return None
    if isinstance(adapters, (list, tuple)) and all(isinstance(name, str) for name in adapters):
        return tuple(adapters)
    problems.append(Problem(("at(adapters)", "must be a list of purpose names")))
    return None


def _nanoseconds(time: Any, problems: list[Problem]) -> int | None:
    """Return nanoseconds since 1970 as destinations take them: in a signed number of 64 bits."""
    if isinstance(time, int) and not isinstance(time, bool):
        nanoseconds = int(time)
    elif isinstance(time, datetime) and time.utcoffset() is not None:
        nanoseconds = (time - _EPOCH) // timedelta(microseconds=1) * 1000
    else:
        reason = "must be a datetime with a time zone, or integer nanoseconds since 1970 UTC"
        problems.append(Problem(("at(time)", reason)))
        return None
    if not 0 <= nanoseconds <= _LATEST_NS:
        problems.append(Problem(("at(time)", "must be in the years 1970 to 2262, in nanoseconds if it is a number")))
    return nanoseconds


def _trace(trace_id: Any, problems: list[Problem]) -> int:
    """Return the number of a trace id as W3C Trace Context, 3.2.2.3, writes it: in lowercase."""
    number = int(trace_id, 16) if isinstance(trace_id, str) and _TRACE_ID.fullmatch(trace_id) else 0
    if not number:
        problems.append(Problem(("at(trace_id)", "must be 32 lowercase hex digits and not all zero")))
    return number


class Timed:
    """A body whose duration is part of its event. Made by ``Event.timed``; good for one use, or as a decorator.

    As a decorator on a function or coroutine function it makes a new one per call. A generator has no one
    duration (its consumer's time, an early end, or none at all would count), so it is refused.
    """

    def __init__(self, event_type: type[Event], args: tuple[Any, ...], fields: Mapping[str, Any]) -> None:
        self._event_type = event_type
        self._args = args
        self._fields = dict(fields)
        self._started = 0
        self.outcome: Outcome | None = None
        """What became of the event; ``None`` until the body has ended."""

    def set(self, **fields: object) -> None:
        """Add or replace fields; they are checked when the body ends."""
        self._fields.update(fields)

    def __enter__(self) -> Self:
        self._started = clock.monotonic_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        duration_ms = (clock.monotonic_ns() - self._started) // 1_000_000
        if isinstance(error, Exception):
            self._track_failure(error, duration_ms)
        elif error is None:
            self.outcome = self._track((None, None, False), {"duration_ms": duration_ms}, duration_ms)

    def _track(self, variant: tuple[Any, ...], metadata: dict[str, Any], duration_ms: int) -> Outcome:
        function = function_of(self._event_type, variant)
        fields = self._fields
        if "duration_ms" in (function.__kwdefaults__ or {}):
            fields = {**fields, "duration_ms": duration_ms}
            metadata = {key: value for key, value in metadata.items() if key != "duration_ms"}
        outcome: Outcome = function(*self._args, _metadata=metadata or None, **fields)
        return outcome

    def _track_failure(self, error: Exception, duration_ms: int) -> None:
        """Track what is known as an error; nothing may come between the body's exception and its handler."""
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        severity = max(Severity.ERROR, _severity(self._event_type))
        metadata = {"duration_ms": duration_ms, "exception_type": kind}
        try:
            self.outcome = self._track((severity, None, True), metadata, duration_ms)
        except E11yError:
            self.outcome = Outcome.INVALID

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return ``function`` with its duration measured.

        Raises:
            ConfigError: It is a generator function, whose call ends before its body begins.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            name = getattr(function, "__qualname__", type(function).__name__)
            raise ConfigError(
                f"timed() cannot decorate the generator function {name!r}",
                where=f"{function.__module__}.{name}",
                fix=f"write  with {self._event_type.__name__}.timed(...):  inside it, around what is to be measured",
            )
        if inspect.iscoroutinefunction(function):
            return cast(Callable[P, R], self._decorated_async(function))

        @wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            with Timed(self._event_type, self._args, self._fields):
                return function(*args, **kwargs)

        return timed

    def _decorated_async(self, function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @wraps(function)
        async def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            with Timed(self._event_type, self._args, self._fields):
                return await function(*args, **kwargs)

        return timed


def _severity(event_type: type[Event]) -> Severity:
    from e11y import declaration  # noqa: PLC0415

    return declaration.severity(event_type)
