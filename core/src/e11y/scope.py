"""Scopes: one unit of work, its context, and the debug events that wait for how it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Mapping
from contextvars import Token
from functools import wraps
from itertools import count
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, Self, TypeVar

from e11y.context import (
    CURRENT,
    FIRST_KEY,
    PARENT_TRACE_ID,
    SAMPLED,
    SPAN_ID,
    TRACE_ID,
    Frame,
    Snapshot,
    hex_trace,
)
from e11y.outcome import Outcome

if TYPE_CHECKING:
    from e11y.host import ScopeReport
    from e11y.record import Entry
    from e11y.trace import Trace

P = ParamSpec("P")
R = TypeVar("R")

_SHORT = 100
"""Up to so many bytes of text, an entry is one slot."""

_SERVER_ERROR = 500


class Buffers(Protocol):
    """What scopes share: limits, counters and the way out. One per runtime."""

    slot_bytes: int
    slots: int
    flush_on_error: bool
    flush_on_statuses: Container[int]
    open_scopes: dict[int, Scope]
    held: Callable[[], object]
    """Counts a record that begins to wait."""

    def now(self) -> int:
        """Return nanoseconds of a clock that never goes back."""
        ...

    @property
    def new_span(self) -> Callable[[], int]:
        """Makes a span id."""
        ...

    @property
    def new_trace(self) -> Callable[[], int]:
        """Makes a trace id."""
        ...

    def write(self, entry: Entry) -> Outcome:
        """Take an entry through zones 4 and 5."""
        ...

    def released(self, count: int) -> None:
        """Count records that wait no longer, whatever became of them."""
        ...

    def discarded(self, count: int) -> None:
        """Count records that a success made superfluous."""
        ...

    def evicted(self, count: int) -> None:
        """Count records that the caps pushed out."""
        ...

    def relieve(self) -> None:
        """Evict the oldest records while all scopes together hold too much."""
        ...

    def misplaced_token(self) -> None:
        """Count an exit in another context than the entry's."""
        ...

    @property
    def failed(self) -> Callable[[BaseException], None]:
        """Reports what went wrong at the end of a scope."""
        ...

    @property
    def finished(self) -> Callable[[ScopeReport], None]:
        """Tells the plugins."""
        ...

    @property
    def check_process(self) -> Callable[[], None]:
        """Notices a fork that nobody told us about."""
        ...


