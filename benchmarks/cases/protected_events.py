"""Event types for the plugins of protection and flow."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Gt, MaxLen, MinLen

from e11y import Event
from e11y_pii import Hash, Mask, pii
from e11y_ratelimit import rate_limit
from e11y_sampling import sample


@rate_limit(100_000_000, per="1s")
@sample(rate=0.999999)
class OrderNotedV2(Event, severity="success", adapters=["logs"]):
    """An order with personal data and a note that anybody may have written anything into."""

    order_id: Annotated[str, MinLen(1)]
    email: Annotated[str, Hash]
    phone: Annotated[str, Mask]
    note: str
    amount: Annotated[float, Gt(0)]


@pii(False)
@rate_limit(False)
@sample(False)
class OrderLeftAlone(Event, severity="success", name="order.left.alone", adapters=["logs"]):
    """The event of the workload, opted out of every plugin that offers it."""

    order_id: Annotated[str, MinLen(1)]
    customer_id: Annotated[int, Gt(0)]
    amount: Annotated[float, Gt(0)]
    currency: Annotated[str, MaxLen(3)]
