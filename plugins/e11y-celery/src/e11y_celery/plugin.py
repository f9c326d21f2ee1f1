"""The plugin: what the receivers of Celery's signals stand on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

import e11y
from e11y import Event, Host, hookimpl
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
        self._excluded = re.compile("|".join(map(translate, settings.exclude)) or r"(?!)")

    @hookimpl
    def e11y_forked(self) -> None:
        """Forget what is under way: it is the parent's."""
        self.attempts.clear()
        self.received = WeakValueDictionary()

    def tell(self, event_type: type[Event], level: Level, facts: Mapping[str, Any]) -> None:
        """Track an event about a task.

        Args:
            event_type: One of ours.
            level: Its severity.
            facts: Its fields; ``task`` among them.
        """
        if level != "off" and not self._excluded.match(facts["task"]):
            event_type.at(severity=level).track(**facts)


def active() -> CeleryPlugin | None:
    """Return the plugin of the active runtime; ``None`` while e11y is disabled or the plugin is left out."""
    return cast("CeleryPlugin | None", e11y.plugin("celery"))
