"""What the shop says about itself.

Events are for those who run the shop: each one is written. Debug events tell how it came to that: they
wait in the buffer of their request, and are written only when the request fails.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from annotated_types import Ge, Gt, MinLen

from e11y import DebugEvent, Event
from e11y_pii import Partial, pii
from e11y_ratelimit import rate_limit
from e11y_sampling import sample

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


class CheckoutRejected(Event, severity="warn"):
    """A checkout was understood, and refused for a reason that is nobody's failure."""

    reason: Literal["out of stock", "card declined"]
    sku: str | None = None
    order_id: str | None = None


@rate_limit(50, per="1m")
class ProductViewed(Event):
    """Somebody looked at a product. Robots do nothing else."""

    sku: Name


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


class PaymentAttempted(DebugEvent):
    """One call of the payment gateway."""

    order_id: str
    attempt: int
    answer: Answer | None = None


class ReceiptRendered(DebugEvent):
    """The receipt as it is handed to the mail server."""

    order_id: str
    characters: int
