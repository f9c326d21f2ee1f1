"""Receipts, sent when the customer already has the answer."""

from __future__ import annotations

import logging

from shop.events import ReceiptFailed, ReceiptRendered
from shop.orders import Order
from shop.users import Users

log = logging.getLogger(__name__)


class MailServerGone(Exception):
    """There is nobody to take a mail."""


class Receipts:
    """Mails receipts. Runs when the answer is on its way: its failures are nobody's status code."""

    def __init__(self, users: Users) -> None:
        self._users = users

    def send(self, order: Order) -> None:
        """Mail a receipt, or say that it could not be done.

        Raises:
            MailServerGone: There is no such thing for this customer, which nobody expects.
        """
        email = self._users.email_of(order.user_id)
        text = f"Thank you for order {order.order_id}. You paid {order.total} EUR.\n"
        ReceiptRendered.track(order_id=order.order_id, characters=len(text))
        log.debug("mailing %s", email)
        if email.endswith("@gone.example"):
            raise MailServerGone
        if email.endswith("@bounce.example"):
            ReceiptFailed.track(order_id=order.order_id, reason=f"550 <{email}>: mailbox unavailable")
