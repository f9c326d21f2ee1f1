"""The fixed mix of requests that the client sends, with what each must leave behind."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice

CART = ("cart.loaded", "stock.queried", "price.looked.up")
"""Debug events of a checkout of one product, until the money is asked for."""

PAYMENT = ("payment.attempted",)
LATE_PAYMENT = ("shop.payments", "payment.attempted")
"""The first of them is a log record; in a trail it goes by the name of its logger."""

RECEIPT = ("receipt.rendered", "shop.receipts")
SOLD = ("order.placed", "order.paid")
UNSOLD = ("order.placed",)
SHELF = ("stock.reserved",)
SHELF_AND_BACK = ("stock.reserved", "stock.released")

COMPLETED = "request.completed"
"""Name of the event that e11y-web tracks at the end of each request."""

_SERVER_ERROR = 500

LIMITED = ("product.viewed",)
"""Names of the events that a limit holds back."""

SAMPLED = SHELF_AND_BACK
"""Names of the events of which a share is kept."""

SAMPLE_RATE = 0.2


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of request.

    Attributes:
        title: What happens, in a few words.
        share: How many of a hundred requests are of this kind.
        method, path, body: What is sent.
        route: Template of the route that serves it.
        status: What must be answered.
        trail: Names of the debug events that the request tracks, in order; of log records, those of their loggers.
        events: Names of the other events of the services, in any order; each of them is written.
        perhaps: Names of further events, of which a limit or a rate may hold back some.
        error: Name of the error event of a service that follows the trail, if there is one.
        raises: Type of the exception that ends the request, if one does.
        breaks_off: Whether the answer ends in the middle.
        hangs_up: Whether the client wants a connection of its own, which the server may cut after the answer.
    """

    title: str
    share: int
    path: str
    route: str
    status: int
    method: str = "POST"
    body: Mapping[str, object] | None = None
    trail: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    error: str | None = None
    raises: str | None = None
    breaks_off: bool = False
    hangs_up: bool = False

    @property
    def is_failed(self) -> bool:
        """Whether the request ends as a failure, so that ``request.completed`` is an error."""
        return self.raises is not None or self.status >= _SERVER_ERROR

    @property
    def fails(self) -> bool:
        """Whether the trail of the request must be written: it is failed, or a service tracked an error in it."""
        return self.is_failed or self.error is not None

    @property
    def errors(self) -> tuple[str, ...]:
        """Names of the error events that the request tracks, in order."""
        completed = (COMPLETED,) if self.is_failed else ()
        return completed if self.error is None else (self.error, *completed)

    @property
    def story(self) -> tuple[str, ...]:
        """What a failing request must have written, in order: the trail, then the errors."""
        return (*self.trail, *self.errors)

    @property
    def written(self) -> tuple[str, ...]:
        """Names of the events that are neither debug nor error and must be written, in any order."""
        return self.events if self.is_failed else (*self.events, COMPLETED)

    @property
    def tracked(self) -> int:
        """How many events the request tracks."""
        return len(self.story) + len(self.written) + len(self.perhaps)


def _order(*skus: str, card: str = "card-1", user_id: str = "user-1") -> dict[str, object]:
    return {"user_id": user_id, "card": card, "lines": [{"sku": sku, "quantity": 2} for sku in skus]}


SCENARIOS = (
    Scenario(
        "order paid",
        share=42,
        path="/orders",
        route="/orders",
        body=_order("mug"),
        status=201,
        trail=CART + PAYMENT + RECEIPT,
        events=SOLD,
        perhaps=SHELF,
    ),
    Scenario(
        "order of two products paid",
        share=8,
        path="/orders",
        route="/orders",
        body=_order("mug", "lamp"),
        status=201,
        trail=CART + CART[1:] + PAYMENT + RECEIPT,
        events=SOLD,
        perhaps=SHELF,
    ),
    Scenario(
        "order paid at the second attempt",
        share=5,
        path="/orders",
        route="/orders",
        body=_order("lamp", card="card-slow"),
        status=201,
        trail=CART + LATE_PAYMENT + PAYMENT + RECEIPT,
        events=SOLD,
        perhaps=SHELF,
    ),
    Scenario(
        "product shown",
        share=12,
        method="GET",
        path="/products/mug",
        route="/products/{sku}",
        status=200,
        trail=("stock.queried", "price.looked.up"),
        perhaps=LIMITED,
    ),
    Scenario(
        "prices listed",
        share=4,
        method="GET",
        path="/prices/mug,lamp",
        route="/prices/{skus}",
        status=200,
        trail=CART[1:] * 2,
    ),
    Scenario(
        "account opened",
        share=6,
        path="/users",
        route="/users",
        body={"email": "eve@example.org"},
        status=201,
        events=("user.signed.up",),
    ),
    Scenario(
        "sign-up without a mail address",
        share=3,
        path="/users",
        route="/users",
        body={"email": "eve"},
        status=422,
        events=("input.rejected",),
    ),
    Scenario(
        "order of an empty cart",
        share=2,
        path="/orders",
        route="/orders",
        body=_order(),
        status=422,
        events=("input.rejected",),
    ),
    Scenario(
        "order of a product sold out",
        share=2,
        path="/orders",
        route="/orders",
        body=_order("poster"),
        status=409,
        trail=CART[:2],
        events=("checkout.rejected",),
    ),
    Scenario(
        "card declined",
        share=3,
        path="/orders",
        route="/orders",
        body=_order("mug", card="card-declined"),
        status=402,
        trail=CART + PAYMENT,
        events=(*UNSOLD, "checkout.rejected"),
        perhaps=SHELF_AND_BACK,
    ),
    Scenario(
        "the payment gateway is down",
        share=4,
        path="/orders",
        route="/orders",
        body=_order("mug", card="card-offline"),
        status=502,
        trail=CART + LATE_PAYMENT * 2,
        events=UNSOLD,
        perhaps=SHELF_AND_BACK,
        error="payment.failed",
    ),
    Scenario(
        "an exception in mid-answer",
        share=2,
        method="GET",
        path="/prices/mug,vase,lamp",
        route="/prices/{skus}",
        status=200,
        trail=CART[1:] * 2,
        raises="InvalidOperation",
        breaks_off=True,
    ),
    Scenario(
        "the receipt bounced, after the answer",
        share=2,
        path="/orders",
        route="/orders",
        body=_order("lamp", user_id="user-2"),
        status=201,
        trail=CART + PAYMENT + RECEIPT,
        events=SOLD,
        perhaps=SHELF,
        error="receipt.failed",
    ),
    Scenario(
        "an exception after the answer",
        share=2,
        path="/orders",
        route="/orders",
        body=_order("lamp", user_id="user-3"),
        status=201,
        trail=CART + PAYMENT + RECEIPT,
        events=SOLD,
        perhaps=SHELF,
        raises="MailServerGone",
        hangs_up=True,
    ),
    Scenario(
        "a price that is no number: an exception",
        share=2,
        path="/orders",
        route="/orders",
        body=_order("mug", "vase"),
        status=500,
        trail=CART + CART[1:],
        raises="InvalidOperation",
    ),
    Scenario(
        "the shelf is being counted: only the status fails",
        share=1,
        path="/orders",
        route="/orders",
        body=_order("clock"),
        status=503,
        trail=CART[:2],
    ),
)


def mix(requests: int) -> list[Scenario]:
    """Return the kinds of the first ``requests`` requests: the same ones in every run."""
    hundred = [scenario for scenario in SCENARIOS for _ in range(scenario.share)]
    random.Random(11).shuffle(hundred)
    return list(islice(cycle(hundred), requests))
