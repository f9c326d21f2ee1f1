"""The fixed mix of requests that the client sends, with what each must leave behind."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice

CART = ("cart.loaded", "stock.queried", "price.looked.up")
"""Debug events of a checkout of one product, until the money is asked for."""

PAYMENT = ("payment.attempted",)
RECEIPT = ("receipt.rendered",)
SOLD = ("order.placed", "order.paid")
UNSOLD = ("order.placed",)
SHELF = ("stock.reserved",)
SHELF_AND_BACK = ("stock.reserved", "stock.released")

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
        status: What must be answered.
        trail: Names of the debug events that the request tracks, in order.
        events: Names of its other events, in any order; each of them is written.
        perhaps: Names of further events, of which a limit or a rate may hold back some.
        error: Name of the error event that ends the trail, if there is one.
        fails: Whether the request fails, so that its trail must be written.
    """

    title: str
    share: int
    path: str
    status: int
    method: str = "POST"
    body: Mapping[str, object] | None = None
    trail: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    error: str | None = None
    fails: bool = False

    @property
    def story(self) -> tuple[str, ...]:
        """What a failing request must have written, in order: the trail, then the error."""
        return self.trail if self.error is None else (*self.trail, self.error)

    @property
    def tracked(self) -> int:
        """How many events the request tracks."""
        return len(self.story) + len(self.events) + len(self.perhaps)


def _order(*skus: str, card: str = "card-1", user_id: str = "user-1") -> dict[str, object]:
    return {"user_id": user_id, "card": card, "lines": [{"sku": sku, "quantity": 2} for sku in skus]}


SCENARIOS = (
    Scenario(
        "order paid",
        share=50,
        path="/orders",
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
        body=_order("lamp", card="card-slow"),
        status=201,
        trail=CART + PAYMENT * 2 + RECEIPT,
        events=SOLD,
        perhaps=SHELF,
    ),
    Scenario(
        "product shown",
        share=12,
        method="GET",
        path="/products/mug",
        status=200,
        trail=("stock.queried", "price.looked.up"),
        perhaps=LIMITED,
    ),
    Scenario(
        "account opened",
        share=6,
        path="/users",
        body={"email": "eve@example.org"},
        status=201,
        events=("user.signed.up",),
    ),
    Scenario(
        "sign-up without a mail address",
        share=3,
        path="/users",
        body={"email": "eve"},
        status=422,
        events=("input.rejected",),
    ),
    Scenario(
        "order of an empty cart",
        share=2,
        path="/orders",
        body=_order(),
        status=422,
        events=("input.rejected",),
    ),
    Scenario(
        "order of a product sold out",
        share=2,
        path="/orders",
        body=_order("poster"),
        status=409,
        trail=CART[:2],
        events=("checkout.rejected",),
    ),
    Scenario(
        "card declined",
        share=3,
        path="/orders",
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
        body=_order("mug", card="card-offline"),
        status=502,
        trail=CART + PAYMENT * 2,
        events=UNSOLD,
        perhaps=SHELF_AND_BACK,
        error="payment.failed",
        fails=True,
    ),
    Scenario(
        "the receipt bounced, after the answer",
        share=2,
        path="/orders",
        body=_order("lamp", user_id="user-2"),
        status=201,
        trail=CART + PAYMENT + RECEIPT,
        events=SOLD,
        perhaps=SHELF,
        error="receipt.failed",
        fails=True,
    ),
    Scenario(
        "a price that is no number: an exception",
        share=2,
        path="/orders",
        body=_order("mug", "vase"),
        status=500,
        trail=CART + CART[1:],
        error="request.crashed",
        fails=True,
    ),
    Scenario(
        "the shelf is being counted: only the status fails",
        share=1,
        path="/orders",
        body=_order("clock"),
        status=503,
        trail=CART[:2],
        fails=True,
    ),
)


def mix(requests: int) -> list[Scenario]:
    """Return the kinds of the first ``requests`` requests: the same ones in every run."""
    hundred = [scenario for scenario in SCENARIOS for _ in range(scenario.share)]
    random.Random(11).shuffle(hundred)
    return list(islice(cycle(hundred), requests))
