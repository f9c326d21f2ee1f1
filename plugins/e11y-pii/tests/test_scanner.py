"""The content scan: what it finds, that it misses nothing for speed, that it takes linear time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from e11y_pii.scanner import FILTERED, SEPARATOR, Scanner, every_span
from e11y_pii.settings import ALL_PATTERNS

SCANNER = Scanner()

PARTS = [
    "alice@example.com", "@", "a.b", ".", "com", "%40", "%", "4111", "4111 1111 1111 1111", "4111111111111111", " ", "-",
    "123-45-6789", "+", "(", ")", "555", "0199", "+49 30 901820", "0171", "06 12 34 56 78", "/", "10.0.0.1", "1", "255",
    "v", "version ", "=", "::", ":", "2001:db8", "ffff", "eyJ", "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxIn0", "_",
    "DE44500105175407324931", "DE44", "5001", "GB82 WEST", "x", "ü", "日", "\n", "\0", "\ud83d", "٣", "0", "00", "2026",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=5), max_size=14).map("".join)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("mail a@b.co", f"mail {FILTERED}"),
        ("a@b.co,c@d.org", f"{FILTERED},{FILTERED}"),
        ("'alice@example.com'", f"'{FILTERED}'"),
        (f"{'x' * 5_000}@example.com", FILTERED),
        ("alice%40example.com", FILTERED),
        ("first%2elast%40example.com", FILTERED),
        ("+1 (555) 010-0199!", f"{FILTERED}!"),
        ("(555) 010-0199", FILTERED),
        ("1 4111 1111 1111 1111 2", f"1 {FILTERED} 2"),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("4111 1111 1111 1111 123", f"{FILTERED} 123"),
        ("999.999.999.999", "999.999.999.999"),
        ("1.2.3.4.5", "1.2.3.4.5"),
        ("v 1.2.3.4, prev 1.2.3.4", f"v 1.2.3.4, prev {FILTERED}"),
        ("::ffff:192.0.2.1", FILTERED),
        ("::1 and ::", "::1 and ::"),
        ("password_reset_email_sent", "password_reset_email_sent"),
        ("٤١١١١١١١١١١١١١١١", "٤١١١١١١١١١١١١١١١"),
        ("", ""),
    ],
)
def test_what_is_found_is_replaced_in_place(text: str, left: str) -> None:
    assert SCANNER.redact(text) == left


def test_what_overlaps_is_replaced_once() -> None:
    assert SCANNER.redact("tel:+49-171-555-010-0199@example.com") == f"tel:{FILTERED}"


@pytest.mark.parametrize(
    ("limit", "left"), [(4, "from"), (5, "from "), (6, f"from {FILTERED}"), (99, f"from {FILTERED} x")]
)
def test_a_limit_cuts_nothing_in_two(limit: int, left: str) -> None:
    assert SCANNER.redact("from alice@example.com x", limit) == left


@pytest.mark.parametrize("name", ALL_PATTERNS)
def test_each_pattern_can_be_left_out(name: str) -> None:
    samples = {
        "email": "alice@example.com",
        "card": "4111111111111111",
        "ssn": "123-45-6789",
        "phone": "+1 555 010 0199",
        "ipv4": "192.0.2.1",
        "ipv6": "2001:db8::1",
        "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig",
        "iban": "DE44500105175407324931",
    }
    others = Scanner([one for one in ALL_PATTERNS if one != name])
    for pattern, text in samples.items():
        assert others.redact(text) == (text if pattern == name else FILTERED)
        assert Scanner([pattern]).redact(text) == FILTERED


@given(TEXTS)
@example("4111 1111 1111 1111")
@example("0 ::2")
def test_ruling_out_beforehand_loses_nothing(text: str) -> None:
    assert SCANNER.spans(text) == every_span(text)


@given(st.lists(TEXTS, max_size=4))
def test_texts_may_be_looked_at_as_one(texts: list[str]) -> None:
    assert SCANNER.is_clean(texts) is not any(SCANNER.spans(text) for text in texts)


@given(TEXTS)
def test_nothing_found_is_left(text: str) -> None:
    left = SCANNER.redact(text)
    for start, end, _ in every_span(text):
        assert text[start:end] not in left or text[start:end] in text[:start] + SEPARATOR + text[end:]


ADVERSARIES = [
    "a.", "a@b.", "@", "a@", "x", "%40", "a%40b.", "a%4", "ü@ü.", "alice@example.com ", "1", "1 ", "1.", "111.", "1-",
    "+1 ", "+", "-", "(", "(555) ", "0 ", "4111 1111 1111 1112 ", "4111111111111112 ", "4111 ", "4242-", "123-45-678 ",
    "123-45-6789-", "555-010-019 ", "0171 234 ", "0171 ", "0049 ", "00491 1", "06 12 34 56 7", "10.0.0.1 ", "v1.2.3.4 ",
    "1.1.1.", "::", ":", "a:", "1:", "1::2 ", "f::", "eyJ", "eyJaaaaa.", "eyJaaaaa ", "-eyJaaaaa", "DE89", "DE89 ", "aa00",
    "DE44500105175407324932 ", "GB82 WEST ",
]  # fmt: skip


def seconds(scan: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(3):
        started = time.thread_time()
        scan(text)
        best = min(best, time.thread_time() - started)
    return best


@pytest.mark.parametrize("unit", ADVERSARIES)
def test_time_grows_with_the_text_and_no_faster(unit: str) -> None:
    """Twice the text takes at most 2.5 times as long, up to 1 MB; a quadratic pattern would take four times as long.

    Two milliseconds are free: so long takes the memory alone. What a busy machine does to a clock is
    measured again; a pattern that is not linear fails each time.
    """
    half, whole = unit * (500_000 // len(unit)), unit * (1_000_000 // len(unit))
    excess = []
    for _ in range(5):
        excess.append(seconds(SCANNER.redact, whole) - 2.5 * seconds(SCANNER.redact, half))
        if excess[-1] <= 0.002:
            return
    pytest.fail(f"twice the text took {min(excess):.3f} s more than 2.5 times as long")


@pytest.mark.parametrize("unit", ADVERSARIES)
def test_a_long_value_is_scanned_in_no_time(unit: str) -> None:
    text = unit * (10_000 // len(unit))
    assert min(seconds(SCANNER.redact, text) for _ in range(5)) < 0.05  # a quadratic pattern takes 0.25 s and more
