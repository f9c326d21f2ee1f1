"""Notices input, output and new threads of the current thread.

It uses the interpreter's profile function, which sees calls of C functions, belongs to one thread and
can be taken away again; an audit hook stays for the life of the process.
"""

from __future__ import annotations

import gc
import sys
from types import FrameType, TracebackType
from typing import Any, Final, Self

WATCHED: Final = frozenset(
    {
        "open",
        "mkdir",
        "remove",
        "rename",
        "listdir",
        "scandir",
        "fork_exec",
        "posix_spawn",
        "getaddrinfo",
        "gethostbyname",
        "socket.bind",
        "socket.connect",
        "socket.connect_ex",
        "socket.send",
        "socket.sendall",
        "socket.sendto",
        "connect",
        "start_new_thread",
        "start_joinable_thread",
    }
)
"""Qualified names of C functions: files, processes, names, sockets, ``sqlite3.connect``, threads."""


class IoWatch:
    """Context manager; afterwards ``seen`` names what happened, in order.

    Meanwhile garbage is not collected: that of somebody else may tidy up files.
    """

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._before: Any = None
        self._collects = False

    def __enter__(self) -> Self:
        self._collects = gc.isenabled()
        gc.disable()
        self._before = sys.getprofile()
        sys.setprofile(self._notice)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.setprofile(self._before)
        if self._collects:
            gc.enable()

    def _notice(self, frame: FrameType, event: str, argument: Any) -> None:  # pragma: no cover - not traced itself
        if event == "c_call" and getattr(argument, "__qualname__", "") in WATCHED:
            self.seen.append(argument.__qualname__)
