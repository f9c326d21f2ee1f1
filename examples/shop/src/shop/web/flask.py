"""The shop on Flask: ``gunicorn --threads 16 shop.web.flask:app``."""

from __future__ import annotations

from functools import partial

import flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import e11y
from e11y_metrics import make_wsgi_app
from e11y_web.flask import E11y
from shop import forms, logs
from shop.database import Database
from shop.refusals import Refused
from shop.services import Shop

Answer = tuple[dict[str, str], int]

shop = Shop(Database())
app = flask.Flask(__name__)
E11y(app)
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/metrics": make_wsgi_app()})  # type: ignore[method-assign]
logs.configure()
e11y.start()  # settings that cannot work stop the server here


@app.post("/users")
def sign_up() -> Answer:
    """Open an account."""
    return {"user_id": shop.users.sign_up(forms.read(forms.SignUpForm, flask.request.get_data()))}, 201


@app.get("/products/<sku>")
def show_product(sku: str) -> dict[str, str]:
    """Show a product."""
    return {"price": str(shop.stock.show(sku)), "currency": "EUR"}


@app.get("/prices/<skus>")
def list_prices(skus: str) -> flask.Response:
    """Send the prices of several products, line by line."""
    return flask.Response(shop.stock.price_list(skus.split(",")), mimetype="text/csv")


@app.post("/orders")
def check_out() -> flask.Response:
    """Sell what is in a cart; the receipt follows the answer."""
    order = shop.orders.check_out(forms.read(forms.CheckoutForm, flask.request.get_data()))
    response = flask.make_response({"order_id": order.order_id}, 201)
    response.call_on_close(partial(shop.receipts.send, order))
    return response


@app.errorhandler(Refused)
def refuse(refused: Refused) -> Answer:
    """Answer with the status of a ``Refused``."""
    return {"error": refused.reason}, refused.status


@app.errorhandler(500)
def crash(error: Exception) -> Answer:
    """Answer to an exception that nobody expected."""
    return {"error": "internal error"}, 500
