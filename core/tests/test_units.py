"""Durations and sizes as text."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1us", 0.000001),
        ("35ms", 0.035),
        ("200ms", 0.2),
        ("0s", 0.0),
        ("5s", 5.0),
        ("1.5m", 90.0),
        ("2h", 7200.0),
        ("90d", 90 * 86400.0),
        ("2w", 14 * 86400.0),
        ("7y", 7 * 365 * 86400.0),
    ],
)
def test_a_duration_is_a_number_with_a_unit(text: str, seconds: float) -> None:
    assert units.seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("0B", 0), ("12B", 12), ("1.5kB", 1500), ("2MB", 2_000_000), ("1GB", 10**9), ("256KiB", 256 * 1024),
     ("32MiB", 32 * 1024**2), ("0.5GiB", 2**29)],
)  # fmt: skip
def test_a_size_is_a_number_with_a_unit(text: str, size: int) -> None:
    assert units.size(text) == size


NOT_UNITS = [
    "",
    "5",
    "s",
    "5 s",
    " 5s",
    "5s\n",
    "-5s",
    "+5s",
    "1e3s",
    "5S",
    "5sec",
    "５s",
    "1_0s",
    "1.s",
    ".5s",
    "1h30m",
]


@pytest.mark.parametrize("text", NOT_UNITS)
def test_what_is_no_duration_is_refused_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(ValueError, match="^must be") as caught:
        units.seconds(text)
    assert str(caught.value) == (
        'must be a duration: a number with one of us, ms, s, m, h, d, w, y, for example "200ms" or "90d"'
    )


@pytest.mark.parametrize("text", ["", "5", "B", "5 B", "-5B", "5KB", "5mib", "5M", "5s", "1e3B", "1.0.0B"])
def test_what_is_no_size_is_refused_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(ValueError, match="^must be") as caught:
        units.size(text)
    assert str(caught.value) == (
        'must be a size: a number with one of B, kB, MB, GB, KiB, MiB, GiB, for example "32MiB"'
    )


@given(st.text())
def test_any_text_is_read_or_refused_without_being_shown(text: str) -> None:
    for read in (units.seconds, units.size):
        try:
            assert read(text) >= 0
        except ValueError as error:
            assert str(error).startswith("must be a ")  # noqa: PT017 - either answer is right


@given(st.integers(0, 10**9), st.sampled_from(["us", "ms", "s", "m", "h", "d"]))
def test_a_duration_that_was_written_is_read_back(number: int, unit: str) -> None:
    seconds = units.seconds(f"{number}{unit}")
    assert units.seconds(units.seconds_text(seconds)) == seconds


@given(st.integers(0, 10**14))
def test_a_size_that_was_written_is_read_back(size: int) -> None:
    assert units.size(units.size_text(size)) == size


def test_the_shortest_form_is_chosen() -> None:
    assert [units.seconds_text(value) for value in (0, 0.2, 5.0, 90.0, 7200.0, 7776000.0, 0.0000001)] == [
        "0s", "200ms", "5s", "90s", "2h", "90d", "0.0000001s",
    ]  # fmt: skip
    assert [units.size_text(value) for value in (0, 1500, 262144, 3 * 1024**3)] == ["0B", "1500B", "256KiB", "3GiB"]


def test_field_makers_convert_their_default_and_mark_the_field() -> None:
    @attrs.frozen(eq=False)
    class Example:
        timeout_s: float = units.duration("5s")
        pause_s: float | None = units.duration(None)
        limit: int = units.byte_size("1MiB")
        cap: int | None = units.byte_size(None)
        plain: int = 1

    example = Example()
    assert (example.timeout_s, example.pause_s, example.limit, example.cap) == (5.0, None, 1024**2, None)
    marks = [units.unit_of(attribute) for attribute in attrs.fields(Example)]
    assert marks == ["duration", "duration", "size", "size", ""]
