"""What an adapter is: the contract between core's lanes and one destination."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from e11y.record import Record

if TYPE_CHECKING:
    from e11y.host import Host


@attrs.frozen
class Capabilities:
    """What core may rely on and what an adapter asks for.

    Args:
        batching: ``write_batch`` profits from many records at once. ``False``: it gets one at a time.
        acknowledges: Returning from ``write_batch`` means the destination has the records. ``False``
            (UDP, a pipe): the ledger counts them as handed over, not as delivered.
        audit: Fit to keep audit events.
        wants_trail: Error and fatal records carry in ``Record.trail`` what was delivered of their trace before
            them, to whichever adapter: the newest hundred below error, flushed debug records among them.
        originals: Receives values as they were before zone 2, in a view that nobody else gets.
    """

    batching: bool = True
    acknowledges: bool = True
    audit: bool = False
    wants_trail: bool = False
    originals: bool = False


class Adapter(Protocol):
    """Writes batches of records to one destination.

    No base class, no thread, no loop, no retry: batching, back-off, breaker, deadline, dead letters and
    the ledger are core's. All methods are called from one thread, the lane's, except ``healthy``.
    """

    capabilities: Capabilities

    def write_batch(self, records: Sequence[Record]) -> None:
        """Write all ``records``, in order. Returning means acknowledged.

        Args:
            records: One to ``max_records`` records.

        Raises:
            Retryable: The same batch may succeed later. Any ``OSError`` or ``TimeoutError`` counts as this.
            Rejected: The batch will never be accepted; ``split=True`` lets core find the bad record.
            Partial: Some records failed; the rest counts as delivered.
            Declined: A setting of the adapter leaves the batch out.
            Exception: Anything else is a bug of the adapter and is treated as ``Rejected(split=True)``.
        """
        ...

    def healthy(self) -> bool:
        """Return whether the destination answers. Takes at most a second and never raises."""
        ...

    def close(self) -> None:
        """Release what is held. Called once, after the last batch; calling it twice is harmless."""
        ...


class _Writing(threading.local):
    deadline: Callable[[], float | None] | None = None


writing = _Writing()
"""For core alone: how the thread that is in ``write_batch`` or ``close`` learns of its deadline."""


def current_deadline() -> float | None:
    """Return the time by which the running ``write_batch`` or ``close`` has to be over, or ``None``.

    For the time limits of sockets and locks. There is a deadline only once the process shuts down, and
    it may appear while a batch is being written. A lane whose adapter is not back by then goes on without it.

    Returns:
        Seconds as ``host.clock.monotonic`` counts them; ``None`` outside of ``write_batch`` and ``close``.
    """
    deadline = writing.deadline
    return deadline() if deadline is not None else None


@attrs.frozen(eq=False)
class AdapterType:
    """What ``e11y_export`` answers with: a kind of adapter that settings can name as ``type``.

    Args:
        name: Value of ``type`` in ``[tool.e11y.adapters.<purpose>]``.
        settings: attrs class of the table's other keys.
        make: Called with ``(settings, host)`` at start, in the process that uses it. Must not do I/O.
    """

    name: str
    settings: type[Any]
    make: Callable[[Any, Host], Adapter]
