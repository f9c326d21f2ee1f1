"""Right calls that mypy refuses all the same: it does not bind the receiver when the class is a variable.

Name the class instead (``OrderPaid.track(...)``), also in a classmethod of its own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from e11y import Event, Outcome
from events import OrderPaid


class SeatBooked(Event):
    row: int

    @classmethod
    def first(cls) -> Outcome:
        return cls.track(row=1)  # error in mypy: through cls

    @classmethod
    def second(cls) -> Outcome:
        return SeatBooked.track(row=2)


def send(kind: type[OrderPaid], currency: Literal["USD", "EUR"]) -> Outcome:
    return kind.track(order_id="1", amount=Decimal(1), currency=currency)  # error in mypy: through type[...]
