"""Orders, from the cart to the paid one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import e11y
from e11y_web import annotate
from shop.database import Database
from shop.events import CartLoaded, OrderPlaced
from shop.forms import CheckoutForm
from shop.payments import Payments
from shop.stock import Stock
from shop.users import Users


@dataclass(frozen=True, slots=True)
class Order:
    """An order that is paid."""

    order_id: str
    user_id: str
    total: Decimal


class Orders:
    """Sells what is in a cart."""

    def __init__(self, database: Database, users: Users, stock: Stock, payments: Payments) -> None:
        self._database = database
        self._users = users
        self._stock = stock
        self._payments = payments

    def check_out(self, form: CheckoutForm) -> Order:
        """Reserve the goods, place the order, collect the money.

        Raises:
            Refused: The order cannot be fulfilled; the goods are back on the shelf.
        """
        e11y.bind(user_id=form.user_id)
        self._users.email_of(form.user_id)
        CartLoaded.track(lines=len(form.lines), units=form.units)
        total = sum((self._stock.quote(line.sku, line.quantity) for line in form.lines), Decimal())
        order_id = self._write(form.user_id, total)
        annotate(order_id=order_id)
        with self._stock.reserved(order_id, form.lines):
            OrderPlaced.track(order_id=order_id, total=total, currency="EUR")
            self._payments.collect(order_id, total, form.card)
        self._mark_paid(order_id)
        return Order(order_id, form.user_id, total)

    def _write(self, user_id: str, total: Decimal) -> str:
        with self._database.transaction() as connection:
            written = connection.execute("INSERT INTO orders (user_id, total) VALUES (?, ?)", (user_id, str(total)))
        return f"order-{written.lastrowid}"

    def _mark_paid(self, order_id: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("UPDATE orders SET paid = 1 WHERE id = ?", (order_id.removeprefix("order-"),))
