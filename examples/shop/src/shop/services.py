"""The services of the shop, put together."""

from __future__ import annotations

from shop.database import Database
from shop.orders import Orders
from shop.payments import Gateway, Payments
from shop.receipts import Receipts
from shop.stock import Stock
from shop.users import Users


class Shop:
    """What every front end calls; none of it knows which one does.

    Args:
        database: Where all of them keep what they know.
    """

    def __init__(self, database: Database) -> None:
        self.users = Users(database)
        self.stock = Stock(database)
        self.receipts = Receipts(self.users)
        self.orders = Orders(database, self.users, self.stock, Payments(Gateway()))
