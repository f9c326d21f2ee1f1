"""A WSGI application for gunicorn: ``/count/COLOR`` counts and tells the process, ``/metrics`` answers a scrape and says what that cost."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

import e11y
from e11y_metrics import counter, histogram, make_wsgi_app

metrics = make_wsgi_app()


@counter("served_total", tags=["color"])
@histogram("served_size", value="size", tags=["color"])
class Served(e11y.Event):
    color: str
    size: float


e11y.start()  # once, before gunicorn forks: its workers live for two requests only


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path != "/metrics":
        Served.track(color=path.rpartition("/")[2], size=0.3)
        process = str(os.getpid()).encode()
        start_response("200 OK", [("Content-Length", str(len(process)))])
        return [process]
    began = time.process_time()

    def start(status: str, headers: list[tuple[str, str]]) -> Any:
        return start_response(status, [*headers, ("X-CPU-Seconds", f"{time.process_time() - began:.6f}")])

    return metrics(environ, start)
