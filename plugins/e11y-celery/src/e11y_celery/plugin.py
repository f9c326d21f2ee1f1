"""The plugin: what the receivers of Celery's signals stand on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

import e11y
from e11y import Event, Host, hookimpl
from e11y_celery.events import TaskFailed, TaskIgnored, TaskPublished, TaskRetried, TaskStarted, TaskSucceeded
from e11y_celery.settings import CelerySettings, Level

if TYPE_CHECKING:
    from e11y_celery.attempt import Attempt


class CeleryPlugin:
    """Knows the attempts that are under way in this process; see the README.

    Attributes:
        attempts: The open ones, by the id of ``Task.request``.
        received: What this worker has taken from the broker and not forgotten, by task id.
    """

    Settings = CelerySettings

    def __init__(self, settings: CelerySettings, host: Host) -> None:
        self.settings = settings
        self.host = host
        self.attempts: dict[int, Attempt] = {}
        self.received: WeakValueDictionary[str, Any] = WeakValueDictionary()
        self._levels = _levels_of(settings)
        self._excluded = re.compile("|".join(map(translate, settings.exclude)) or r"(?!)")

    @hookimpl
    def e11y_forked(self) -> None:
        """Forget what is under way: it is the parent's."""
        self.attempts.clear()
        self.received = WeakValueDictionary()

    def tell(self, event_type: type[Event], facts: Mapping[str, Any], level: Level | None = None) -> None:
        """Track an event about a task, unless it is switched off.

        Args:
            event_type: One of ours.
            facts: Its fields; ``task`` among them.
            level: Its severity instead of what the settings say.
        """
        wanted = self._levels[event_type]
        if wanted == "off" or self._excluded.match(facts["task"]):
            return
        if level is not None:
            wanted = level
        if wanted == _DECLARED[event_type]:  # at() takes twenty times as long as track() does
            event_type.track(**facts)
        elif wanted != "off":
            event_type.at(severity=wanted).track(**facts)


def _levels_of(settings: CelerySettings) -> dict[type[Event], Level]:
    return {
        TaskPublished: settings.published,
        TaskStarted: settings.started,
        TaskSucceeded: settings.succeeded,
        TaskRetried: settings.retried,
        TaskFailed: settings.failed,
        TaskIgnored: settings.ignored,
    }


_DECLARED = _levels_of(CelerySettings())
"""The severities that the event types declare."""


def active() -> CeleryPlugin | None:
    """Return the plugin of the active runtime; ``None`` while e11y is disabled or the plugin is left out."""
    return cast("CeleryPlugin | None", e11y.plugin("celery"))
