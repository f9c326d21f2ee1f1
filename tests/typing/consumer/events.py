"""Event types as an application declares them; the other files of this folder use them rightly and wrongly."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Literal

import attrs
from annotated_types import Gt, MinLen
from e11y import AuditEvent, DebugEvent, Event, OpenEvent, Outcome, field

if TYPE_CHECKING:
    from uuid import UUID


class Channel(Enum):
    WEB = "web"
    SHOP = "shop"


@attrs.frozen
class Line:
    sku: str
    quantity: int


class OrderPaid(Event, severity="success", adapters=["logs"], retention="90d"):
    order_id: Annotated[str, MinLen(1)]
    amount: Annotated[Decimal, Gt(0)]
    currency: Literal["USD", "EUR", "GBP"]
    note: str | None = None


class Refunded(OrderPaid, severity="warn"):
    reason: str


class PartlyRefunded(Refunded):
    remaining: Decimal


class Shipped(Event):
    parcel: UUID
    lines: list[Line]
    channel: Channel = Channel.WEB
    tags: dict[str, str] = field(factory=dict)
    weight_kg: float = field(default=0.0, validator=attrs.validators.ge(0.0))

    @classmethod
    def from_shop(cls, parcel: UUID, *skus: str) -> Outcome:
        return Shipped.track(parcel=parcel, lines=[Line(sku, 1) for sku in skus], channel=Channel.SHOP)


class LoginGranted(AuditEvent):
    user_id: int


class CacheMissed(DebugEvent):
    key: str


class Imported(OpenEvent):
    source: str
