"""The plugin: which records become events, and how these are tracked."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from fnmatch import translate
from functools import partial
from itertools import count
from logging import INFO
from typing import Any, cast

import e11y
from e11y import Host, InvalidEvent, Outcome, hookimpl, is_own_thread
from e11y.context import CURRENT, Frame
from e11y_logging.events import LogLine
from e11y_logging.levels import SEVERITIES, severity_of
from e11y_logging.settings import LoggingSettings

ALWAYS_IGNORED = ("e11y", "sentry_sdk", "opentelemetry")
"""Loggers of what delivers telemetry: an event of what they say would give them something to say again."""

_MOST_VERDICTS = 10_000
_INVALID = Outcome.INVALID
"""Asking an enum for a member takes longer than half of what stands here."""

Fields = Mapping[str, Any]
Track = Callable[..., Outcome]


class _Present(threading.local):
    """What the present thread is doing."""

    tracks: bool = False


class LoggingPlugin:
    """Decides about records and tracks ``LogLine``; the handler asks it for each record.

    Attributes:
        ignores_messages: Whether ``ignores`` has to be asked.
    """

    Settings = LoggingSettings

    def __init__(self, settings: LoggingSettings, host: Host) -> None:
        self._host = host
        self._flush = settings.flush
        self._least_outside = settings.least_outside
        self._pattern = re.compile("|".join(map(_with_children, (*ALWAYS_IGNORED, *settings.ignore))))
        self._verdicts: dict[str, bool] = {}
        self._ignored_messages = tuple(pattern.split("*") for pattern in settings.ignore_messages)
        self.ignores_messages = bool(self._ignored_messages)
        self._present = _Present()
        self._tracks = {level: LogLine.at(severity=severity).track for level, severity in SEVERITIES.items()}
        self._lines, self._told = count(), 0

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        """Keep the counter up to date from now on."""
        host.every(1.0, self._tell_count)

    @hookimpl
    def e11y_stopping(self) -> None:
        """Tell of the last lines."""
        self._tell_count()

    @hookimpl
    def e11y_forked(self) -> None:
        """Forget lines that were not told yet: the parent tells them."""
        self._lines, self._told = count(), 0

    def wants(self, logger: str, level: int) -> bool:
        """Return whether a record becomes an event. Asked before anything is made of it."""
        if level < self._least_outside and CURRENT.get().scope is None:
            return False
        ignored = self._verdicts.get(logger)
        if ignored is None:
            ignored = self._judge(logger)
        if ignored:
            return False
        if self._present.tracks:  # a step of the pipeline logs
            self._host.count("inside_of_track")
            return False
        if is_own_thread():
            self._host.count("on_own_thread")
            return False
        return True

    def ignores(self, message: str) -> bool:
        """Return whether a line is no event because of what it says; counts those that are none."""
        if not any(_holds(message, parts) for parts in self._ignored_messages):
            return False
        self._host.count("ignored_message")
        return True

    def track(self, level: int, level_name: str, fields: Fields, further: Fields, time_ns: int | None = None) -> None:
        """Track a line. What cannot be recorded is left out and counted; nothing is raised.

        Args:
            level: Of the line.
            level_name: Of a level that is none of Python's own.
            fields: All but its ``extra``.
            further: That, without names that ``fields`` has.
            time_ns: When it was logged, if that is not now.
        """
        track = self._tracks.get(level)
        if track is None or time_ns is not None:
            track = LogLine.at(severity=severity_of(level, level_name), time=time_ns).track
        if not self._flush and level >= INFO:
            track = partial(_beside_the_scope, track)
        next(self._lines)
        present = self._present
        present.tracks = True
        try:
            outcome = track(**fields, **further) if further else track(**fields)
        except InvalidEvent:  # in development and tests
            outcome = _INVALID
        finally:
            present.tracks = False
        if outcome is _INVALID:
            self._track_less(track, fields, further)

    def fault(self, operation: str, error: Exception) -> None:
        """Report what went wrong with a record; the application goes on."""
        self._host.fault(operation, error)

    def _tell_count(self) -> None:
        """Add to ``logging.lines`` what came since the last time; the caller of a logger only ever counts one up."""
        seen = next(self._lines)  # which counts one up too
        new, self._told = seen - self._told, seen + 1
        if new:
            self._host.count("lines", new)

    def _track_less(self, track: Track, fields: Fields, further: Fields) -> None:
        """Track a line that could not be recorded as a whole."""
        if further:
            self._host.count("extra_refused")
            if self._fits(track, fields):
                return
        self._host.count("fields_refused")  # somebody made the record by hand
        safe = {name: value for name, value in fields.items() if name not in ("module", "function", "line")}
        self._fits(track, {**safe, "logger": str(fields["logger"])})

    def _fits(self, track: Track, fields: Fields) -> bool:
        """Track a line; return whether it fits its type."""
        self._present.tracks = True
        try:
            return track(**fields) is not _INVALID
        except InvalidEvent:
            return False
        finally:
            self._present.tracks = False

    def _judge(self, logger: str) -> bool:
        """Return whether a logger is ignored, and remember it."""
        ignored = self._pattern.fullmatch(str(logger)) is not None  # records made by hand may say anything
        if len(self._verdicts) < _MOST_VERDICTS:  # loggers live as long as the process, their names may be made up
            self._verdicts[logger] = ignored
        return ignored


def active() -> LoggingPlugin | None:
    """Return the plugin of the active runtime; ``None`` while e11y is disabled or the plugin is left out."""
    return cast("LoggingPlugin | None", e11y.plugin("logging"))


def _beside_the_scope(track: Track, /, **fields: Any) -> Outcome:
    """Track with the context of the scope, but so that it does not learn of it."""
    frame = CURRENT.get()
    token = CURRENT.set(Frame(frame.snapshot, None, frame.tracestate, frame.baggage))
    try:
        return track(**fields)
    finally:
        CURRENT.reset(token)


def _holds(message: str, parts: list[str]) -> bool:
    """Return whether a message has the parts in it, in this order; in a time that grows with its length alone."""
    at = 0
    for part in parts:
        at = message.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _with_children(pattern: str) -> str:
    """Return the regular expression of a logger's name and of those below it."""
    return translate(pattern) + "|" + translate(f"{pattern}.*")
