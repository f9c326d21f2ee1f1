"""How an attempt at a task ended, read from what Celery says at its end."""

from __future__ import annotations

from typing import Any, Literal

import attrs
from celery import Task, states
from celery.exceptions import Ignore, Reject, Retry

from e11y_celery.events import Why

State = Literal["success", "failed", "retried", "ignored"]


@attrs.frozen(eq=False)
class Ending:
    """What became of an attempt.

    Args:
        state: For the scope's report. Retries and tasks that ask to be ignored are no failures.
        error: What failed, or what is the reason for a retry.
        why: Why the task is ignored; ``None`` when the worker will tell, because this process is being killed.
        is_expected: Whether the task declares the exception (``Task.throws``).
    """

    state: State
    error: BaseException | None = None
    why: Why | None = None
    is_expected: bool = False


def judge(task: Task[Any, Any], state: str | None, result: object, raised: BaseException | None) -> Ending:
    """Return how an attempt ended.

    Args:
        task: The task.
        state: As Celery concluded; ``None`` when it could not.
        result: What the task returned or raised.
        raised: What is on its way out of the attempt: out of a task that is called eagerly and passes exceptions on,
            out of a backend that could not store the result, or because the process is told to end.
    """
    error = raised if raised is not None else result
    if isinstance(error, Retry) and (raised is not None or state == states.RETRY):
        return Ending("retried", error.exc if isinstance(error.exc, BaseException) else None)
    if raised is None and state == states.SUCCESS:
        return Ending("success")
    if isinstance(error, Reject):
        return Ending("ignored", why="rejected")
    if isinstance(error, Ignore):
        return Ending("ignored", why="ignored")
    if isinstance(error, Exception):
        return Ending("failed", error, is_expected=isinstance(error, task.throws or ()))
    return Ending("ignored", error if isinstance(error, BaseException) else None)
