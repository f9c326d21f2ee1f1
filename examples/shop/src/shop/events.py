"""What the shop says about itself.

Events are for those who run the shop: each one is written. Debug events tell how it came to that: they
wait in the buffer of their request, and are written only when the request fails. Both are counted when they happen,
whatever is written of them: ``@counter`` and ``@histogram`` make metrics, ``@slo`` says what went well.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from annotated_types import Ge, Gt, MinLen

from e11y import DebugEvent, Event
from e11y_metrics import counter, histogram
from e11y_pii import Partial, pii
from e11y_ratelimit import rate_limit
from e11y_sampling import sample
from e11y_slo import slo

Answer = Literal["approved", "declined", "unavailable"]
Currency = Literal["EUR", "GBP", "USD"]
Name = Annotated[str, MinLen(1)]
Price = Annotated[Decimal, Gt(0)]
Quantity = Annotated[int, Ge(1)]


class UserSignedUp(Event):
    """A customer opened an account."""

    user_id: Name
    email: Annotated[str, Partial]
    plan: Literal["free", "plus"]


class InputRejected(Event, severity="warn"):
    """A request was not understood. Holds the place of the mistake, never what was sent."""

    form: Name
    place: str


@counter("shop_checkouts_rejected_total", tags=["reason"], help="Checkouts that were refused, by reason.")
class CheckoutRejected(Event, severity="warn"):
    """A checkout was understood, and refused for a reason that is nobody's failure."""

    reason: Literal["out of stock", "card declined"]
    sku: str | None = None
    order_id: str | None = None


@counter("shop_products_viewed_total", tags=["sku"], help="Looks at a product, those of robots too.")
@rate_limit(50, per="1m")
class ProductViewed(Event):
    """Somebody looked at a product. Robots do nothing else."""

    sku: Name


@counter("shop_units_reserved_total", value="units", help="Units that left the shelf.")
@sample(rate=0.2)
class StockReserved(Event):
    """Goods left the shelf for an order."""

    order_id: Name
    units: Quantity


@sample(rate=0.2)
class StockReleased(Event):
    """Goods of an order that was not paid went back to the shelf."""

    order_id: Name
    units: Quantity


class OrderPlaced(Event):
    """An order exists; it is not paid yet."""

    order_id: Name
    total: Price
    currency: Currency


@counter("shop_orders_paid_total", tags=["currency"], help="Orders whose money arrived.")
@counter("shop_revenue_total", value="amount", tags=["currency"], help="The money that arrived.")
class OrderPaidV2(Event, retention="90d"):
    """The money of an order arrived. The first version had no currency."""

    order_id: Name
    amount: Price
    currency: Currency


class PaymentFailed(Event):
    """The payment gateway did not answer, however often it was asked."""

    order_id: Name
    gateway: Name
    attempts: Quantity


@pii
class ReceiptFailed(Event):
    """The customer paid and got no receipt. Mail servers quote the address in what they answer."""

    order_id: Name
    reason: Name


class CartLoaded(DebugEvent):
    """What the customer wants to buy."""

    lines: int
    units: int


class StockQueried(DebugEvent):
    """What the shelf holds of one product."""

    sku: str
    wanted: int
    available: int


class PriceLookedUp(DebugEvent):
    """The price of one product as the catalogue lists it, before it is read as a number."""

    sku: str
    listed: str


def _gateway_works(answer: Answer | None) -> Literal["success", "failure"]:
    """Return what an answer says about the gateway: a card that is declined is no failure of it."""
    return "success" if answer in ("approved", "declined") else "failure"


@counter("shop_gateway_calls_total", tags=["answer"], help="Calls of the payment gateway, by what it said.")
@histogram("shop_gateway_seconds", value=lambda duration_ms: duration_ms / 1000, help="How long they took.")
@slo(contributes_to="payments", status_from=_gateway_works, latency_field="duration_ms")
class PaymentAttempted(DebugEvent):
    """One call of the payment gateway. Of an order that is paid no line is written, but each call counts."""

    order_id: str
    attempt: int
    answer: Answer | None = None
    duration_ms: int = 0


class ReceiptRendered(DebugEvent):
    """The receipt as it is handed to the mail server."""

    order_id: str
    characters: int
