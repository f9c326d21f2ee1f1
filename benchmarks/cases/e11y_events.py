"""The event of the workload as e11y event types: same fields, one constraint each."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Gt, MaxLen, MinLen

from e11y import Event


class OrderPaid(Event, severity="success", name="order.paid", adapters=["logs"]):
    """An order was paid."""

    order_id: Annotated[str, MinLen(1)]
    customer_id: Annotated[int, Gt(0)]
    amount: Annotated[float, Gt(0)]
    currency: Annotated[str, MaxLen(3)]


class OrderLookedUp(Event, severity="debug", name="order.looked.up", adapters=["logs"]):
    """An order was looked up: a detail that matters only when something fails."""

    order_id: Annotated[str, MinLen(1)]
    customer_id: Annotated[int, Gt(0)]
    amount: Annotated[float, Gt(0)]
    currency: Annotated[str, MaxLen(3)]


class OrderExported(Event, severity="info", name="order.exported", adapters=["logs"]):
    """An order with its lines, about 5 KB of text."""

    order_id: str
    lines: list[str]
