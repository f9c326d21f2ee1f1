"""One attempt at a task, from its start to its true end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import e11y
from e11y.context import CURRENT
from e11y_celery.events import TaskFailed, TaskIgnored, TaskRetried, TaskStarted, TaskSucceeded
from e11y_celery.propagation import trace_of

if TYPE_CHECKING:
    from e11y_celery.delivery import Delivery
    from e11y_celery.ending import Ending
    from e11y_celery.plugin import CeleryPlugin

_NS_PER_MS = 1_000_000


class Attempt:
    """An attempt whose scope is open. Making one opens it in the current context; ``end`` closes it.

    Args:
        celery: The plugin.
        delivery: What was asked for.
    """

    def __init__(self, celery: CeleryPlugin, delivery: Delivery) -> None:
        self._celery = celery
        self._delivery = delivery
        self._handled = sys.exc_info()[1]
        trace = trace_of(delivery, celery.settings, celery.host.random.getrandbits)
        self._scope = e11y.scope(
            delivery.task,
            kind="task",
            trace=trace,
            task=delivery.task,
            queue=delivery.queue,
            retries=delivery.retries,
        ).open()
        try:
            given = {key: trace.baggage[key] for key in celery.settings.context if key in trace.baggage}
            e11y.bind(**{"request_id": delivery.task_id, **given})
        except Exception:
            self._scope.finish()
            raise

    def start(self) -> None:
        """Tell that the task begins."""
        self._celery.tell(TaskStarted, self._facts())

    def raised(self) -> BaseException | None:
        """Return the exception that is on its way out, unless the attempt began while that was being handled."""
        error = sys.exc_info()[1]
        return None if error is self._handled else error

    def end(self, ending: Ending, *, has_run: bool = True) -> None:
        """Close the scope, then tell how it ended.

        Args:
            ending: What became of the attempt.
            has_run: Whether the task ran here; otherwise nobody knows for how long.
        """
        scope = self._scope
        is_cut_off = ending.state == "ignored" and ending.why is None
        if is_cut_off:  # the task is not done, and whoever asks why has only the trail
            scope.fail("terminated")
        scope.set(state=ending.state, error=_kind(ending.error) or "")
        failure = ending.error if ending.state == "failed" and not ending.is_expected else None
        report = scope.finish(failure)
        if report is None or is_cut_off:
            return
        facts = self._facts()
        if has_run:
            facts["duration_ms"] = round(report.duration_ns / _NS_PER_MS, 3)
        token = CURRENT.set(scope.frame)
        try:
            self._tell(ending, facts, report)
        finally:
            CURRENT.reset(token)

    def close(self) -> None:
        """Close the scope if nobody did, because ``end`` could not be called."""
        self._scope.finish()

    def _tell(self, ending: Ending, facts: dict[str, Any], report: e11y.ScopeReport) -> None:
        tell = self._celery.tell
        if ending.state == "success":
            tell(TaskSucceeded, facts)
        elif ending.state == "retried":
            tell(TaskRetried, {**facts, "error": _kind(ending.error)})
        elif ending.state == "ignored":
            tell(TaskIgnored, {**facts, "why": ending.why})
        else:
            counts = {"flushed": report.flushed, "evicted": report.evicted}
            failure = {**facts, "error": _kind(ending.error), **counts}
            tell(TaskFailed, failure, "info" if ending.is_expected else None)

    def _facts(self) -> dict[str, Any]:
        asked = self._delivery
        return {"task": asked.task, "task_id": asked.task_id, "queue": asked.queue, "retries": asked.retries}


def _kind(error: BaseException | None) -> str | None:
    return None if error is None else type(error).__name__
