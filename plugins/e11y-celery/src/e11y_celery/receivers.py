"""The receivers of Celery's signals, and their connection.

Celery logs what a receiver raises, and an exception of ours says nothing about the task: each one is caught here and
reported as a fault of this plugin.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from billiard.util import Finalize
from celery import signals
from celery.exceptions import TimeLimitExceeded, WorkerLostError

import e11y
from e11y_celery.attempt import Attempt
from e11y_celery.delivery import read
from e11y_celery.ending import Ending, judge
from e11y_celery.events import TaskPublished, Why
from e11y_celery.plugin import CeleryPlugin, active
from e11y_celery.propagation import write

Receiver = Callable[..., None]


def _safe(receiver: Receiver) -> Receiver:
    """Return ``receiver`` with the active plugin as its first argument, never raising, and idle without one."""

    @wraps(receiver)
    def safe(**facts: Any) -> None:
        celery = active()
        if celery is None:
            return
        try:
            receiver(celery, **facts)
        except Exception as error:  # noqa: BLE001 - a task must not notice what is wrong with us
            celery.host.fault(f"signal {facts['signal'].name}", error)

    return safe


# Where a task is published


@_safe
def before_publish(celery: CeleryPlugin, headers: dict[str, Any], **facts: Any) -> None:
    """Let the message carry the publisher's trace."""
    write(headers, celery.settings)


@_safe
def after_publish(
    celery: CeleryPlugin, sender: str, headers: dict[str, Any], routing_key: object, **facts: Any
) -> None:
    """Tell that the broker has the message."""
    sent = read({**headers, "task": sender, "delivery_info": {"routing_key": routing_key}}.get)
    told = {"task": sent.task, "task_id": sent.task_id, "queue": sent.queue}
    celery.tell(TaskPublished, told)


# Where a task runs


@_safe
def before_run(celery: CeleryPlugin, sender: Any, **facts: Any) -> None:
    """Open the scope of an attempt."""
    attempt = Attempt(celery, read(sender.request.get))
    celery.attempts[id(sender.request)] = attempt
    attempt.start()


@_safe
def after_run(celery: CeleryPlugin, sender: Any, retval: object, state: str | None, **facts: Any) -> None:
    """Close it."""
    attempt = celery.attempts.pop(id(sender.request), None)
    if attempt is None:
        return
    try:
        attempt.end(judge(sender, state, retval, attempt.raised()))
    finally:
        attempt.close()


# What only the worker's main process knows: the process that ran the task was killed, or the task never ran


@_safe
def on_received(celery: CeleryPlugin, request: Any, **facts: Any) -> None:
    """Remember the message as long as the worker does: what is told about it later comes without its headers."""
    celery.received[request.id] = request


@_safe
def on_failure(celery: CeleryPlugin, task_id: str, exception: BaseException, **facts: Any) -> None:
    """Tell about a hard time limit, or a process that died; the rest is told by the attempt itself."""
    if not isinstance(exception, (TimeLimitExceeded, WorkerLostError)):
        return
    request = celery.received.pop(task_id, None)
    if request is not None:  # Celery sends this signal twice for a time limit
        Attempt(celery, read(request.request_dict.get)).end(Ending("failed", exception), has_run=False)


@_safe
def on_revoked(celery: CeleryPlugin, request: Any, *, terminated: bool, expired: bool, **facts: Any) -> None:
    """Tell about a task that came too late, was called off before it began, or was killed."""
    why: Why = "terminated" if terminated else "expired" if expired else "revoked"
    Attempt(celery, read(request.get)).end(Ending("ignored", why=why), has_run=False)


# Where processes begin and end


@_safe
def on_start(celery: CeleryPlugin, **facts: Any) -> None:
    """Do nothing but start e11y: children that are forked later have it ready, and a wrong setting is told at once."""


def on_child_end(**facts: Any) -> None:
    """Deliver: a process of the pool ends by ``os._exit``, which skips all that runs at exit."""
    e11y.shutdown()


def on_embedded_beat(**facts: Any) -> None:
    """Arrange the same for the process of ``celery worker --beat``, and begin anew: Celery has closed all its files."""
    e11y.shutdown()
    e11y.start()
    Finalize(None, e11y.shutdown, exitpriority=0)


RECEIVERS = (
    (signals.before_task_publish, before_publish),
    (signals.after_task_publish, after_publish),
    (signals.task_prerun, before_run),
    (signals.task_postrun, after_run),
    (signals.task_received, on_received),
    (signals.task_failure, on_failure),
    (signals.task_revoked, on_revoked),
    (signals.worker_init, on_start),
    (signals.beat_init, on_start),
    (signals.worker_process_shutdown, on_child_end),
    (signals.beat_embedded_init, on_embedded_beat),
)


def connect_all() -> None:
    """Connect every receiver; one that is connected stays so."""
    for signal, receiver in RECEIVERS:
        signal.connect(receiver, weak=False)
