"""What was tracked just before the signal arrives, exactly once, under every server.

Batches are held back for a minute, so that only the end of the process can deliver them.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from .server import Server

COUNT = 100
UVICORN = ["uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning"]
GUNICORN = ["gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "--graceful-timeout", "5"]
WORKER = ["--worker-class", "uvicorn_worker.UvicornWorker"]

ROWS = {
    "uvicorn": [*UVICORN, "starlette_app:app"],
    "uvicorn, 2 workers": [*UVICORN, "--workers", "2", "fastapi_app:app"],
    "uvicorn, Django": [*UVICORN, "django_app:asgi"],
    "gunicorn sync": [*GUNICORN, "flask_app:app"],
    "gunicorn gthread": [*GUNICORN, "--threads", "4", "django_app:wsgi"],
    "gunicorn, uvicorn workers": [*GUNICORN, *WORKER, "starlette_app:app"],
    "gunicorn sync, preload": [*GUNICORN, "--preload", "django_app:wsgi"],
    "gunicorn, uvicorn workers, preload": [*GUNICORN, *WORKER, "--preload", "fastapi_app:app"],
    "waitress": ["waitress", "--listen", "127.0.0.1:{port}", "flask_app:app"],
    "waitress, Django": ["waitress", "--listen", "127.0.0.1:{port}", "django_app:wsgi"],
}

RECYCLING = {
    "gunicorn sync, max-requests": [*GUNICORN, "--max-requests", "3", "flask_app:app"],
    "gunicorn gthread, max-requests": [*GUNICORN, "--threads", "2", "--max-requests", "3", "flask_app:app"],
    "gunicorn, uvicorn workers, max-requests": [*GUNICORN, *WORKER, "--max-requests", "3", "starlette_app:app"],
}


def ticks(server: Server) -> list[int]:
    return sorted(record["payload"]["number"] for record in server.records() if record["event_name"] == "load.ticked")


@pytest.mark.parametrize("row", ROWS)
def test_a_signal(tmp_path: Path, row: str) -> None:
    with Server(tmp_path, ROWS[row], interval="1m") as server:
        paths = [f"/tick/{first}/10" for first in range(0, COUNT, 10)]
        assert server.get(paths, at_once=2) == [200] * len(paths)
        time.sleep(0.05)
        took_s = server.stop()
        assert ticks(server) == list(range(COUNT)), server.log()
        assert all(not ledger["imbalances"] for ledger in server.ledgers())
        assert sum(ledger["tracked"] for ledger in server.ledgers()) == COUNT + len(paths)
        assert took_s < 7


@pytest.mark.parametrize("row", ["uvicorn", "gunicorn gthread", "gunicorn, uvicorn workers"])
def test_a_signal_while_one_adapter_is_dead(tmp_path: Path, row: str) -> None:
    with Server(tmp_path, ROWS[row], interval="1m", dead=True) as server:
        assert server.get([f"/tick/{first}/10" for first in range(0, COUNT, 10)], at_once=2) == [200] * 10
        time.sleep(0.05)
        took_s = server.stop()
        assert ticks(server) == list(range(COUNT)), server.log()
        ledgers = server.ledgers()
        assert all(not ledger["imbalances"] for ledger in ledgers)
        assert sum(ledger["logs"]["delivered"] for ledger in ledgers) == COUNT + 10
        assert sum(ledger["dead"]["given_up"] for ledger in ledgers) == COUNT + 10
        assert took_s < 5


@pytest.mark.parametrize("row", RECYCLING)
def test_workers_that_are_recycled(tmp_path: Path, row: str) -> None:
    with Server(tmp_path, RECYCLING[row], interval="1m") as server:
        for first in range(0, COUNT, 10):
            assert server.get([f"/tick/{first}/10"]) == [200]
            time.sleep(0.12)  # uvicorn looks ten times a second whether it has had enough
        server.stop()
        assert ticks(server) == list(range(COUNT)), server.log()
        assert len(server.ledgers()) > 2


def test_a_server_that_stops_by_itself(tmp_path: Path) -> None:
    command = [*UVICORN, "--limit-max-requests", "10", "starlette_app:app"]
    with Server(tmp_path, command, interval="1m") as server:
        server.get([f"/tick/{first}/10" for first in range(0, COUNT, 10)], at_once=1)
        server.wait()
        assert ticks(server) == list(range(COUNT)), server.log()
