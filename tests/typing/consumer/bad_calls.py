"""Wrong calls around ``track()``: captured, bound with ``at()``, timed."""

from __future__ import annotations

from decimal import Decimal

from events import OrderPaid, Refunded

track = OrderPaid.track
track(order_id="1", amount=Decimal(1))  # error: missing field through a captured track
track(order_id="1", amount=1.5, currency="EUR")  # error: wrong type through a captured track

OrderPaid.at(severity="catastrophe").track(order_id="1", amount=Decimal(1), currency="EUR")  # error: no such severity
OrderPaid.at(severity=3).track(order_id="1", amount=Decimal(1), currency="EUR")  # error: wrong type
OrderPaid.at(time="yesterday").track(order_id="1", amount=Decimal(1), currency="EUR")  # error: text is no time
OrderPaid.at(when=1).track(order_id="1", amount=Decimal(1), currency="EUR")  # error: unknown argument
OrderPaid.at("error").track(order_id="1", amount=Decimal(1), currency="EUR")  # error: positional
OrderPaid.at(severity="error").track(order_id="1", amount=Decimal(1))  # error: missing field behind at()
OrderPaid.at(severity="error").track(order_id="1", amount=Decimal(1), currency="DM")  # error: wrong literal behind at()

late = Refunded.at(severity="error")
late.track(order_id="1", amount=Decimal(1), currency="EUR")  # error: missing field of the subclass

with OrderPaid.timed(order_id=1, amount=Decimal(1), currency="EUR"):  # error: wrong type
    pass
with OrderPaid.timed(order_id="1", amount=Decimal(1), currency="EUR", coupon="x"):  # error: unknown field
    pass
