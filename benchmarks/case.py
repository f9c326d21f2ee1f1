"""A case: one way to emit the event of the workload."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path

import attrs

from benchmarks.workload import Rows


def _nothing() -> None:
    """Stand for a case that has nothing to drain."""


@attrs.frozen(eq=False)
class Emitter:
    """A case that is set up and ready.

    Args:
        run: Emits one event per row. The loop is part of it, so that the call is compiled as users
            write it; the harness measures an empty loop and subtracts it.
        drain: Returns once everything emitted so far is written.
        around: Entered before and left after each chunk, outside of the timed part.
        held: Holds the consumer back while it is entered, so that what is queued can be weighed.
            ``None``: the case has no queue.
        base: Does the work that is done anyway, where what a case adds to it is asked for.
    """

    run: Callable[[Rows], None]
    drain: Callable[[], None] = _nothing
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    held: Callable[[], AbstractContextManager[object]] | None = None
    base: Callable[[Rows], None] | None = None


@attrs.frozen(eq=False)
class Case:
    """What can be measured.

    Args:
        name: Word for ``--only``.
        title: Text in the table.
        open: Sets the case up in a directory of its own and takes it down again.
        needs: Modules without which it cannot run.
    """

    name: str
    title: str
    open: Callable[[Path], AbstractContextManager[Emitter]]
    needs: tuple[str, ...] = ()

    def missing(self) -> str:
        """Return the first needed module that is not installed, or an empty text."""
        return next((name for name in self.needs if find_spec(name) is None), "")