class Scope:
    """One request, task, command, ... Use as a context manager, or call ``open()`` and ``finish()``.

    Debug events inside wait here. The first sign of failure writes them all, in order, before whatever
    comes next, and lets later ones pass; success throws them away. Threads and tasks that outlive the
    scope follow its decision.

    Args:
        buffers: The runtime's shared part.
        name: For example ``POST /orders``.
        kind: ``request``, ``task``, ``command`` or the integration's own word.
        trace: Where the work came from; ``None`` continues the enclosing scope or starts a trace.
        attributes: Facts for the report; ``status`` takes part in the decision.

    Attributes:
        buffers: As given. Entries of another runtime, which was configured while the scope is open, do not wait
            here: this one could not read them.
    """

    def __init__(
        self, buffers: Buffers, name: str, kind: str = "scope", trace: Trace | None = None, **attributes: Any
    ) -> None:
        self.name = name
        self.kind = kind
        self.buffers = buffers
        self._trace = trace
        self._attributes: dict[str, Any] = dict(attributes)
        self._entries: deque[Entry | None] = deque(maxlen=buffers.slots)
        self._held = count()
        self._popped: deque[int] = deque()
        self._state = "new"
        self._trigger = ""
        self._token: Token[Frame] | None = None
        self._parent: Scope | None = None
        self._frame = Frame()
        self._started = 0

    # Opening and ending

    def open(self) -> Self:
        """Enter the scope in the current context.

        Raises:
            RuntimeError: It was opened before.
        """
        if self._state != "new":
            raise RuntimeError(f"scope {self.name!r} was opened before; make a new one for each unit of work")
        self.buffers.check_process()
        outer = CURRENT.get()
        around = outer.scope
        self._parent = around if around is not None and around.is_open and around.buffers is self.buffers else None
        self._frame = Frame(self._snapshot(outer.snapshot), self, *_travelling(self._trace, outer))
        self._started = self.buffers.now()
        self._state = "open"
        self.buffers.open_scopes[id(self)] = self
        self._token = CURRENT.set(self._frame)
        return self

    def finish(self, error: BaseException | None = None) -> ScopeReport | None:
        """End the scope: its true end, after the response's body and its background tasks.

        Args:
            error: What left the work, if anything; it is only looked at.

        Returns:
            What the plugins were told; ``None`` when the scope is not open.
        """
        if self._state in ("new", "finished"):
            return None
        try:
            return self._finish(error)
        except Exception as failure:  # noqa: BLE001 - nothing of ours may come between the work and its caller
            self._state = "finished"
            self.buffers.open_scopes.pop(id(self), None)
            self._leave()
            self.buffers.failed(failure)
            return None

    def _finish(self, error: BaseException | None) -> ScopeReport:
        from e11y.host import ScopeReport  # noqa: PLC0415 - not needed by `import e11y`, and there by now

        self._decide(error)
        self._settle()
        self._state = "finished"
        popped = sum(self._popped)
        evicted = next(self._held) - popped
        self.buffers.released(evicted)
        self.buffers.evicted(evicted)
        self.buffers.open_scopes.pop(id(self), None)
        self._leave()
        report = ScopeReport(
            name=self.name,
            kind=self.kind,
            duration_ns=self.buffers.now() - self._started,
            failed=self.failed,
            trigger=self._trigger,
            flushed=popped if self.failed else 0,
            discarded=0 if self.failed else popped,
            evicted=evicted,
            trace_id=self.trace_id,
            attributes=MappingProxyType(self._attributes),
        )
        self.buffers.finished(report)
        return report

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.finish(error)

    # What happens inside

    def fail(self, trigger: str = "explicit") -> None:
        """Decide that the work failed: write what waits, let later debug events pass. The first call counts."""
        if self._state == "open":
            self._trigger = trigger  # first: another thread that sees the state must see the decision
            self._state = "failed"
            self._settle()

    def set(self, **attributes: Any) -> None:
        """Add facts to the report; ``status=500`` takes part in the decision at the end."""
        self._attributes.update(attributes)

    @property
    def is_open(self) -> bool:
        """Whether the end has not come yet."""
        return self._state in ("open", "failed")

    @property
    def failed(self) -> bool:
        """Whether the scope has been decided a failure."""
        return bool(self._trigger)

    @property
    def trace_id(self) -> str:
        """32 hex digits."""
        return hex_trace(self._frame.snapshot[0]) or ""

    @property
    def frame(self) -> Frame:
        """The context that the scope set."""
        return self._frame

    @property
    def parent(self) -> Scope | None:
        """The scope that was open around this one when it was opened."""
        return self._parent

    def hold(self, entry: Entry, size: int) -> Outcome:
        """Take a debug entry: buffer it, or follow the decision that was made. Called by compiled code.

        Takes no lock. The buffer is a ring of slots: an entry with long texts is followed by empty slots,
        so one ring bounds records and bytes.
        """
        if self._state != "open":
            return self._follow(entry, size)
        number = next(self._held)
        self.buffers.held()
        if size < _SHORT:
            self._entries.append(entry)
        else:
            pads = size // self.buffers.slot_bytes
            self._entries.extend((entry, *(None,) * min(pads, self.buffers.slots - 1)))
        if number & 63 == 63:
            self.buffers.relieve()
        if self._state != "open":  # decided by another thread in between
            self._settle()
        return Outcome.BUFFERED

    def evict(self, slots: int) -> None:
        """Give up the oldest slots; the end of the scope counts what was lost."""
        for _ in range(slots):
            try:
                self._entries.popleft()
            except IndexError:
                return

    def slots_used(self) -> int:
        """Return how many slots are taken."""
        return len(self._entries)

    def abandon(self) -> None:
        """Forget what waits, uncounted: in a forked child it is the parent's."""
        self._entries.clear()
        self._held = count()
        self._popped.clear()

    # Deciding

    def _decide(self, error: BaseException | None) -> None:
        if self._state != "open":
            return
        buffers = self.buffers  # a client that left or a process that stops (BaseException) is no failure
        status = self._attributes.get("status")
        if isinstance(error, Exception) and buffers.flush_on_error:
            self._trigger = "exception"
        elif (isinstance(status, int) and status >= _SERVER_ERROR and buffers.flush_on_error) or (
            isinstance(status, int) and status in buffers.flush_on_statuses
        ):
            self._trigger = "status"
        self._state = "failed" if self._trigger else "succeeded"

    def _settle(self) -> None:
        """Carry the decision out on all that waits. Several threads may do so at once: each entry is popped once."""
        was_finished, failed, parent = self._state == "finished", self.failed, self._parent
        discarded = 0  # counted together, as nearly every scope ends so
        while True:
            try:
                entry = self._entries.popleft()
            except IndexError:
                break
            if entry is None or was_finished:  # what comes after the end was counted as evicted by it
                continue
            if not failed and (parent is None or not parent.is_open):
                discarded += 1
                continue
            self._popped.append(1)
            self.buffers.released(1)
            if failed or parent is None:
                self.buffers.write(entry)
            else:
                from e11y.checks.containers import text_bytes  # noqa: PLC0415 - 3 ms that an import need not pay

                parent.hold(entry, text_bytes(entry))
        if discarded:
            self._popped.append(discarded)
            self.buffers.released(discarded)
            self.buffers.discarded(discarded)

    def _follow(self, entry: Entry, size: int) -> Outcome:
        if self.failed:
            return self.buffers.write(entry)
        if self._parent is not None and self._parent.is_open:
            return self._parent.hold(entry, size)
        self.buffers.discarded(1)
        return Outcome.BUFFERED

    # Context

    def _snapshot(self, outer: Snapshot) -> Snapshot:
        trace, buffers = self._trace, self.buffers
        if trace is not None:
            sampled = -1 if trace.sampled is None else int(trace.sampled)
            head = (trace.trace_id, buffers.new_span(), trace.span_id, trace.parent_trace_id, sampled)
        elif outer[TRACE_ID]:
            head = (outer[TRACE_ID], buffers.new_span(), outer[SPAN_ID], outer[PARENT_TRACE_ID], outer[SAMPLED])
        else:
            head = (buffers.new_trace(), buffers.new_span(), 0, 0, -1)
        return head + outer[FIRST_KEY:]

    def _leave(self) -> None:
        """Bring the outer context back, unless somebody ends the scope in another one."""
        token, self._token = self._token, None
        if token is None:
            return
        try:
            CURRENT.reset(token)
        except ValueError:
            self.buffers.misplaced_token()
            if CURRENT.get() is self._frame:
                CURRENT.set(token.old_value if isinstance(token.old_value, Frame) else Frame())


def _travelling(trace: Trace | None, outer: Frame) -> tuple[str, Mapping[str, str]]:
    """Return tracestate and baggage of a new scope."""
    return (outer.tracestate, outer.baggage) if trace is None else (trace.tracestate, trace.baggage)


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """Return ``function`` with the present context and scope, for threads and executors.

    Asyncio tasks inherit both by themselves. The returned function may run many times and at once.

        executor.submit(e11y.carry(work), item)
    """
    frame = CURRENT.get()

    @wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        token = CURRENT.set(frame)
        try:
            return function(*args, **kwargs)
        finally:
            CURRENT.reset(token)

    return carried
