"""Trace context in the requests of a urllib3 pool manager."""

from __future__ import annotations

from typing import Any

import urllib3

from e11y.trace import inject


class PoolManager(urllib3.PoolManager):
    """A ``urllib3.PoolManager`` whose requests carry ``traceparent``, ``tracestate`` and ``baggage``.

    A header that the caller set stays as it is.
    """

    def urlopen(self, method: str, url: str, redirect: bool = True, **options: Any) -> urllib3.BaseHTTPResponse:  # type: ignore[override]
        """Send one request, as the base class does."""
        given = options.pop("headers", None)
        headers = urllib3.HTTPHeaderDict(self.headers if given is None else given)
        inject(headers)
        return super().urlopen(method, url, redirect=redirect, headers=headers, **options)
