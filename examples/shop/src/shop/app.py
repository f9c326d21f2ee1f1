"""The shop as a web application: ``uvicorn shop.app:app``."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import e11y
from shop import forms
from shop.database import Database
from shop.events import ProductViewed, RequestCrashed
from shop.middleware import RequestScope
from shop.orders import Orders
from shop.payments import Gateway, Payments
from shop.receipts import Receipts
from shop.refusals import Refused
from shop.stock import Stock
from shop.users import Users


class Shop:
    """The services of the shop, and the endpoints that call them."""

    def __init__(self, database: Database) -> None:
        self.users = Users(database)
        self.stock = Stock(database)
        self.receipts = Receipts(self.users)
        self.orders = Orders(database, self.users, self.stock, Payments(Gateway()))

    async def sign_up(self, request: Request) -> Response:
        form = forms.read(forms.SignUpForm, await request.body())
        user_id = await run_in_threadpool(self.users.sign_up, form)
        return JSONResponse({"user_id": user_id}, 201)

    async def show_product(self, request: Request) -> Response:
        sku = request.path_params["sku"]
        price = await run_in_threadpool(self.stock.quote, sku, 1)
        ProductViewed.track(sku=sku)
        return JSONResponse({"price": str(price), "currency": "EUR"})

    async def check_out(self, request: Request) -> Response:
        form = forms.read(forms.CheckoutForm, await request.body())
        order = await run_in_threadpool(self.orders.check_out, form)
        receipt = BackgroundTask(self.receipts.send, order.user_id, order.order_id, order.total)
        return JSONResponse({"order_id": order.order_id}, 201, background=receipt)


async def refuse(request: Request, refused: Exception) -> Response:
    """Answer with the status of a ``Refused``."""
    assert isinstance(refused, Refused)
    return JSONResponse({"error": refused.reason}, refused.status)


async def crash(request: Request, error: Exception) -> Response:
    """Answer 500 to an exception that nobody expected, and say where it came from.

    Starlette raises it again, and uvicorn then closes the connection: the answer announces that.
    """
    frame = traceback.extract_tb(error.__traceback__)[-1]
    RequestCrashed.track(error=type(error).__name__, place=f"{Path(frame.filename).name}:{frame.lineno}")
    return JSONResponse({"error": "internal error"}, 500, headers={"connection": "close"})


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Start e11y before the first request; stop it after the last.

    uvicorn raises the signal that stopped it once more, so nothing that runs at exit would be reached:
    the end of the lifespan is the place to deliver what is left.
    """
    e11y.start()
    yield
    ledger = e11y.ledger()
    e11y.shutdown()
    if path := os.environ.get("SHOP_LEDGER"):
        balanced = ledger.check()
        Path(path).write_text(json.dumps({"table": str(balanced), **attrs.asdict(balanced)}), encoding="utf-8")


def build(shop: Shop) -> RequestScope:
    """Return the application around the services of ``shop``."""
    routes = [
        Route("/users", shop.sign_up, methods=["POST"]),
        Route("/products/{sku}", shop.show_product),
        Route("/orders", shop.check_out, methods=["POST"]),
    ]
    return RequestScope(
        Starlette(routes=routes, exception_handlers={Refused: refuse, Exception: crash}, lifespan=lifespan)
    )


app = build(Shop(Database()))
