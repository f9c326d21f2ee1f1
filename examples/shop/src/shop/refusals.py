"""The ways in which the shop says no to a request."""

from __future__ import annotations


class Refused(Exception):
    """A request that cannot be served.

    Attributes:
        status: HTTP status of the answer. Below 500 the customer can do something about it.
        reason: Told to the customer.
    """

    status = 400

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotUnderstood(Refused):
    """The input does not have the form it must have."""

    status = 422


class NotFound(Refused):
    """The thing that the request names does not exist."""

    status = 404


class SoldOut(Refused):
    """There is not enough on the shelf."""

    status = 409


class CardDeclined(Refused):
    """The bank said no."""

    status = 402


class GatewayDown(Refused):
    """The payment gateway did not answer."""

    status = 502


class Recounting(Refused):
    """The shelf is being counted; nobody knows what it holds."""

    status = 503
