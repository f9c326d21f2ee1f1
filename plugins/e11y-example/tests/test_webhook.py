"""The adapter turns each answer of the server into what core understands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from e11y import Rejected, Retryable
from e11y.testing import Answer, LoopbackServer, StandaloneHost, make_record
from e11y_example import WebhookAdapter, WebhookSettings


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        yield server


@pytest.fixture
def adapter(request: pytest.FixtureRequest, server: LoopbackServer) -> Iterator[WebhookAdapter]:
    """Yield one that waits for an answer as many seconds as its parameter says."""
    timeout_s = getattr(request, "param", 10.0)
    adapter = WebhookAdapter(WebhookSettings(url=f"{server.url}/events", timeout_s=timeout_s), StandaloneHost())
    yield adapter
    adapter.close()


def test_a_batch_is_one_post_of_json_lines(server: LoopbackServer, adapter: WebhookAdapter) -> None:
    adapter.write_batch([make_record(1), make_record(2)])
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/events")
    assert request.headers["content-type"] == "application/x-ndjson"
    marks = [line["payload"]["mark"] for line in request.json_lines()]
    assert marks == ["kit-mark-00001-end", "kit-mark-00002-end"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: LoopbackServer, adapter: WebhookAdapter, status: int) -> None:
    server.answers.append(Answer(status, retry_after=7))
    with pytest.raises(Retryable, match=f"^{status}$") as caught:
        adapter.write_batch([make_record()])
    assert caught.value.retry_after_s == 7.0


def test_retry_after_may_be_a_date(server: LoopbackServer, adapter: WebhookAdapter) -> None:
    server.answers.append(Answer(429, retry_after=datetime.now(UTC) + timedelta(hours=1)))
    with pytest.raises(Retryable) as caught:
        adapter.write_batch([make_record()])
    assert caught.value.retry_after_s == pytest.approx(3600, abs=60)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}])
def test_without_a_readable_retry_after_core_decides(
    server: LoopbackServer, adapter: WebhookAdapter, headers: dict[str, str]
) -> None:
    server.answers.append(Answer(503, headers=headers))
    with pytest.raises(Retryable) as caught:
        adapter.write_batch([make_record()])
    assert caught.value.retry_after_s is None


@pytest.mark.parametrize(
    ("status", "split"), [(400, True), (413, True), (422, True), (301, False), (401, False), (403, False), (404, False)]
)
def test_a_refused_batch_is_rejected(server: LoopbackServer, adapter: WebhookAdapter, status: int, split: bool) -> None:
    record = make_record(1, {"email": "a@example.com"})
    server.answers.append(Answer(status, b"cannot take " + record.encoded()))
    with pytest.raises(Rejected) as caught:
        adapter.write_batch([record])
    assert (str(caught.value), caught.value.split) == (str(status), split)


@pytest.mark.parametrize(
    ("adapter", "answer"),
    [
        (10.0, Answer(cut="before")),
        (10.0, Answer(cut="within")),
        (5.0, Answer(hang=True)),
        (5.0, Answer(delay_s=30.0)),
    ],
    indirect=["adapter"],
)
def test_a_lost_answer_is_asked_for_again(server: LoopbackServer, adapter: WebhookAdapter, answer: Answer) -> None:
    server.answers.append(answer)
    with pytest.raises(Retryable):
        adapter.write_batch([make_record()])
    adapter.write_batch([make_record()])


def test_the_url_is_not_shown() -> None:
    assert "token" not in repr(WebhookSettings(url="http://example.com/?token=1"))
