"""Celery tasks as scopes: each attempt has its own, linked to whoever published the task.

Nothing here imports Celery before ``connect`` is called: e11y loads this package wherever it is installed.
"""

from __future__ import annotations

from e11y_celery.connecting import connect
from e11y_celery.events import TaskFailed, TaskIgnored, TaskPublished, TaskRetried, TaskStarted, TaskSucceeded
from e11y_celery.plugin import CeleryPlugin
from e11y_celery.settings import CelerySettings

__all__ = [
    "CeleryPlugin",
    "CelerySettings",
    "TaskFailed",
    "TaskIgnored",
    "TaskPublished",
    "TaskRetried",
    "TaskStarted",
    "TaskSucceeded",
    "connect",
]
