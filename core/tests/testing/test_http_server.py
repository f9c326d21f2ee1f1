"""The loopback server answers as scripted and never keeps a test waiting."""

import gzip
import json
import socket
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import urllib3

from e11y.testing.http_server import Answer, LoopbackServer
from e11y.testing.ports import free_port


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        yield server


@pytest.fixture
def client() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False, timeout=30.0) as client:
        yield client


def test_the_default_answer_is_204_without_a_body(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    answer = client.request("POST", f"{server.url}/push", body=b"x")
    assert (answer.status, answer.data) == (204, b"")


def test_answers_are_taken_in_order_then_the_default(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    server.answers.extend([Answer(500), Answer(503), Answer(413, b"too large")])
    statuses = [client.request("POST", server.url).status for _ in range(4)]
    assert statuses == [500, 503, 413, 204]


def test_a_function_may_decide(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    server.default = lambda request: Answer(200, request.body.upper())
    server.answers.append(Answer(503))
    assert [client.request("POST", server.url, body=b"x").status for _ in range(2)] == [503, 200]
    assert client.request("POST", server.url, body=b"xyz").data == b"XYZ"


@pytest.mark.parametrize("status", [400, 401, 403, 413, 418, 599])
def test_an_error_may_have_a_body_and_headers(server: LoopbackServer, client: urllib3.PoolManager, status: int) -> None:
    server.default = Answer(status, b'{"error":"no"}', headers={"Content-Type": "application/json"})
    answer = client.request("POST", server.url)
    assert (answer.status, answer.json()) == (status, {"error": "no"})
    assert answer.headers["content-type"] == "application/json"


def test_retry_after_is_seconds_or_a_date(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    moment = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)
    server.answers.extend([Answer(429, retry_after=2), Answer(429, retry_after=moment)])
    shown = [client.request("POST", server.url).headers["retry-after"] for _ in range(2)]
    assert shown == ["2", "Sat, 31 Jan 2026 12:00:05 GMT"]


def test_a_request_is_recorded_with_its_decompressed_body(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    lines = b'{"a":1}\n{"a":2}\n'
    for encoding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        client.request("PUT", f"{server.url}/x?y=1", body=pack(lines), headers={"Content-Encoding": encoding})
    client.request("GET", f"{server.url}/ready")
    first, second, third = server.requests
    assert (first.method, first.path, first.json_lines()) == ("PUT", "/x?y=1", [{"a": 1}, {"a": 2}])
    assert first.headers["content-encoding"] == "gzip"
    assert first.wire_bytes == len(gzip.compress(lines))
    assert second.body == lines
    assert (third.method, third.body) == ("GET", b"")


def test_a_chunked_body_is_put_together(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    client.request("POST", server.url, body=iter([b'{"a":', b"1}"]), chunked=True)
    assert server.requests[0].json() == {"a": 1}


def test_a_broken_content_encoding_is_a_bad_request(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    answer = client.request("POST", server.url, body=b"not gzip", headers={"Content-Encoding": "gzip"})
    assert answer.status == 400
    assert server.requests == ()


def test_connections_are_kept_alive(server: LoopbackServer) -> None:
    with urllib3.HTTPConnectionPool("127.0.0.1", server.port, maxsize=1) as pool:
        for _ in range(3):
            pool.request("POST", "/")
        assert pool.num_connections == 1


def test_a_head_request_has_no_body(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    server.default = Answer(200, b"ready")
    for _ in range(2):
        answer = client.request("HEAD", server.url)
        assert (answer.status, answer.data, answer.headers["content-length"]) == (200, b"", "5")


@pytest.mark.parametrize("answer", [Answer(cut="before"), Answer(200, b'{"half":', cut="within")])
def test_a_cut_connection_is_an_error_of_the_client(
    server: LoopbackServer, client: urllib3.PoolManager, answer: Answer
) -> None:
    server.answers.append(answer)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.request("POST", server.url)
    assert client.request("POST", server.url).status == 204


def test_a_cut_within_needs_a_body() -> None:
    with pytest.raises(ValueError, match=r"^an answer of status 204 has no body; use 200$"):
        Answer(204, cut="within")


def test_a_slow_answer_takes_its_time(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    server.answers.append(Answer(200, delay_s=30))
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        client.request("POST", server.url, timeout=0.05)
    server.wait_for_requests(1)  # so that the next answer is not for this one
    server.answers.append(Answer(200, delay_s=0.05))
    started = time.monotonic()
    assert client.request("POST", server.url).status == 200
    assert time.monotonic() - started >= 0.05


def test_a_hanging_request_is_answered_when_released(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    server.answers.append(Answer(200, b"at last", hang=True))
    bodies: list[bytes] = []
    caller = threading.Thread(target=lambda: bodies.append(client.request("POST", server.url).data))
    caller.start()
    server.wait_for_requests(1)
    assert bodies == []
    server.release()
    caller.join(30)
    assert bodies == [b"at last"]


def test_waiting_for_requests_that_do_not_come_says_how_many_came(server: LoopbackServer) -> None:
    with pytest.raises(AssertionError, match=r"^0 of 1 requests came within 0\.01 s$"):
        server.wait_for_requests(1, timeout_s=0.01)


def test_stop_is_quick_while_requests_hang_and_connections_idle(client: urllib3.PoolManager) -> None:
    server = LoopbackServer(Answer(200, hang=True))
    errors: list[BaseException] = []

    def call() -> None:
        try:
            client.request("POST", server.url)
        except urllib3.exceptions.HTTPError as error:
            errors.append(error)

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    server.wait_for_requests(4)
    started = time.monotonic()
    server.stop()
    server.stop()
    assert time.monotonic() - started < 10.0
    for caller in callers:
        caller.join(30)
    assert len(errors) == 4


def test_a_stopped_server_refuses_and_its_port_can_be_taken_again(client: urllib3.PoolManager) -> None:
    first = LoopbackServer(port=free_port())
    first.stop()
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        client.request("POST", first.url)
    with LoopbackServer(port=first.port):
        assert client.request("POST", first.url).status == 204


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a later server of ours could not have the port either")
def test_nobody_gets_the_port_of_a_stopped_server_by_chance() -> None:
    server = LoopbackServer()
    server.stop()
    with socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
        other.bind(("127.0.0.1", server.port))


def test_many_threads_are_recorded_without_loss(server: LoopbackServer, client: urllib3.PoolManager) -> None:
    def send(number: int) -> None:
        for index in range(20):
            client.request("POST", server.url, body=json.dumps([number, index]).encode())

    callers = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(30)
    assert sorted(request.json() for request in server.requests) == [[n, i] for n in range(8) for i in range(20)]
