"""An exception as text, without a look at source files and without keeping its objects."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from types import TracebackType

from e11y_logging.excerpt import excerpt

_MOST_FRAMES = 50
_MOST_EXCEPTIONS = 10
_HEAD = "Traceback (most recent call last):"
_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"


def exception_in(exc_info: object) -> BaseException | None:
    """Return the exception in what the standard library calls ``exc_info``, if there is one.

    Args:
        exc_info: An exception, the triple of :func:`sys.exc_info`, or ``True`` for what is being handled just now.
    """
    if exc_info is True:
        return sys.exception()
    found = exc_info[1] if isinstance(exc_info, tuple) and len(exc_info) > 1 else exc_info
    return found if isinstance(found, BaseException) else None


def described(error: BaseException) -> dict[str, str]:
    """Return the fields of an event that tell of ``error``: its type, what it says, and how it came about.

    The text is laid out like that of :mod:`traceback`, which would read every source file on the way. Of long
    tracebacks the 50 innermost frames stay; of chains and groups ten exceptions.
    """
    return {
        "exception_type": _kind(error),
        "exception_message": excerpt(_text(error)),
        "exception_stacktrace": excerpt("\n".join(_block(error, "", _Seen()))),
    }


class _Seen:
    """Counts exceptions, and knows them again: chains may be circles."""

    def __init__(self) -> None:
        self._ids: set[int] = set()

    @property
    def is_full(self) -> bool:
        return len(self._ids) >= _MOST_EXCEPTIONS

    def is_new(self, error: BaseException) -> bool:
        if id(error) in self._ids or self.is_full:
            return False
        self._ids.add(id(error))
        return True


def _block(error: BaseException, indent: str, seen: _Seen) -> Iterator[str]:
    """Yield the lines of an exception: what led to it, its own frames, its message, the members of a group."""
    if not seen.is_new(error):
        yield f"{indent}... {_kind(error)}"
        return
    before, words = _before(error)
    if before is not None:
        yield from _block(before, indent, seen)
        yield from ("", f"{indent}{words}", "")
    if error.__traceback__ is not None:
        yield f"{indent}{_HEAD}"
        for line in _frames(error.__traceback__):
            yield f"{indent}  {line}"
    text = _text(error)
    for line in (f"{_kind(error)}: {text}" if text else _kind(error)).split("\n"):
        yield f"{indent}{line}"
    for note in _notes(error):
        yield f"{indent}{note}"
    if isinstance(error, BaseExceptionGroup):
        for number, member in enumerate(error.exceptions, start=1):
            if seen.is_full:
                yield f"{indent}  ... {len(error.exceptions) - number + 1} more"
                break
            yield f"{indent}  [{number}]"
            yield from _block(member, f"{indent}  ", seen)


def _before(error: BaseException) -> tuple[BaseException | None, str]:
    if error.__cause__ is not None:
        return error.__cause__, _CAUSE
    return (None if error.__suppress_context__ else error.__context__), _CONTEXT


def _frames(traceback: TracebackType | None) -> Iterator[str]:
    kept: deque[str] = deque(maxlen=_MOST_FRAMES)
    count = 0
    while traceback is not None:
        code = traceback.tb_frame.f_code
        kept.append(f'File "{code.co_filename}", line {traceback.tb_lineno}, in {code.co_qualname}')
        traceback = traceback.tb_next
        count += 1
    if count > len(kept):
        yield f"... {count - len(kept)} more"
    yield from kept


def _notes(error: BaseException) -> Iterator[str]:
    """Yield what was added to an exception (PEP 678); anybody may have written anything there."""
    notes = getattr(error, "__notes__", ())
    if isinstance(notes, list):
        for note in notes[:_MOST_EXCEPTIONS]:
            if isinstance(note, str):
                yield from note.split("\n")


def _kind(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001 - an exception whose text is broken still has a type
        return f"<{type(failure).__name__} in __str__>"
