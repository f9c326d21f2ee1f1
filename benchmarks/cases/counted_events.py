"""The event of the workload with a counter and a histogram."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Gt, MaxLen, MinLen

from e11y import Event
from e11y_metrics import counter, histogram


@counter("orders_counted_total", tags=["currency"])
@histogram("orders_counted_amount", value="amount", tags=["currency"])
class OrderCounted(Event, severity="success", name="order.counted", adapters=["logs"]):
    """An order was paid, and is counted."""

    order_id: Annotated[str, MinLen(1)]
    customer_id: Annotated[int, Gt(0)]
    amount: Annotated[float, Gt(0)]
    currency: Annotated[str, MaxLen(3)]
