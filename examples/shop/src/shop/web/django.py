"""The shop on Django: ``gunicorn --threads 16 shop.web.django:app``."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_GET, require_POST
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import e11y
from e11y_metrics import make_wsgi_app
from e11y_web import WsgiMiddleware
from shop import forms, logs
from shop.database import Database
from shop.refusals import Refused
from shop.services import Shop

settings.configure(
    SECRET_KEY=secrets.token_hex(),  # nothing that it signs outlives the process
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    INSTALLED_APPS=["e11y_web.django.E11yWebConfig"],
    MIDDLEWARE=["e11y_web.django.RequestMiddleware", f"{__name__}.RefusalMiddleware"],
)

shop = Shop(Database())


class RefusalMiddleware:
    """Answers with the status of a ``Refused``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let the view answer."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> JsonResponse | None:
        """Answer in place of a view that refused."""
        return JsonResponse({"error": error.reason}, status=error.status) if isinstance(error, Refused) else None


class AnswerFirst(JsonResponse):
    """Answers, and then does something: Django has no background tasks, but servers close what they have sent.

    Args:
        data: Of the answer.
        status: Of the answer.
        then: What is done when the customer has it.
    """

    def __init__(self, data: dict[str, str], status: int, then: Callable[[], object]) -> None:
        super().__init__(data, status=status)
        self._then = then

    def close(self) -> None:
        """Called by the server at the end of the request."""
        super().close()
        self._then()


@require_POST
def sign_up(request: HttpRequest) -> JsonResponse:
    """Open an account."""
    return JsonResponse({"user_id": shop.users.sign_up(forms.read(forms.SignUpForm, request.body))}, status=201)


@require_GET
def show_product(request: HttpRequest, sku: str) -> JsonResponse:
    """Show a product."""
    return JsonResponse({"price": str(shop.stock.show(sku)), "currency": "EUR"})


@require_GET
def list_prices(request: HttpRequest, skus: str) -> StreamingHttpResponse:
    """Send the prices of several products, line by line."""
    return StreamingHttpResponse(shop.stock.price_list(skus.split(",")), content_type="text/csv")


@require_POST
def check_out(request: HttpRequest) -> AnswerFirst:
    """Sell what is in a cart; the receipt follows the answer."""
    order = shop.orders.check_out(forms.read(forms.CheckoutForm, request.body))
    return AnswerFirst({"order_id": order.order_id}, 201, partial(shop.receipts.send, order))


def crash(request: HttpRequest) -> JsonResponse:
    """Answer to an exception that nobody expected."""
    return JsonResponse({"error": "internal error"}, status=500)


urlpatterns = [
    path("users", sign_up),
    path("products/<sku>", show_product),
    path("prices/<skus>", list_prices),
    path("orders", check_out),
]
handler500 = crash

site = WsgiMiddleware(get_wsgi_application())  # so that a request ends when its response is closed
app = DispatcherMiddleware(site, {"/metrics": make_wsgi_app()})
logs.configure()
e11y.start()  # settings that cannot work stop the server here
