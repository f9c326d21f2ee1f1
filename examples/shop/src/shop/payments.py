"""The money that customers owe."""

from __future__ import annotations

import logging
import time
from decimal import Decimal

from shop.events import Answer, CheckoutRejected, OrderPaidV2, PaymentAttempted, PaymentFailed
from shop.refusals import CardDeclined, GatewayDown

log = logging.getLogger(__name__)

ATTEMPTS = 2
"""How often the gateway is asked before the shop gives up."""


class Gateway:
    """Stands for a bank's payment service. Some cards have a fate of their own, always the same one."""

    name = "acme-pay"
    timeout_s = 0.005

    def charge(self, card: str, amount: Decimal, attempt: int) -> Answer:
        """Return what the bank says to one attempt."""
        match card:
            case "card-declined":
                return "declined"
            case "card-offline":
                return self._time_out()
            case "card-slow" if attempt == 1:
                return self._time_out()
            case _:
                return "approved" if amount > 0 else "declined"

    def _time_out(self) -> Answer:
        time.sleep(self.timeout_s)
        log.debug("%s did not answer within %.0f ms", self.name, self.timeout_s * 1000)
        return "unavailable"


class Payments:
    """Collects money through a gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def collect(self, order_id: str, amount: Decimal, card: str) -> None:
        """Charge ``card``; returning means that the money is there.

        Raises:
            CardDeclined: The bank said no.
            GatewayDown: The bank did not answer.
        """
        for attempt in range(1, ATTEMPTS + 1):
            match self._ask(order_id, amount, card, attempt):
                case "approved":
                    OrderPaidV2.track(order_id=order_id, amount=amount, currency="EUR")
                    return
                case "declined":
                    CheckoutRejected.track(reason="card declined", order_id=order_id)
                    raise CardDeclined("your bank declined the payment")
                case "unavailable":
                    continue
        PaymentFailed.track(order_id=order_id, gateway=self._gateway.name, attempts=ATTEMPTS)
        raise GatewayDown("the payment service does not answer")

    def _ask(self, order_id: str, amount: Decimal, card: str, attempt: int) -> Answer:
        with PaymentAttempted.timed(order_id=order_id, attempt=attempt) as event:
            answer = self._gateway.charge(card, amount, attempt)
            event.set(answer=answer)
        return answer
