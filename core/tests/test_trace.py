"""Trace context at the edges: what comes in is untrusted, what goes out is valid."""

from __future__ import annotations

import hashlib
import re
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y.clock import Ids
from e11y.context import CURRENT, Frame
from e11y.trace import (
    Trace,
    extract,
    format_baggage,
    format_traceparent,
    inject,
    parse_baggage,
    parse_legacy_id,
    parse_traceparent,
    parse_tracestate,
)

TRACE_HEX, SPAN_HEX = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACE, SPAN = int(TRACE_HEX, 16), int(SPAN_HEX, 16)
PARENT = f"00-{TRACE_HEX}-{SPAN_HEX}-01"
UUID_TEXT = "4BF92F35-77b3-4da6-a3ce-929d0e0e4736"

texts = st.one_of(
    st.text(),
    st.text(alphabet="0123456789abcdefABCDEF-,;=%\t\r\n ", max_size=120),
    st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"),
)


def frame(trace: int = TRACE, span: int = SPAN, sampled: int = -1, **travelling: object) -> Frame:
    return Frame((trace, span, 0, 0, sampled), **travelling)  # type: ignore[arg-type] - tests pass what Frame takes


class TestTraceparent:
    @pytest.mark.parametrize(
        ("flags", "sampled"), [("00", False), ("01", True), ("02", False), ("03", True), ("fe", False), ("ff", True)]
    )
    def test_sampled_is_one_bit_of_the_flags(self, flags: str, sampled: bool) -> None:
        parsed = parse_traceparent(f"00-{TRACE_HEX}-{SPAN_HEX}-{flags}")
        assert parsed == Trace(TRACE, SPAN, sampled=sampled, source="traceparent")

    @pytest.mark.parametrize("version", ["01", "cc", "fe"])
    @pytest.mark.parametrize("rest", ["", "-", "-what-the-future-brings"])
    def test_of_a_higher_version_the_first_four_fields_are_read(self, version: str, rest: str) -> None:
        parsed = parse_traceparent(f"{version}-{TRACE_HEX}-{SPAN_HEX}-01{rest}")
        assert parsed == Trace(TRACE, SPAN, sampled=True, source="traceparent")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "00",
            f"ff-{TRACE_HEX}-{SPAN_HEX}-01",
            f"00-{TRACE_HEX}-{SPAN_HEX}-01-extra",
            f"00-{TRACE_HEX}-{SPAN_HEX}-01-",
            f"00-{TRACE_HEX}-{SPAN_HEX}",
            f"cc-{TRACE_HEX}-{SPAN_HEX}-01what",
            f"00-{TRACE_HEX.upper()}-{SPAN_HEX}-01",
            f"00-{TRACE_HEX}-{SPAN_HEX.upper()}-01",
            f"0A-{TRACE_HEX}-{SPAN_HEX}-01",
            f"00-{TRACE_HEX}-{SPAN_HEX}-0A",
            f"00-{'0' * 32}-{SPAN_HEX}-01",
            f"00-{TRACE_HEX}-{'0' * 16}-01",
            f"00-{TRACE_HEX[:-1]}-{SPAN_HEX}-01",
            f"00-{TRACE_HEX}0-{SPAN_HEX}-01",
            f"00-{TRACE_HEX[:-1]}g-{SPAN_HEX}-01",
            f"00-{TRACE_HEX[:-1]}\u0663-{SPAN_HEX}-01",
            f"00_{TRACE_HEX}_{SPAN_HEX}_01",
            f"{PARENT},{PARENT}",
            f"{PARENT}\n",
            f" {PARENT}",
            f"cc-{TRACE_HEX}-{SPAN_HEX}-01-{'x' * 500}",
        ],
    )
    def test_what_the_standard_refuses_is_refused(self, text: str) -> None:
        assert parse_traceparent(text) is None

    @given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.sampled_from([True, False, None]))
    def test_what_is_written_can_be_read(self, trace: int, span: int, sampled: bool | None) -> None:
        parsed = parse_traceparent(format_traceparent(trace, span, sampled))
        assert parsed == Trace(trace, span, sampled=sampled is not False, source="traceparent")


class TestLegacyIds:
    @pytest.mark.parametrize("text", [TRACE_HEX, TRACE_HEX.upper(), UUID_TEXT, UUID_TEXT.lower()])
    def test_uuids_and_hex_ids_keep_their_digits(self, text: str) -> None:
        assert parse_legacy_id(text) == TRACE

    @pytest.mark.parametrize("text", ["req-42", "a" * 200, TRACE_HEX + "0", UUID_TEXT.replace("-", "", 1)])
    def test_any_other_id_is_hashed(self, text: str) -> None:
        assert parse_legacy_id(text) == int(hashlib.sha256(text.encode()).hexdigest()[:32], 16)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "a" * 201,
            "two words",
            "line\nbreak",
            "nul\0",
            "ümlaut",
            "\u202e",
            "0" * 32,
            "00000000-0000-0000-0000-" + "0" * 12,
        ],
    )
    def test_long_strange_or_zero_ids_are_refused(self, text: str) -> None:
        assert parse_legacy_id(text) is None


