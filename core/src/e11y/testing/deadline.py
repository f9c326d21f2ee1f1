"""Calls that a test must not wait for without end."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_SLICE_S = 0.05


def call_within(seconds: float, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``call`` returns, or raise what it raises, on a thread of its own.

    Raises:
        AssertionError: It was not done after ``seconds``; its thread is left behind.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            errors.append(error)

    thread = threading.Thread(target=run, name="call-within", daemon=True)
    thread.start()
    for _ in range(math.ceil(seconds / _SLICE_S)):  # a machine that stalls stalls both threads: it costs one slice
        thread.join(min(seconds, _SLICE_S))
        if not thread.is_alive():
            break
    if errors:
        raise errors[0]
    if not results:
        raise AssertionError(f"not done within {seconds:g} s")
    return results[0]


def error_of(call: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Exception | None:
    """Return what ``call`` raises, or ``None``."""
    try:
        call(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - handed to the caller
        return error
    return None
