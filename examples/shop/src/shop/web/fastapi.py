"""The shop on FastAPI: ``uvicorn shop.web.fastapi:app``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

import e11y
from e11y_metrics import make_asgi_app
from e11y_web.starlette import StarletteMiddleware
from shop import forms, logs
from shop.database import Database
from shop.refusals import Refused
from shop.services import Shop


@asynccontextmanager
async def lifespan(api: FastAPI) -> AsyncIterator[None]:
    """Refuse to serve with settings that cannot work."""
    logs.configure()
    e11y.start()
    yield


async def body_of(request: Request) -> bytes:
    """Return the body as it came, for endpoints that are synchronous."""
    return await request.body()


Body = Annotated[bytes, Depends(body_of)]

shop = Shop(Database())
api = FastAPI(title="Shop", lifespan=lifespan)
api.routes.append(Route("/metrics", make_asgi_app()))
app = StarletteMiddleware(api)


@api.post("/users", status_code=201)
def sign_up(body: Body) -> dict[str, str]:
    """Open an account."""
    return {"user_id": shop.users.sign_up(forms.read(forms.SignUpForm, body))}


@api.get("/products/{sku}")
def show_product(sku: str) -> dict[str, str]:
    """Show a product."""
    return {"price": str(shop.stock.show(sku)), "currency": "EUR"}


@api.get("/prices/{skus}")
def list_prices(skus: str) -> StreamingResponse:
    """Send the prices of several products, line by line."""
    return StreamingResponse(shop.stock.price_list(skus.split(",")), media_type="text/csv")


@api.post("/orders", status_code=201)
def check_out(body: Body, tasks: BackgroundTasks) -> dict[str, str]:
    """Sell what is in a cart; the receipt follows the answer."""
    order = shop.orders.check_out(forms.read(forms.CheckoutForm, body))
    tasks.add_task(shop.receipts.send, order)
    return {"order_id": order.order_id}


@api.exception_handler(Refused)
def refuse(request: Request, refused: Refused) -> JSONResponse:
    """Answer with the status of a ``Refused``."""
    return JSONResponse({"error": refused.reason}, refused.status)


@api.exception_handler(Exception)
def crash(request: Request, error: Exception) -> JSONResponse:
    """Answer to an exception that nobody expected.

    Starlette raises it again, and uvicorn then closes the connection: the answer announces that.
    """
    return JSONResponse({"error": "internal error"}, 500, headers={"connection": "close"})