class TestTracestate:
    @pytest.mark.parametrize("text", ["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1 ,\tb=2,,", "x=" + "y" * 510])
    def test_it_passes_untouched(self, text: str) -> None:
        assert parse_tracestate(text) == text

    @pytest.mark.parametrize(
        "text", ["", ",", "x=" + "y" * 511, ",".join(f"k{n}=1" for n in range(33)), "a=1\r\nSet-Cookie: b", "a=é"]
    )
    def test_what_may_not_travel_on_is_dropped(self, text: str) -> None:
        assert parse_tracestate(text) == ""

    def test_thirty_two_members_are_allowed(self) -> None:
        text = ",".join(f"k{n}=1" for n in range(32))
        assert parse_tracestate(text) == text


class TestBaggage:
    def test_only_allowed_keys_come_in(self) -> None:
        header = "tenant=acme, user_email=a%40b.c ,experiment = b;prop=1;other , tenant2=x"
        assert parse_baggage(header, ["tenant", "experiment"]) == {"tenant": "acme", "experiment": "b"}

    def test_nothing_comes_in_unless_it_was_allowed(self) -> None:
        assert parse_baggage("tenant=acme", ()) == {}

    def test_values_are_percent_decoded_as_utf_8(self) -> None:
        assert parse_baggage("k=Am%C3%A9lie%20%2C%3B%25%ff+", ["k"]) == {"k": "Amélie ,;%\ufffd+"}

    def test_of_a_repeated_key_the_last_counts(self) -> None:
        assert parse_baggage("k=1,k=2", ["k"]) == {"k": "2"}

    @pytest.mark.parametrize("value", ["a%0d%0aX-Evil:1", "a%00", "a%1b[2J", "a%C2%85b"])
    def test_a_value_with_control_characters_is_dropped_alone(self, value: str) -> None:
        assert parse_baggage(f"k={value},l=1", ["k", "l"]) == {"l": "1"}

    def test_a_raw_line_break_drops_the_header(self) -> None:
        assert parse_baggage("k=1\r\nl=2", ["k", "l"]) == {}

    def test_the_header_is_bounded(self) -> None:
        assert parse_baggage("k=" + "v" * 8190, ["k"]) == {"k": "v" * 8190}
        assert parse_baggage("k=" + "v" * 8191, ["k"]) == {}
        assert parse_baggage(",".join(["k=1"] * 180), ["k"]) == {"k": "1"}
        assert parse_baggage(",".join(["k=1"] * 181), ["k"]) == {}

    def test_members_without_a_value_are_empty(self) -> None:
        assert parse_baggage("k,,=,l=", ["k", "l"]) == {"k": "", "l": ""}

    @given(
        st.dictionaries(
            st.from_regex(r"[a-z_.]{1,10}", fullmatch=True),
            st.text(st.characters(exclude_categories=["C"]), max_size=30),  # all of it fits into a header
            max_size=20,
        )
    )
    def test_what_is_written_can_be_read(self, entries: dict[str, str]) -> None:
        header = format_baggage(entries)
        assert parse_baggage(header, entries) == entries
        assert re.fullmatch(r"[!-~]*", header)

    def test_keys_that_are_no_token_stay_here(self) -> None:
        assert format_baggage({"a b": "1", "c\r\n": "2", "": "3", "ü": "4", "ok": "5"}) == "ok=5"

    def test_what_goes_out_is_bounded(self) -> None:
        assert len(format_baggage({f"k{n}": "v" for n in range(200)}).split(",")) == 180
        assert format_baggage({"a": "v" * 8190, "b": "2"}) == "a=" + "v" * 8190
        assert format_baggage({"a": "v" * 8191}) == ""

    def test_a_lone_surrogate_cannot_break_a_header(self) -> None:
        assert format_baggage({"k": "\ud83d"}) == "k=%3F"


