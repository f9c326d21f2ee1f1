"""The adapter turns each answer of the server into what core understands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from e11y import Rejected, Retryable
from e11y.testing import Answer, StandaloneHost, make_record
from e11y_loki import LokiAdapter, LokiSettings

STREAM = '{event_name="order.paid", level="info", service_name="shop", severity="info"}'
T1, T2 = "2026-01-20T08:00:00Z", "2026-01-24T12:00:00.123+01:00"


@pytest.fixture
def adapter(request: pytest.FixtureRequest, loki: Any) -> LokiAdapter:
    """Return one that waits for an answer as many seconds as its parameter says."""
    timeout_s = getattr(request, "param", 10.0)
    return LokiAdapter(LokiSettings(url=loki.url, timeout_s=timeout_s), StandaloneHost())


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_success_is_one(loki: Any, adapter: LokiAdapter, status: int) -> None:
    loki.server.answers.append(Answer(status))
    adapter.write_batch([make_record()])


def test_a_success_whose_end_is_lost_is_one(loki: Any, adapter: LokiAdapter) -> None:
    loki.server.answers.append(Answer(200, b"{}", cut="within"))
    adapter.write_batch([make_record()])
    assert len(loki.server.requests) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(loki: Any, adapter: LokiAdapter, status: int) -> None:
    loki.server.answers.append(Answer(status, b"please wait", retry_after=7))
    with pytest.raises(Retryable, match=f"^{status}$") as caught:
        adapter.write_batch([make_record()])
    assert caught.value.retry_after_s == 7.0


def test_retry_after_may_be_a_date(loki: Any, adapter: LokiAdapter) -> None:
    loki.server.answers.append(Answer(429, retry_after=datetime.now(UTC) + timedelta(hours=1)))
    with pytest.raises(Retryable) as caught:
        adapter.write_batch([make_record()])
    assert caught.value.retry_after_s == pytest.approx(3600, abs=60)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}])
def test_without_a_readable_retry_after_core_decides(loki: Any, adapter: LokiAdapter, headers: dict[str, str]) -> None:
    loki.server.answers.append(Answer(503, headers=headers))
    with pytest.raises(Retryable) as caught:
        adapter.write_batch([make_record()])
    assert caught.value.retry_after_s is None


@pytest.mark.parametrize(
    ("status", "split"),
    [
        (400, True),
        (413, True),
        (422, True),
        (301, False),
        (307, False),
        (401, False),
        (403, False),
        (404, False),
        (405, False),
        (415, False),
    ],
)
def test_a_refused_batch_is_rejected(loki: Any, adapter: LokiAdapter, status: int, split: bool) -> None:
    record = make_record(1, {"email": "a@example.com"})
    headers = {"Location": f"{loki.url}/elsewhere"} if status < 400 else {}
    loki.server.answers.append(Answer(status, b"cannot take " + record.encoded(), headers=headers))
    with pytest.raises(Rejected) as caught:
        adapter.write_batch([record])
    assert (str(caught.value), caught.value.split) == (str(status), split)
    assert len(loki.server.requests) == 1


@pytest.mark.parametrize(
    ("status", "words", "reason"),
    [
        (
            400,
            f"entry for stream '{STREAM}' has timestamp too old: {T1}, oldest acceptable timestamp is: {T2}\n",
            f"400: timestamp too old: {T1}, oldest acceptable timestamp is: {T2}",
        ),
        (400, f"entry for stream '{STREAM}' has timestamp too new: {T1}", f"400: timestamp too new: {T1}"),
        (
            400,
            f"entry with timestamp 2026-01-20 08:00:00 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp "
            f"is: {T1}, oldest acceptable timestamp is: {T2}',\nuser 'acme', total ignored: 1 out of 2 for stream: {STREAM}",
            f"400: entry too far behind, entry timestamp is: {T1}, oldest acceptable timestamp is: {T2}",
        ),
        (
            400,
            f"entry with timestamp {T1} ignored, reason: 'entry too far behind, oldest acceptable timestamp is: {T2}',",
            f"400: entry too far behind, oldest acceptable timestamp is: {T2}",
        ),
        (400, f"entry with timestamp {T1} ignored, reason: 'entry out of order' for stream", "400: entry out of order"),
        (
            400,
            f"Max entry size '262144' bytes exceeded for stream '{STREAM}' while adding an entry with length '300000' bytes",
            "400: Max entry size 262144 bytes exceeded",
        ),
        (
            400,
            f"stream '{STREAM}' has structured metadata too large: '70000' bytes, limit: '65536' bytes. Please see",
            "400: structured metadata too large: 70000 bytes, limit: 65536 bytes",
        ),
        (
            400,
            f"stream '{STREAM}' has too many structured metadata labels: '200', limit: '128'. Please see",
            "400: too many structured metadata labels: 200, limit: 128",
        ),
        (400, f"stream '{STREAM}' has label name too long: 'xxx'", "400: label name too long"),
        (400, f"stream '{STREAM}' has label value too long: 'secret'", "400: label value too long"),
        (400, "Error parsing labels '{a=secret' with error: 1:3", "400: Error parsing labels"),
        (
            413,
            "request body too large: 5000000 bytes, limit: 4194304 bytes",
            "413: request body too large: 5000000 bytes, limit: 4194304 bytes",
        ),
        (413, "<html><center><h1>413 Request Entity Too Large</h1>", "413"),
        (400, 'unmarshalerDecoder: error found in ...|{"email":"a@example.com"}|...', "400"),
        (400, "\xff\xfe".encode("latin-1"), "400"),
    ],
)
def test_the_reason_is_in_lokis_words_and_quotes_nothing(
    loki: Any, adapter: LokiAdapter, status: int, words: str | bytes, reason: str
) -> None:
    loki.server.answers.append(Answer(status, words if isinstance(words, bytes) else words.encode()))
    with pytest.raises(Rejected) as caught:
        adapter.write_batch([make_record()])
    assert (caught.value.reason, caught.value.split) == (reason, True)


@pytest.mark.parametrize(
    ("status", "words", "reason"),
    [
        (
            400,
            f"stream '{STREAM}' includes structured metadata, but this feature is disallowed. Please see",
            "400: structured metadata, but this feature is disallowed",
        ),
        (400, f"entry for stream '{STREAM}' has 16 label names; limit 15", "400: 16 label names; limit 15"),
        (400, f"missing required labels region for user acme for stream {STREAM}", "400: missing required labels"),
        (400, "tenant ID is too long: max 150 characters", "400: tenant ID is too long"),
        (401, "no org id", "401: no org id"),
    ],
)
def test_what_is_wrong_with_all_records_is_not_looked_for_in_one(
    loki: Any, adapter: LokiAdapter, status: int, words: str, reason: str
) -> None:
    loki.server.answers.append(Answer(status, words.encode()))
    with pytest.raises(Rejected) as caught:
        adapter.write_batch([make_record()])
    assert (caught.value.reason, caught.value.split) == (reason, False)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            "Ingestion rate limit exceeded for user acme (limit: 4194304 bytes/sec) while",
            "429: Ingestion rate limit exceeded",
        ),
        (f"Per stream rate limit exceeded (limit: 3MB/sec) while '{STREAM}'", "429: Per stream rate limit exceeded"),
        (f"Maximum active stream limit exceeded when {STREAM}", "429: Maximum active stream limit exceeded"),
        (
            "ingestion blocked for user acme until '2026-02-01T00:00:00Z' with status code '429'",
            "429: ingestion blocked",
        ),
    ],
)
def test_limits_are_waited_out(loki: Any, adapter: LokiAdapter, words: str, reason: str) -> None:
    loki.server.answers.append(Answer(429, words.encode()))
    with pytest.raises(Retryable) as caught:
        adapter.write_batch([make_record()])
    assert (str(caught.value), caught.value.retry_after_s) == (reason, None)


@pytest.mark.parametrize(
    ("adapter", "answer"),
    [(10.0, Answer(cut="before")), (5.0, Answer(hang=True)), (5.0, Answer(delay_s=30.0))],
    indirect=["adapter"],
)
def test_a_lost_answer_is_asked_for_again(loki: Any, adapter: LokiAdapter, answer: Answer) -> None:
    loki.server.answers.append(answer)
    with pytest.raises(Retryable, match=r"^(ProtocolError|ReadTimeoutError)$"):
        adapter.write_batch([make_record()])
    adapter.write_batch([make_record()])


def test_a_refusal_whose_words_are_lost_is_one(loki: Any, adapter: LokiAdapter) -> None:
    loki.server.answers.append(Answer(400, b"entry out of", cut="within"))
    with pytest.raises(Rejected, match="^400$"):
        adapter.write_batch([make_record()])


def test_a_server_that_does_not_exist_may_come_back(loki: Any, adapter: LokiAdapter) -> None:
    loki.server.stop()
    with pytest.raises(Retryable, match="^NewConnectionError$") as caught:
        adapter.write_batch([make_record()])
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert not adapter.healthy()


@pytest.mark.parametrize(
    ("answer", "healthy"), [(Answer(200, b"ready"), True), (Answer(503), False), (Answer(302), False)]
)
def test_health_is_what_ready_says(loki: Any, adapter: LokiAdapter, answer: Answer, healthy: bool) -> None:
    loki.server.answers.append(answer)
    assert adapter.healthy() is healthy
    assert [(request.method, request.path) for request in loki.server.requests] == [("GET", "/ready")]


def test_a_closed_adapter_is_not_healthy(adapter: LokiAdapter) -> None:
    adapter.close()
    assert not adapter.healthy()
