"""Short work that is done every so often."""

from __future__ import annotations

from collections.abc import Callable

from e11y.delivery.courier import OnFault


class Jobs:
    """Knows what is due. Any thread may add to it; one runs it.

    Args:
        on_fault: Told of what a job raises.
    """

    def __init__(self, on_fault: OnFault) -> None:
        self._jobs: list[_Job] = []
        self._on_fault = on_fault

    def add(self, work: Callable[[], None], seconds: float, now: float) -> None:
        """Have ``work`` run about every ``seconds`` from the monotonic time ``now`` on."""
        self._jobs.append(_Job(work, seconds, now + seconds))

    def run_due(self, now: float) -> None:
        """Run each job whose time has come. What it raises is reported."""
        for job in tuple(self._jobs):
            if now < job.due:
                continue
            job.due = now + job.seconds
            try:
                job.work()
            except Exception as error:  # noqa: BLE001 - a bug of a plugin must not stop delivery
                self._on_fault("preparer", "periodic work", error)


class _Job:
    """Something to do every so often."""

    __slots__ = ("due", "seconds", "work")

    def __init__(self, work: Callable[[], None], seconds: float, due: float) -> None:
        self.work = work
        self.seconds = seconds
        self.due = due
