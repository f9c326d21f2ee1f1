"""Patterns of the application's own."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y import ConfigError, Event, Runtime
from e11y.testing import TrackedEvents
from e11y_pii import pii
from e11y_pii.custom import LONGEST_TEXT, compile_all
from e11y_pii.scanner import Scanner

SOURCES = {
    "customer": r"\bC-\d{4}\b",
    "either": r"(?:ab|a)c*",
    "start": r"^x+",
    "space": r"\w+\s\d",
    "greedy": r"<.*>",
    "lazy": r"<.*?>",
    "class": r"[^a-z0-9]{3,}",
}


@pii
class CustomSeen(Event):
    note: str


@pytest.mark.e11y_config({"plugins": ["pii"], "pii": {"custom_patterns": {"customer": r"\bC-\d{4}\b"}}})
def test_a_custom_pattern_is_replaced_too(e11y_events: TrackedEvents) -> None:
    CustomSeen.track(note="C-1234 of alice@example.com, not C-12345")
    assert e11y_events.records[0].payload == {"note": "[FILTERED] of [FILTERED], not C-12345"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"custom_patterns": {"odd": "(a"}},
            "custom pattern 'odd' does not compile: missing ), unterminated subpattern\n"
            "  where: [tool.e11y.pii.custom_patterns] odd\n"
            "  fix:   write a regular expression of Python's module re; in TOML quote it with ' '",
        ),
        (
            {"custom_patterns": {"odd": "a*"}},
            "custom pattern 'odd' matches the empty text, so it would match everywhere\n"
            "  where: [tool.e11y.pii.custom_patterns] odd\n"
            "  fix:   make it need at least one character",
        ),
        (
            {"engine": "re2", "custom_patterns": {"odd": "a(?=b)"}},
            "custom pattern 'odd' cannot be run by RE2\n"
            "  where: [tool.e11y.pii.custom_patterns] odd\n"
            '  fix:   write it without look-around and back-references, or set  engine = "auto"',
        ),
    ],
)
def test_a_pattern_that_cannot_work_stops_the_start(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Runtime({"plugins": ["pii"], "pii": settings}, environ={}, event_types=())
    assert str(caught.value) == message


def test_an_engine_that_is_not_installed_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    assert compile_all({"a": "a+"}, "auto")[0].is_in("a")
    with pytest.raises(ConfigError) as caught:
        compile_all({"a": "a+"}, "re2")
    assert str(caught.value) == (
        'engine = "re2" needs the package google-re2\n'
        "  where: [tool.e11y.pii] engine\n"
        "  fix:   pip install 'e11y-pii[re2]'"
    )


def test_without_patterns_no_engine_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    assert compile_all({}, "re2") == []


def test_auto_falls_back_to_re_for_what_re2_cannot_do() -> None:
    (one,) = compile_all({"ahead": "a(?=b)"}, "auto")
    assert list(one.find("ab ac")) == [(0, 1)]


@given(st.text(alphabet="abcx C-0123456789<>\n\tü\ud83d", max_size=60))
def test_both_engines_find_the_same(text: str) -> None:
    plain, fast = (Scanner([], compile_all(SOURCES, engine)) for engine in ("re", "re2"))  # type: ignore[arg-type]
    assert plain.spans(text) == fast.spans(text)
    assert plain.redact(text) == fast.redact(text)


def test_re2_takes_linear_time_whatever_the_pattern() -> None:
    (one,) = compile_all({"evil": "(a+)+$"}, "re2")
    started = time.thread_time()
    assert not one.is_in("a" * 100_000 + "b")
    assert time.thread_time() - started < 1


WARNING = (
    "pii: custom pattern 'ahead', 'evil' runs on Python's module re, which some texts can occupy for ever while the "
    "whole process waits, and counts as found in any text of more than 4096 characters: "
    "pip install 'e11y-pii[re2]' and write it without look-around and back-references, "
    'or say  engine = "re"  in [tool.e11y.pii] if you know that it is harmless'
)


@pytest.mark.parametrize(
    ("installed", "engine", "sources", "told"),
    [
        (False, "auto", {"ahead": "a(?=b)", "evil": "(a+)+$"}, [WARNING]),
        (True, "auto", {"ahead": "a(?=b)", "evil": "(a+)+$"}, [WARNING.replace(", 'evil'", "")]),
        (True, "auto", {"evil": "(a+)+$"}, []),
        (True, "re2", {"evil": "(a+)+$"}, []),
        (False, "re", {"evil": "(a+)+$"}, []),
        (False, "auto", {}, []),
    ],
)
def test_the_start_warns_of_patterns_that_may_take_long(
    installed: bool,
    engine: str,
    sources: dict[str, str],
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if not installed:
        monkeypatch.setitem(sys.modules, "re2", None)
    settings = {"plugins": ["pii"], "pii": {"engine": engine, "custom_patterns": sources}}
    with caplog.at_level(logging.WARNING, "e11y"), Runtime(settings, environ={}, event_types=()):
        pass
    assert [record.getMessage() for record in caplog.records if "custom pattern" in record.getMessage()] == told


@pytest.mark.e11y_config({"plugins": ["pii"], "pii": {"engine": "re", "custom_patterns": {"square": r"\w+!"}}})
def test_a_long_text_is_filtered_whole_and_not_shown_to_re(e11y_events: TrackedEvents) -> None:
    CustomSeen.track(note="a" * LONGEST_TEXT)
    CustomSeen.track(note="a" * (LONGEST_TEXT + 1))
    assert [record.payload["note"] for record in e11y_events.records] == ["a" * LONGEST_TEXT, "[FILTERED]"]


def test_a_pattern_of_square_time_is_bounded_by_the_length() -> None:
    (one,) = compile_all({"square": r"\w+!"}, "re")
    started = time.thread_time()
    assert one.is_in("a" * 50_000)
    assert time.thread_time() - started < 1


def test_a_long_text_is_no_matter_for_re2() -> None:
    (one,) = compile_all({"customer": r"\bC-\d{4}\b"}, "re2")
    assert list(one.find("a" * 10_000 + " C-1234")) == [(10_001, 10_007)]
