"""The yardsticks: what a call costs when nobody, or only the unavoidable, is done."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from benchmarks.case import Emitter
from benchmarks.workload import Rows

_MISSING = object()
_CONTEXT: ContextVar[tuple[int, ...]] = ContextVar("benchmark", default=(0, 0, 0, 0, -1))


@contextmanager
def loop(directory: Path) -> Iterator[Emitter]:
    """The loop of every other case without a call; it is subtracted from all."""
    del directory

    def run(rows: Rows) -> None:
        for _order_id, _customer_id, _amount, _currency in rows:
            pass

    yield Emitter(run)


@contextmanager
def empty(directory: Path) -> Iterator[Emitter]:
    """An empty function with the signature of ``track()``: it takes whatever it is called with."""
    del directory

    def track(
        *_args: object,
        order_id: object = _MISSING,
        customer_id: object = _MISSING,
        amount: object = _MISSING,
        currency: object = _MISSING,
        **_unknown: object,
    ) -> None:
        pass

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            track(order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

    yield Emitter(run)


@contextmanager
def empty_keyword(directory: Path) -> Iterator[Emitter]:
    """An empty function that takes the four fields by keyword, and nothing else: a wrong call is a TypeError."""
    del directory

    def track(*, order_id: str, customer_id: int, amount: float, currency: str) -> None:
        pass

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            track(order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

    yield Emitter(run)


@contextmanager
def floor(directory: Path) -> Iterator[Emitter]:
    """What a person would write by hand for this one event: same signature, checks, clock, context, tuple, append."""
    del directory
    queue: deque[tuple[object, ...]] = deque()
    append = queue.append
    time_ns = time.time_ns
    context = _CONTEXT.get

    def track(
        *_args: Any,
        order_id: Any = _MISSING,
        customer_id: Any = _MISSING,
        amount: Any = _MISSING,
        currency: Any = _MISSING,
        **_unknown: Any,
    ) -> bool:
        if _args or _unknown:
            return False
        if order_id.__class__ is not str or len(order_id) < 1:
            return False
        if customer_id.__class__ is not int or not customer_id > 0:
            return False
        if amount.__class__ is not float or not amount > 0:
            return False
        if currency.__class__ is not str or len(currency) > 3:
            return False
        append((0, time_ns(), context(), order_id, customer_id, amount, currency))
        return True

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            track(order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

    yield Emitter(run, drain=queue.clear, held=nullcontext)


@contextmanager
def floor_keyword(directory: Path) -> Iterator[Emitter]:
    """The floor as it is when a wrong call may raise a TypeError: the fields by keyword, and nothing else."""
    del directory
    queue: deque[tuple[object, ...]] = deque()
    append = queue.append
    time_ns = time.time_ns
    context = _CONTEXT.get

    def track(*, order_id: str, customer_id: int, amount: float, currency: str) -> bool:
        if order_id.__class__ is not str or len(order_id) < 1:
            return False
        if customer_id.__class__ is not int or not customer_id > 0:
            return False
        if amount.__class__ is not float or not amount > 0:
            return False
        if currency.__class__ is not str or len(currency) > 3:
            return False
        append((0, time_ns(), context(), order_id, customer_id, amount, currency))
        return True

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            track(order_id=order_id, customer_id=customer_id, amount=amount, currency=currency)

    yield Emitter(run, drain=queue.clear)
