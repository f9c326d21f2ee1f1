"""The canonical event of a request."""

from __future__ import annotations

from typing import Literal

from e11y import OpenEvent

Ended = Literal["completed", "failed", "disconnected", "cancelled"]
"""How a request ended.

``failed``: an exception left the application, or the status is 500 or more. ``disconnected``: the client left before
the response was complete. ``cancelled``: the server gave the work up. Neither of the last two is a failure.
"""


Level = Literal["success", "info", "error"]
"""The severities of ``RequestCompleted``."""


class RequestCompleted(OpenEvent, severity="success"):
    """One HTTP request at its true end; exactly one per request, also when an exception leaves the application.

    Tracked as an error when the request failed, as info when the status is 400 or more or nobody got the response.
    Fields that were added with ``e11y_web.annotate()`` stand beside these; on a clash these win.
    """

    method: str
    """Upper case; ``OTHER`` for one that RFC 9110 and RFC 5789 do not know."""

    route: str
    """Template, for example ``/orders/{order_id}``; ``unmatched`` when none is known."""

    status: int | None = None
    """What the client was sent, or 500 for an exception before that; ``None`` when nobody was there to be answered."""

    duration_ms: float
    ended: Ended = "completed"

    error: str | None = None
    """Type of the exception that made the request fail."""

    flushed: int = 0
    """Debug events that were written."""

    discarded: int = 0
    """Debug events that were thrown away, because the request succeeded."""

    evicted: int = 0
    """Debug events that were given up to the limits of the buffer."""
