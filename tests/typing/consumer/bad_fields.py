"""Wrong calls of ``track()``. Each line marked ``# error`` is refused by both checkers, and no other line is."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from e11y import Outcome
from events import CacheMissed, LoginGranted, OrderPaid, PartlyRefunded, Refunded, Shipped

OrderPaid.track(order_id=1, amount=Decimal(1), currency="EUR")  # error: wrong type
OrderPaid.track(order_id="1", amount="9.99", currency="EUR")  # error: wrong type
OrderPaid.track(order_id="1", amount=Decimal(1))  # error: missing field
OrderPaid.track()  # error: missing fields
OrderPaid.track(order_id="1", amount=Decimal(1), currency="EUR", coupon="x")  # error: unknown field
OrderPaid.track(order_id="1", amount=Decimal(1), currency="DM")  # error: wrong literal
OrderPaid.track("1", amount=Decimal(1), currency="EUR")  # error: positional
OrderPaid.track(order_id=None, amount=Decimal(1), currency="EUR")  # error: not optional

Refunded.track(order_id="1", amount=Decimal(1), currency="EUR")  # error: missing field of the subclass
Refunded.track(reason="x", amount=Decimal(1), currency="EUR")  # error: missing field of the base
PartlyRefunded.track(order_id="1", amount=Decimal(1), currency="EUR", reason="x")  # error: missing, two levels down
PartlyRefunded.track(order_id="1", amount=Decimal(1), currency="EUR", reason=1, remaining=Decimal(0))  # error: wrong

Shipped.track(parcel="not-a-uuid", lines=[])  # error: a type imported under TYPE_CHECKING
Shipped.track(parcel=uuid4(), lines=["sku"])  # error: wrong element
Shipped.track(parcel=uuid4(), lines=[], channel="web")  # error: text is not the enum
Shipped.from_shop("not-a-uuid", "a")  # error: helper classmethod
LoginGranted.track(user_id="root")  # error: preset base
CacheMissed.track(name="user:1")  # error: preset base

answer: str = OrderPaid.track(order_id="1", amount=Decimal(1), currency="EUR")  # error: an Outcome is no text
fine: Outcome = OrderPaid.track(order_id="1", amount=Decimal(1), currency="EUR")
