"""The shop is the same on every framework: for one request of each kind, for a thousand at once, for hostile ones."""

from __future__ import annotations

import json
import random
import re
import socket
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from shop.demo.checks import check
from shop.demo.client import Drive, drive
from shop.demo.mix import COMPLETED, SAMPLED, SCENARIOS, Scenario, mix
from shop.demo.output import Line, Output, read
from shop.demo.scrape import REQUESTS, scrape
from shop.demo.server import COMMANDS, Server, Stop

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("room_for_a_thousand_connections")]

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=@~-]{1,128}")

each_framework = pytest.mark.parametrize("framework", COMMANDS)


def serve(folder: Path, framework: str, scenarios: Sequence[Scenario], threads: int) -> tuple[Drive, Output, Stop]:
    with Server(folder, framework) as server:
        driven = drive(server.url, scenarios, threads)
        stop = server.stop()
    return driven, read(server.records), stop


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any]]:
    """Return of each framework what one request of each kind was answered and what it left.

    One after the other, so that no id and no stock differs.
    """
    found = {}
    for framework in COMMANDS:
        driven, output, _ = serve(tmp_path_factory.mktemp(framework), framework, SCENARIOS, threads=1)
        found[framework] = {}
        for reply in driven.replies:
            lines = [line for line in output.lines_of(reply.trace_id) if line.name not in SAMPLED]
            found[framework][reply.scenario.title] = {
                "answer": (reply.status, reply.is_whole, parsed(reply.body)),
                "story": [comparable(line) for line in lines if line.is_debug or line.is_error],
                "events": sorted(comparable(line) for line in lines if not line.is_debug and not line.is_error),
            }
    return found


def parsed(body: bytes) -> object:
    return json.loads(body) if body.startswith(b"{") else body


def comparable(line: Line) -> str:
    """Return a record without what differs each time, parameters of its route as FastAPI writes them."""
    told = {**line.values, "context": {**line.context}}
    told.pop("duration_ms", None)
    told["context"].pop("request_id")
    return PARAMETER.sub(r"{\1}", f"{line.severity} {line.name} {json.dumps(told, sort_keys=True)}")


@pytest.mark.parametrize("title", [scenario.title for scenario in SCENARIOS])
@pytest.mark.parametrize("framework", [framework for framework in COMMANDS if framework != "fastapi"])
def test_each_kind_of_request_is_answered_and_told_alike(
    told: Mapping[str, Mapping[str, Any]], framework: str, title: str
) -> None:
    assert told[framework][title] == told["fastapi"][title]
    assert any(
        COMPLETED in line for lines in (told["fastapi"][title][key] for key in ("story", "events")) for line in lines
    )


@each_framework
def test_a_thousand_requests_at_once(tmp_path: Path, framework: str) -> None:
    """What each must leave is the table of the mix, whatever the framework; see ``shop.demo.checks``."""
    driven, output, stop = serve(tmp_path, framework, mix(1000), threads=1000)
    assert [one for one in check(driven, output, stop) if not one.held] == []


HOSTILE = [
    b"",
    b"traceparent: 00-" + b"0" * 32 + b"-00f067aa0ba902b7-01",
    b"traceparent: ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    b"traceparent: <script>alert(1)</script>\xff",
    b"tracestate: " + b"=,;" * 100,
    b"baggage: version=%0d%0aSet-Cookie%3a%20x,request_id=%3Cscript%3E,user_email=a%40b.c",
    b"baggage: " + b"a=b," * 1000,
    b"X-Request-ID: <script>\xe9",
    b"X-Request-ID: " + b"a" * 5000,
    b'X-Trace-ID: "><script>',
    b"X-Correlation-ID: " + b"\xe9" * 500,
    b"X-E11y-Debug: 9999999999." + b"0" * 64,
]
PATHS = ["<script>", "%3Cscript%3E", "%0d%0aSet-Cookie:%20x", "%1b%5b31m", "%00", "%ff%fe", "..%2f..%2f", "%E2%80%AE"]


def ask(port: int, path: str, header: bytes) -> tuple[int, bytes, bytes]:
    """Send what no decent client sends; return status, headers and page."""
    head = b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(head + (header + b"\r\n" if header else b"") + b"\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    headers, _, page = answer.partition(b"\r\n\r\n")
    return int(headers.split()[1]), headers, page


@each_framework
def test_what_strangers_send(tmp_path: Path, framework: str) -> None:
    """A thousand random paths are one route and one series; nothing hostile raises, or is in a header, a log line or a page as it came."""
    chance = random.Random(6)
    statuses = []
    with Server(tmp_path, framework) as server:
        port = int(server.url.rpartition(":")[2])
        for number in range(1000):
            letters = "".join(chance.choices(string.ascii_letters + string.digits + "/.-_", k=12))
            status, headers, page = ask(port, f"/{letters}{chance.choice(PATHS)}", HOSTILE[number % len(HOSTILE)])
            statuses.append(status)
            assert not re.search(rb"[^ -~\r\n]|script|set-cookie", headers, re.IGNORECASE)
            assert b"<script" not in page
            if status == 404:
                (request_id,) = re.findall(rb"\nx-request-id: *(.*?)\r?$", headers, re.IGNORECASE | re.MULTILINE)
                assert REQUEST_ID.fullmatch(request_id)
        counted = {tuple(one.labels.values()): one.value for one in scrape(server.url) if one.name == REQUESTS}
        stop = server.stop()
    assert set(statuses) <= {400, 404}
    assert counted == {("GET", "unmatched", "4xx"): statuses.count(404)}
    output = read(server.records)
    assert {line.name for line in output.lines} == {COMPLETED}
    assert {line.values["route"] for line in output.lines} == {"unmatched"}
    assert len(output.lines) == statuses.count(404)
    assert len(output.lines) > 500
    assert output.unreadable == []
    assert not re.search(rb"[\x00-\x09\x0b-\x1f]", server.records.read_bytes())
    assert stop.ledger is not None
    assert stop.ledger["tracked"] == len(output.lines)
    assert "e11y" not in server.log.read_text("utf-8", "replace").replace("e11y_web/", "")
