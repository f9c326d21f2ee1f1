"""What is told about tasks.

Every event names the task, its id and its queue. The queue is the routing key of the message, which is all that Celery
tells; it is empty for a task that runs eagerly. Arguments, results and texts of exceptions are never told.
"""

from __future__ import annotations

from typing import Literal

from e11y import Event

Why = Literal["ignored", "rejected", "revoked", "expired", "terminated"]
"""Why a task came to nothing.

``ignored``, ``rejected``: it raised ``Ignore`` or ``Reject``. ``revoked``, ``expired``: it never ran.
``terminated``: it was revoked while it ran.
"""


class TaskPublished(Event, severity="debug"):
    """The broker took a message; told by whoever sent it, inside their scope."""

    task: str
    task_id: str
    queue: str


class TaskStarted(Event, severity="debug"):
    """An attempt begins: the first line of its trail."""

    task: str
    task_id: str
    queue: str
    retries: int
    """Attempts before this one."""


class TaskSucceeded(Event, severity="success"):
    """The task returned."""

    task: str
    task_id: str
    queue: str
    retries: int
    duration_ms: float


class TaskRetried(Event, severity="warn"):
    """The attempt came to nothing, and there will be another one."""

    task: str
    task_id: str
    queue: str
    retries: int
    duration_ms: float

    error: str | None = None
    """Type of the exception that is the reason, if there is one."""


class TaskFailed(Event, severity="error"):
    """The task failed for good; told after its trail. As ``info`` and without trail if it is one of ``Task.throws``."""

    task: str
    task_id: str
    queue: str
    retries: int

    duration_ms: float | None = None
    """``None`` when the process that ran the task could not tell: it was killed."""

    error: str
    """Type of the exception."""

    flushed: int = 0
    """Debug events that were written."""

    evicted: int = 0
    """Debug events that were given up to the limits of the buffer."""


class TaskIgnored(Event, severity="info"):
    """The task came to nothing, and nobody calls that a failure."""

    task: str
    task_id: str
    queue: str
    retries: int
    why: Why

    duration_ms: float | None = None
    """``None`` when it never ran, or when the process that ran it was killed."""
