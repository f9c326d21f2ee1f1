"""The exceptions that were being handled when error events were tracked."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from types import CodeType, TracebackType

import attrs

_MOST_EVENTS = 1000
_MOST_EXCEPTIONS = 10
_MOST_FRAMES = 50
_MOST_TEXT = 1000


@attrs.frozen(eq=False)
class Raised:
    """One exception without its objects: nothing of the application is kept alive by it.

    Args:
        module, type: Of its class.
        text: What it says, ``None`` unless the settings ask for it: it may quote anybody's data.
        frames: ``(code, line, module)``, outermost first; the innermost of a long traceback.
        parent: Position of the exception that it caused or is grouped in, ``None`` for the first.
        source: How it hangs on its parent: ``__cause__``, ``__context__`` or ``exceptions[0]``.
        group: Whether it is an ``ExceptionGroup``.
    """

    module: str
    type: str
    text: str | None
    frames: tuple[tuple[CodeType, int, str], ...]
    parent: int | None
    source: str
    group: bool


class RaisedTable:
    """Keeps exceptions by span id from the call until an adapter has them written.

    ``note`` runs on the caller, in any thread, without a lock; ``of`` runs on lanes. The exceptions of the
    newest 1 000 events are kept, some 3 KiB each.

    Args:
        texts: Whether to keep what exceptions say.
    """

    def __init__(self, *, texts: bool) -> None:
        self._texts = texts
        self._kept: dict[int, tuple[Raised, ...]] = {}

    def note(self, span_id: int) -> None:
        """Remember the exception that is being handled now, if there is one, for the event ``span_id``."""
        error = sys.exception()
        if error is None:
            return
        self._kept[span_id] = tuple(_chain(error, texts=self._texts))
        while len(self._kept) > _MOST_EVENTS:
            with suppress(KeyError, RuntimeError):  # another thread forgets something at this very moment
                del self._kept[next(iter(self._kept))]

    def of(self, span_id: int) -> tuple[Raised, ...]:
        """Return the exceptions of an event, the one that was handled first, then what led to it."""
        return self._kept.get(span_id, ())


def _chain(error: BaseException, *, texts: bool) -> Iterator[Raised]:
    """Yield an exception and those it hangs together with, each once, nearest first."""
    waiting: deque[tuple[BaseException, int | None, str]] = deque([(error, None, "")])
    seen = {id(error)}
    for number in range(_MOST_EXCEPTIONS):
        if not waiting:
            return
        current, parent, source = waiting.popleft()
        kind = type(current)
        group = isinstance(current, BaseExceptionGroup)
        yield Raised(
            module=kind.__module__,
            type=kind.__qualname__,
            text=_text(current) if texts else None,
            frames=_frames(current.__traceback__),
            parent=parent,
            source=source,
            group=group,
        )
        for further, how in _further(current):
            if id(further) not in seen:
                seen.add(id(further))
                waiting.append((further, number, how))


def _further(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    if error.__cause__ is not None:
        yield error.__cause__, "__cause__"
    elif error.__context__ is not None and not error.__suppress_context__:
        yield error.__context__, "__context__"
    if isinstance(error, BaseExceptionGroup):
        for number, child in enumerate(error.exceptions):
            yield child, f"exceptions[{number}]"


def _frames(traceback: TracebackType | None) -> tuple[tuple[CodeType, int, str], ...]:
    found: deque[tuple[CodeType, int, str]] = deque(maxlen=_MOST_FRAMES)
    while traceback is not None:
        frame = traceback.tb_frame
        found.append((frame.f_code, traceback.tb_lineno, frame.f_globals.get("__name__") or ""))
        traceback = traceback.tb_next
    return tuple(found)


def _text(error: BaseException) -> str:
    try:
        return str(error)[:_MOST_TEXT]
    except Exception:  # noqa: BLE001 - an exception whose text is broken still has a type
        return ""
