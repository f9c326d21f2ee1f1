"""Trace context in the requests of a ``requests`` session."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter

from e11y.trace import inject


def propagate(session: requests.Session) -> requests.Session:
    """Let every request of ``session`` carry ``traceparent``, ``tracestate`` and ``baggage``; return the session.

    A header that the caller set stays as it is. The adapters that are mounted now are kept; what is mounted
    later is not touched.

        session = propagate(requests.Session())
    """
    for prefix, adapter in list(session.adapters.items()):
        if not isinstance(adapter, _Propagating):
            session.mount(prefix, _Propagating(adapter))
    return session


class _Propagating(BaseAdapter):
    """Adds headers and leaves the rest to the adapter that was there before."""

    def __init__(self, adapter: BaseAdapter) -> None:
        super().__init__()
        self._adapter = adapter

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        headers: Any = request.headers  # annotated as able to hold bytes too, which we do not put there
        inject(headers)
        return self._adapter.send(request, *args, **options)

    def close(self) -> None:
        self._adapter.close()
