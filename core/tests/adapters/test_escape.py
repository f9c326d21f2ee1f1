"""No text of a stranger can move the terminal, turn a line around or end it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y.adapters.escape import escape_json, escape_text

HOSTILE = "\x00\x07\x08\x1b\x7f\x80\x85\x9b\x9f\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Zoë 日本語 🎉 👨‍👩‍👧", "Zoë 日本語 🎉 👨‍👩‍👧"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("\x1b[2J\x9b2J", r"\x1b[2J\x9b2J"),
        ("\x00\x7f\x85", r"\x00\x7f\x85"),
        ("\u202eevil\u2069", r"\u202eevil\u2069"),
        ("a\u2028b", r"a\u2028b"),
        ("\ud83d", r"\ud83d"),
    ],
)
def test_text_shows_what_it_hides(text: str, shown: str) -> None:
    assert escape_text(text) == shown


@given(st.text(st.one_of(st.characters(), st.sampled_from(HOSTILE))))
def test_text_is_one_line_that_drives_nothing(text: str) -> None:
    shown = escape_text(text)
    assert len(shown.splitlines()) <= 1
    assert not set(shown) & set(HOSTILE)
    shown.encode("utf-8")


@pytest.mark.parametrize("line", [b'{"a":"plain"}', '{"a":"Zoë 日本語"}'.encode()])
def test_harmless_json_is_left_alone(line: bytes) -> None:
    assert escape_json(line) == line


@given(st.dictionaries(st.text(), st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(HOSTILE)))))
def test_json_means_the_same_on_one_line(value: dict[str, str]) -> None:
    raw = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    line = escape_json(raw)
    assert json.loads(line) == json.loads(raw)
    assert len(line.decode().splitlines()) == 1
    assert not set(line.decode()) & set(HOSTILE)
