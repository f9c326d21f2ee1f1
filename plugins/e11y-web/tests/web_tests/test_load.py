"""A thousand mixed requests at once over a real server: whose trail is whose."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from .server import Server
from .site.services import STEPS
from .test_shutdown import GUNICORN, UVICORN

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("room_for_a_thousand_connections")]

COUNT = 1_000
STATUS = {"healthy": {200}, "crash": {500}, "status": {503}, "stream": {0, 200}, "background": {0, 200}}
ERRORS = {
    "healthy": None,
    "crash": "LookupError",
    "status": None,
    "stream": "ConnectionAbortedError",
    "background": "BackgroundFailed",
}

SERVERS = {
    "Starlette under uvicorn": ([*UVICORN, "starlette_app:app"], list(STATUS)),
    "FastAPI under uvicorn": ([*UVICORN, "fastapi_app:app"], list(STATUS)),
    "Flask under gunicorn gthread": ([*GUNICORN, "--threads", "16", "flask_app:app"], list(STATUS)),
    "Django under gunicorn gthread": (
        [*GUNICORN, "--threads", "16", "django_app:wsgi"],
        ["healthy", "crash", "status", "stream"],
    ),
    "Django under waitress": (
        ["waitress", "--listen", "127.0.0.1:{port}", "--threads", "16", "--backlog", "2048", "django_app:wsgi"],
        ["healthy", "crash", "status", "stream"],
    ),
}


def by_request(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for record in records:
        found[record["context"]["request_id"]].append(record)
    return found


@pytest.mark.parametrize("name", ["Starlette under uvicorn", "Flask under gunicorn gthread"])
def test_a_client_that_cuts_the_connection_is_no_failure(tmp_path: Path, name: str) -> None:
    with Server(tmp_path, SERVERS[name][0]) as server:
        server.leave("/endless/endless-1")
        records = server.wait_for(1, "request.completed")
    (completed,) = records
    assert (completed["payload"]["ended"], completed["payload"]["status"]) == ("disconnected", 200)


@pytest.mark.parametrize("name", SERVERS)
def test_no_trail_is_mixed_and_none_is_missing(tmp_path: Path, name: str) -> None:
    command, kinds = SERVERS[name]
    # Every second request is healthy.
    asked = [f"{(kinds[1:] * COUNT)[number] if number % 2 else 'healthy'}-{number}" for number in range(COUNT)]
    with Server(tmp_path, command) as server:
        statuses = server.get([f"/{one.partition('-')[0]}/{one}" for one in asked])
        server.stop()
        found = by_request(server.records())
        assert all(not ledger["imbalances"] for ledger in server.ledgers())

    assert set(found) == set(asked)
    assert len({record["trace_id"] for records in found.values() for record in records}) == COUNT
    for one, status in zip(asked, statuses, strict=True):
        kind, records = one.partition("-")[0], found[one]
        assert status in STATUS[kind], one
        assert {record["payload"]["request"] for record in records} == {one}
        assert len({record["trace_id"] for record in records}) == 1
        steps = [record["payload"]["number"] for record in records if record["event_name"] == "load.step"]
        names = [record["event_name"] for record in records if record["event_name"] != "load.step"]
        (completed,) = (record["payload"] for record in records if record["event_name"] == "request.completed")
        assert completed["error"] == ERRORS[kind]
        if kind == "healthy":
            assert (steps, sorted(names)) == ([], ["load.sold", "request.completed"])
            assert (completed["ended"], completed["discarded"]) == ("completed", STEPS)
        else:
            assert (steps, names) == (list(range(1, STEPS + 1)), ["request.completed"])
            assert (completed["ended"], completed["flushed"]) == ("failed", STEPS)
            assert records[-1]["event_name"] == "request.completed"
