"""Every call here is right; a type checker that complains about one is wrong, or we are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from e11y import Event, OpenEvent, Outcome, Severity
from events import CacheMissed, Channel, Imported, Line, LoginGranted, OrderPaid, PartlyRefunded, Refunded, Shipped

outcome: Outcome = OrderPaid.track(order_id="1", amount=Decimal("9.99"), currency="EUR")
if not outcome:
    print(outcome.value)

OrderPaid.track(order_id="1", amount=Decimal(1), currency="USD", note="gift")
Refunded.track(order_id="1", amount=Decimal(1), currency="USD", reason="broken")
PartlyRefunded.track(order_id="1", amount=Decimal(1), currency="USD", reason="broken", remaining=Decimal(0))
Shipped.track(parcel=uuid4(), lines=[Line("a", 1)], channel=Channel.SHOP, tags={"to": "DE"}, weight_kg=1.5)
Shipped.from_shop(uuid4(), "a", "b")
LoginGranted.track(user_id=1)
CacheMissed.track(key="user:1")
Imported.track(source="csv", rows=12, anything=[1, 2])

track = OrderPaid.track
track(order_id="1", amount=Decimal(1), currency="GBP")
OrderPaid.at(severity="error").track(order_id="1", amount=Decimal(1), currency="EUR")
OrderPaid.at(severity=Severity.ERROR).track(order_id="1", amount=Decimal(1), currency="EUR")
OrderPaid.at(time=datetime.now(UTC), trace_id="0" * 31 + "1", adapters=["audit"]).track(
    order_id="1", amount=Decimal(1), currency="EUR"
)
late = Refunded.at(time=1_700_000_000_000_000_000)
late.track(order_id="1", amount=Decimal(1), currency="EUR", reason="late")

with OrderPaid.timed(order_id="1", amount=Decimal(1), currency="EUR") as operation:
    operation.set(note="done")


class PaymentDoubted(Event, severity=Severity.WARN):
    order_id: str


def known(kind: type[Event]) -> str:
    return kind.__name__


def report(send: Callable[..., Outcome]) -> Outcome:
    return send(order_id="1", amount=Decimal(1), currency="EUR")


report(OrderPaid.track)
known(OrderPaid)
known(Imported)
openly: type[OpenEvent] = Imported
