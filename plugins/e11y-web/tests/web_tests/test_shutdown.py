"""What was tracked just before the signal arrives, exactly once, whatever the framework.

Batches are held back for a minute, so that only the end of the process can deliver them. ``tests/shutdown`` holds the
servers, each with all the ways to run it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .server import Server

pytestmark = pytest.mark.timeout(180)

COUNT = 100
UVICORN = ["uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning"]
GUNICORN = ["gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "--graceful-timeout", "5"]

ROWS = {
    "Starlette": [*UVICORN, "starlette_app:app"],
    "FastAPI, two workers": [*UVICORN, "--workers", "2", "fastapi_app:app"],
    "Flask": [*GUNICORN, "flask_app:app"],
    "Django, ASGI": [*UVICORN, "django_app:asgi"],
    "Django, WSGI": [*GUNICORN, "--threads", "4", "django_app:wsgi"],
    "Django, WSGI, one process": ["waitress", "--listen", "127.0.0.1:{port}", "django_app:wsgi"],
}


def ticks(server: Server) -> list[int]:
    return sorted(record["payload"]["number"] for record in server.records() if record["event_name"] == "load.ticked")


@pytest.mark.parametrize("row", ROWS)
def test_a_signal(tmp_path: Path, row: str) -> None:
    with Server(tmp_path, ROWS[row], interval="1m") as server:
        paths = [f"/tick/{first}/10" for first in range(0, COUNT, 10)]
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(server.get_to_the_end, paths)) == [200] * len(paths)
        took_s = server.stop()
        assert ticks(server) == list(range(COUNT)), server.log()
        assert all(not ledger["imbalances"] for ledger in server.ledgers())
        assert sum(ledger["tracked"] for ledger in server.ledgers()) == COUNT + len(paths)
        assert took_s < 15
