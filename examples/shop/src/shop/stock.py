"""The goods of the shop: what they cost, how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from shop.database import Database
from shop.events import CheckoutRejected, PriceLookedUp, ProductViewed, StockQueried, StockReleased, StockReserved
from shop.forms import CartLine
from shop.refusals import NotFound, Recounting, SoldOut


class Stock:
    """Quotes prices and keeps the shelf."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def quote(self, sku: str, quantity: int) -> Decimal:
        """Return what ``quantity`` units of a product cost.

        Raises:
            NotFound: There is no such product.
            Recounting: The product is being counted.
            SoldOut: There are fewer than ``quantity``.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT price, available, recounting FROM products WHERE sku = ?", (sku,)
            ).fetchone()
        if row is None:
            raise NotFound("no such product")
        listed, available, recounting = row
        StockQueried.track(sku=sku, wanted=quantity, available=available)
        if recounting:
            raise Recounting("come back in an hour")
        if available < quantity:
            CheckoutRejected.track(reason="out of stock", sku=sku)
            raise SoldOut(f"{available} left")
        PriceLookedUp.track(sku=sku, listed=listed)
        return Decimal(listed) * quantity

    def show(self, sku: str) -> Decimal:
        """Return the price of a product to somebody who looks at it."""
        price = self.quote(sku, 1)
        ProductViewed.track(sku=sku)
        return price

    def price_list(self, skus: Iterable[str]) -> Iterator[str]:
        """Yield a line for each product, each looked up when the one before is on its way."""
        for sku in skus:
            yield f"{sku},{self.quote(sku, 1)}\n"

    @contextmanager
    def reserved(self, order_id: str, lines: Sequence[CartLine]) -> Iterator[None]:
        """Take goods off the shelf; they go back when the body raises."""
        units = sum(line.quantity for line in lines)
        self._move(lines, -1)
        StockReserved.track(order_id=order_id, units=units)
        try:
            yield
        except Exception:
            self._move(lines, +1)
            StockReleased.track(order_id=order_id, units=units)
            raise

    def _move(self, lines: Sequence[CartLine], sign: int) -> None:
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE products SET available = available + ? WHERE sku = ?",
                [(sign * line.quantity, line.sku) for line in lines],
            )
