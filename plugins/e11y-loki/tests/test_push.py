"""What a push looks like on the wire."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y import Record, Severity
from e11y.context import EMPTY, extended
from e11y.severity import SEVERITIES
from e11y.testing import StandaloneHost, make_record
from e11y_loki import LokiAdapter, LokiSettings
from e11y_loki.compression import make_packer
from e11y_loki.push import PushFormat

TIME_NS = 1_769_860_800_000_000_000


@pytest.fixture
def adapter(loki: Any) -> LokiAdapter:
    return LokiAdapter(LokiSettings(url=loki.url), StandaloneHost(service="shop", environment="production"))


def pushed(loki: Any) -> list[dict[str, Any]]:
    streams: list[dict[str, Any]] = loki.server.requests[-1].json()["streams"]
    return streams


@pytest.mark.parametrize("count", [20, 100, 1_000])
def test_a_batch_is_one_compressed_push(loki: Any, adapter: LokiAdapter, count: int) -> None:
    adapter.write_batch([make_record(number) for number in range(count)])
    (request,) = loki.server.requests
    assert (request.method, request.path) == ("POST", "/loki/api/v1/push")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["content-encoding"] == "gzip"
    assert request.wire_bytes < len(request.body) / 5
    assert "x-scope-orgid" not in request.headers
    assert "authorization" not in request.headers


def test_compression_can_be_switched_off(loki: Any) -> None:
    adapter = LokiAdapter(LokiSettings(url=loki.url, gzip=False), StandaloneHost())
    adapter.write_batch([make_record()])
    (request,) = loki.server.requests
    assert "content-encoding" not in request.headers
    assert request.wire_bytes == len(request.body)


def test_an_entry_is_time_line_and_ids(loki: Any, adapter: LokiAdapter) -> None:
    record = make_record(7, {"text": 'quoted "text", \\ and \n'}, time_ns=TIME_NS + 123_456_789, resource={})
    adapter.write_batch([record])
    ((time_text, line, metadata),) = pushed(loki)[0]["values"]
    assert time_text == "1769860800123456789"
    assert line == record.encoded_body().decode()
    assert metadata == {"trace_id": record.trace_id}


def test_streams_are_the_name_and_the_severity(loki: Any, adapter: LokiAdapter) -> None:
    records = [Record.of("order.paid", {"n": 1}, severity=each, time_ns=TIME_NS) for each in SEVERITIES]
    adapter.write_batch([*records, Record.of("order.sent", {"n": 2}, time_ns=TIME_NS), *records])
    shared = {"service_name": "shop", "environment": "production"}
    levels = {"debug": "debug", "info": "info", "success": "info", "warn": "warn", "error": "error", "fatal": "fatal"}
    assert [(stream["stream"], len(stream["values"])) for stream in pushed(loki)] == [
        *(({**shared, "event_name": "order.paid", "severity": s, "level": level}, 2) for s, level in levels.items()),
        ({**shared, "event_name": "order.sent", "severity": "info", "level": "info"}, 1),
    ]


def test_entries_of_a_stream_are_in_the_order_of_time(loki: Any, adapter: LokiAdapter) -> None:
    times = [5, 3, 3, 9, 1]
    records = [make_record(n, time_ns=TIME_NS + offset) for n, offset in enumerate(times)]
    adapter.write_batch(records)
    (stream,) = pushed(loki)
    assert [int(entry[0]) - TIME_NS for entry in stream["values"]] == [1, 3, 3, 5, 9]
    marks = [json.loads(entry[1])["payload"]["mark"][9:14] for entry in stream["values"]]
    assert marks == ["00004", "00001", "00002", "00000", "00003"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("trace_id",), {"trace_id": f"{0xAB:032x}"}),
        (("span_id",), {"span_id": f"{0xCD:016x}"}),
        (("user_id", "span_id"), {"span_id": f"{0xCD:016x}", "user_id": "u-1"}),
        (("user_id", "absent"), {"user_id": "u-1"}),
        (("absent",), {}),
        (("count", "on", "half"), {"count": "3", "on": "true", "half": "?"}),
        (("endless",), {"endless": "int"}),
    ],
)
def test_structured_metadata_is_chosen(loki: Any, names: tuple[str, ...], expected: dict[str, str]) -> None:
    context = {"user_id": "u-1", "count": 3, "on": True, "half": "\ud83d", "endless": 10**5_000}
    record = make_record(trace=0xAB, span=0xCD, snapshot=extended(EMPTY, context))
    other = make_record(1, trace=0xAB, span=0xCD, snapshot=EMPTY)
    LokiAdapter(LokiSettings(url=loki.url, structured_metadata=names), StandaloneHost()).write_batch([record, other])
    values = pushed(loki)[0]["values"]
    assert values[0][2] == expected
    assert values[1][2] == {
        name: value for name, value in expected.items() if name.endswith("n_id") or name == "trace_id"
    }


def test_without_structured_metadata_an_entry_is_a_pair(loki: Any) -> None:
    LokiAdapter(LokiSettings(url=loki.url, structured_metadata=()), StandaloneHost()).write_batch([make_record()])
    assert [len(entry) for entry in pushed(loki)[0]["values"]] == [2]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(payload=st.dictionaries(st.text(), VALUES), name=st.text(min_size=1), severity=st.sampled_from(SEVERITIES))
def test_whatever_is_tracked_the_line_is_read_back_exactly(payload: Any, name: str, severity: Severity) -> None:
    name = name.encode("utf-8", "replace").decode()
    record = Record.of(name, payload, severity=severity, time_ns=TIME_NS, snapshot=extended(EMPTY, {"user_id": name}))
    for choice, expected in (("body", record.encoded_body()), ("record", record.encoded())):
        body = PushFormat({"service_name": "shop"}, ("trace_id", "user_id"), choice).encoded([record])
        (stream,) = json.loads(body)["streams"]
        assert stream["stream"]["event_name"] == name
        ((time_text, line, metadata),) = stream["values"]
        assert (time_text, line.encode()) == (str(TIME_NS), expected)
        assert metadata == {"trace_id": record.trace_id, "user_id": name}


@pytest.mark.parametrize(
    ("table", "absent"),
    [
        ({}, {"timestamp", "severity", "event_name", "service", "environment", "trace_id"}),
        ({"structured_metadata": ("span_id",)}, {"timestamp", "severity", "event_name", "service", "environment"}),
        ({"structured_metadata": ()}, {"timestamp", "severity", "event_name", "service", "environment"}),
        ({"line": "record"}, set()),
    ],
)
def test_a_line_leaves_out_what_stands_elsewhere_and_nothing_else(
    loki: Any, table: dict[str, Any], absent: set[str]
) -> None:
    record = make_record(resource={"service": "shop", "environment": "production"})
    host = StandaloneHost(service="shop", environment="production")
    LokiAdapter(LokiSettings(url=loki.url, **table), host).write_batch([record])
    whole = json.loads(record.encoded())
    assert absent <= set(whole)
    (line,) = loki.lines()
    assert line == {name: value for name, value in whole.items() if name not in absent}


def test_a_push_is_a_third_shorter_for_it() -> None:
    resource = {"service": "kit"}
    records = [make_record(number, resource=resource) for number in range(100)]
    short, whole = (
        len(PushFormat({"service_name": "kit"}, ("trace_id",), line).encoded(records)) for line in ("body", "record")
    )
    assert short < whole * 2 / 3


def test_what_came_from_another_service_says_so_in_its_line(loki: Any, adapter: LokiAdapter) -> None:
    resources = [{"service": "shop", "environment": "production"}, {"service": "shop", "environment": "staging"}]
    records = [make_record(number, resource=resource) for number, resource in enumerate(resources)]
    adapter.write_batch(records)
    assert [line.get("environment") for line in loki.lines()] == [None, "staging"]
    assert loki.lines()[1] == json.loads(records[1].encoded())


def test_records_that_are_alike_have_lines_that_are_not(loki: Any, adapter: LokiAdapter) -> None:
    records = [Record.of("order.paid", {"n": 1}, time_ns=TIME_NS, span=span) for span in range(1, 11)]
    adapter.write_batch(records)
    assert len(loki.lines()) == 10


def test_gzip_is_isals_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"x" * 10_000 + b"y" * 10
    isal = make_packer(gzip=True)(body)
    monkeypatch.setattr("e11y_loki.compression.find_spec", lambda _name: None)
    usual = make_packer(gzip=True)(body)
    assert usual == zlib.compress(body, 1, 31) != isal
    assert gzip.decompress(isal) == gzip.decompress(usual) == make_packer(gzip=False)(body) == body


@pytest.mark.parametrize(
    ("given_settings", "expected"),
    [
        ({"username": "user", "password": "pässword"}, "Basic dXNlcjpww6Rzc3dvcmQ="),
        ({"bearer_token": "swordfish"}, "Bearer swordfish"),
        ({"headers": {"authorization": "Token mellon"}}, "Token mellon"),
    ],
)
def test_credentials_are_sent(loki: Any, given_settings: dict[str, Any], expected: str) -> None:
    settings = LokiSettings(url=loki.url, **given_settings)
    adapter = LokiAdapter(settings, StandaloneHost())
    adapter.write_batch([make_record()])
    assert adapter.healthy()
    assert [request.headers["authorization"] for request in loki.server.requests] == [expected] * 2
    for secret in ("pässword", "swordfish", "mellon"):  # words that no address in a repr can hold
        assert secret not in repr(settings)
        assert secret not in repr(vars(adapter))


def test_headers_are_sent(loki: Any) -> None:
    LokiAdapter(LokiSettings(url=loki.url, headers={"X-Team": "a b"}), StandaloneHost()).write_batch([make_record()])
    assert loki.server.requests[0].headers["x-team"] == "a b"


@pytest.mark.parametrize("url_path", ["", "/", "/behind/proxy", "/behind/proxy/"])
def test_paths_stand_behind_the_path_of_the_url(loki: Any, url_path: str) -> None:
    settings = LokiSettings(
        url=loki.url + url_path, push_path="/insert/loki/api/v1/push", ready_path="/insert/loki/ready"
    )
    adapter = LokiAdapter(settings, StandaloneHost())
    with pytest.raises(Exception, match="^404$"):
        adapter.write_batch([make_record()])
    assert not adapter.healthy()
    root = url_path.rstrip("/")
    asked = [request.path for request in loki.server.requests]
    assert asked == [f"{root}/insert/loki/api/v1/push", f"{root}/insert/loki/ready"]
