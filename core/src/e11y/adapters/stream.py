"""A standard stream of the process, written below its buffers.

``sys.stdout`` may be anything that has ``write``: a terminal, a pipe, the capture of a test, a notebook's
or an application's own object. Where there is a raw file it is written itself: what fails is then known
to the byte, and nothing stays behind in a buffer to fail again when the interpreter exits.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import Any, Literal

StreamName = Literal["stdout", "stderr"]


class StandardStream:
    """What ``sys.stdout`` or ``sys.stderr`` is at this moment.

    Args:
        name: Which of the two. ``sys`` is asked once, here, so that one batch goes to one stream.
    """

    __slots__ = ("_stream",)

    def __init__(self, name: StreamName) -> None:
        self._stream: Any = getattr(sys, name)

    @property
    def is_open(self) -> bool:
        """Whether there is a stream that was not closed."""
        return self._stream is not None and not getattr(self._stream, "closed", False)

    @property
    def is_terminal(self) -> bool:
        """Whether somebody may be looking."""
        isatty = getattr(self._stream, "isatty", None)
        return isatty is not None and bool(isatty())

    @property
    def encoding(self) -> str:
        """Encoding of text on the stream; objects that take text only get what UTF-8 can say."""
        own: str | None = getattr(self._stream, "encoding", None)
        return own if own and self._binary is not None else "utf-8"

    def writer(self) -> Callable[[bytes], int]:
        """Return a function that writes some of the bytes it gets and returns how many.

        What the application printed so far is flushed first, so that the order is kept.

        Raises:
            OSError: Flushing failed; the returned function raises it too. A stream that is not ready is
                a ``BlockingIOError``.
            ValueError: Somebody closed the stream meanwhile; the returned function raises it too.
        """
        flush = getattr(self._stream, "flush", None)
        if flush is not None:
            flush()
        binary = self._binary
        return self._write_text if binary is None else _raw_writer(getattr(binary, "raw", binary))

    @property
    def _binary(self) -> Any:
        return getattr(self._stream, "buffer", None)

    def _write_text(self, data: bytes) -> int:
        self._stream.write(data.decode("utf-8"))
        flush = getattr(self._stream, "flush", None)
        if flush is not None:
            flush()
        return len(data)


def _raw_writer(raw: Any) -> Callable[[bytes], int]:
    def write(data: bytes) -> int:
        written: int | None = raw.write(data)
        if written is None:  # io.RawIOBase.write: a non-blocking stream that is full
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return written

    return write