class TestExtract:
    def test_the_sources_are_asked_in_order(self) -> None:
        headers = {"traceparent": PARENT, "X-Trace-ID": "t", "X-Request-ID": "r", "X-Correlation-ID": "c"}
        sources = []
        for name in list(headers):
            sources.append(extract(headers, ids=Ids(1)).source)
            del headers[name]
        sources.append(extract(headers, ids=Ids(1)).source)
        assert sources == ["traceparent", "x-trace-id", "x-request-id", "x-correlation-id", "generated"]

    def test_an_invalid_source_gives_way_to_the_next(self) -> None:
        headers = {"traceparent": PARENT.upper(), "x-trace-id": "0" * 32, "x-request-id": UUID_TEXT}
        assert extract(headers) == Trace(TRACE, source="x-request-id")

    def test_names_count_in_any_case_and_values_without_outer_white_space(self) -> None:
        headers = {"TraceParent": f" {PARENT}\t", "TRACESTATE": "a=1", "Baggage": "k=v", "Accept": "*/*"}
        assert extract(headers, baggage_keys={"k"}) == Trace(
            TRACE, SPAN, sampled=True, tracestate="a=1", baggage={"k": "v"}, source="traceparent"
        )

    def test_of_a_header_given_twice_the_first_counts(self) -> None:
        assert extract({"X-Request-ID": TRACE_HEX, "x-request-id": "other"}).trace_id == TRACE

    def test_legacy_headers_can_be_left_alone(self) -> None:
        trace = extract({"X-Trace-ID": TRACE_HEX}, legacy=False, ids=Ids(1))
        assert trace == Trace(Ids(1).trace_id(), source="generated")

    def test_nobody_decided_for_a_legacy_or_a_new_trace(self) -> None:
        assert extract({"X-Trace-ID": TRACE_HEX}).sampled is None
        assert extract({}).sampled is None

    def test_tracestate_is_ignored_without_a_valid_traceparent(self) -> None:
        assert extract({"tracestate": "a=1", "x-trace-id": "t"}).tracestate == ""

    def test_baggage_comes_in_without_a_traceparent(self) -> None:
        assert extract({"baggage": "tenant=acme"}, baggage_keys=["tenant"]).baggage == {"tenant": "acme"}

    def test_generated_ids_differ(self) -> None:
        assert len({extract({}).trace_id for _ in range(100)}) == 100

    def test_a_trace_can_be_a_key(self) -> None:
        assert {extract({"traceparent": PARENT}): 1}[extract({"traceparent": PARENT})] == 1

    @given(
        st.dictionaries(
            st.sampled_from(
                [
                    "traceparent",
                    "TraceParent",
                    "tracestate",
                    "baggage",
                    "x-trace-id",
                    "X-Request-ID",
                    "x-correlation-id",
                    "é",
                ]
            ),
            texts,
        ),
        st.booleans(),
    )
    def test_no_headers_raise_and_every_trace_can_travel_on(self, headers: dict[str, str], legacy: bool) -> None:
        trace = extract(headers, legacy=legacy, baggage_keys=["a", "1", ""])
        assert 0 < trace.trace_id < 2**128
        assert 0 <= trace.span_id < 2**64
        out: dict[str, str] = {}
        inject(
            out, Frame((trace.trace_id, trace.span_id, 0, 0, -1), tracestate=trace.tracestate, baggage=trace.baggage)
        )
        again = parse_traceparent(out["traceparent"])
        assert again is not None
        assert again.trace_id == trace.trace_id
        assert all(re.fullmatch(r"[\t -~]+", value) for value in out.values())

    @given(texts)
    def test_no_text_raises(self, text: str) -> None:
        parse_traceparent(text)
        parse_legacy_id(text)
        parse_tracestate(text)
        parse_baggage(text, ["a"])
        format_baggage({text: text})


class TestInject:
    def test_everything_that_travels_is_added(self) -> None:
        headers = {"Accept": "*/*"}
        inject(headers, frame(tracestate="a=1", baggage=MappingProxyType({"tenant": "a c"})))
        assert headers == {"Accept": "*/*", "traceparent": PARENT, "tracestate": "a=1", "baggage": "tenant=a%20c"}

    @pytest.mark.parametrize(("sampled", "flags"), [(-1, "01"), (0, "00"), (1, "01")])
    def test_only_a_decision_against_it_says_so(self, sampled: int, flags: str) -> None:
        headers: dict[str, str] = {}
        inject(headers, frame(sampled=sampled))
        assert headers == {"traceparent": f"00-{TRACE_HEX}-{SPAN_HEX}-{flags}"}

    def test_without_a_trace_there_is_no_traceparent(self) -> None:
        headers: dict[str, str] = {}
        inject(headers, frame(trace=0, tracestate="a=1", baggage={"k": "v"}))
        assert headers == {"baggage": "k=v"}

    def test_a_missing_span_is_made(self) -> None:
        headers: dict[str, str] = {}
        inject(headers, frame(span=0), ids=Ids(1))
        assert headers == {"traceparent": format_traceparent(TRACE, Ids(1).span_id(), None)}

    def test_a_missing_span_is_made_without_ids_too(self) -> None:
        headers: dict[str, str] = {}
        inject(headers, frame(span=0))
        assert parse_traceparent(headers["traceparent"]) is not None

    def test_a_foreign_traceparent_is_kept_without_our_tracestate(self) -> None:
        headers = {"TraceParent": "theirs"}
        inject(headers, frame(tracestate="a=1"))
        assert headers == {"TraceParent": "theirs"}

    def test_foreign_tracestate_and_baggage_are_kept(self) -> None:
        headers = {"Tracestate": "theirs", "BAGGAGE": "theirs"}
        inject(headers, frame(tracestate="a=1", baggage={"k": "v"}))
        assert headers == {"Tracestate": "theirs", "BAGGAGE": "theirs", "traceparent": PARENT}

    def test_baggage_that_cannot_be_said_adds_no_header(self) -> None:
        headers: dict[str, str] = {}
        inject(headers, frame(trace=0, baggage={"no token": "v"}))
        assert headers == {}

    def test_the_current_context_is_sent_by_default(self) -> None:
        token = CURRENT.set(frame())
        headers: dict[str, str] = {}
        try:
            inject(headers)
        finally:
            CURRENT.reset(token)
        assert headers == {"traceparent": PARENT}
