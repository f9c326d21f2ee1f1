"""What a line tells of an exception."""

from __future__ import annotations

import builtins
import logging
import traceback
from typing import Any

import pytest

from .conftest import Bench


class OrderRefused(Exception):
    pass


def refuse(order: str) -> None:
    raise OrderRefused(f"order {order}")


RECURSIVE = """
def deep(levels):
    if levels:
        deep(levels - 1)
    refuse("o-1")
"""


def told(bench: Bench) -> dict[str, Any]:
    return {key: value for key, value in bench.payload.items() if key.startswith("exception_")}


def without_code(text: str) -> list[str]:
    """Return the lines of Python's own traceback without those that show source code."""
    lines = [line for line in text.splitlines() if line.startswith('  File "') or not line.startswith("  ")]
    return [line.replace("in <lambda>", "in lambda") for line in lines]


def test_an_exception_is_told_as_python_does(bench: Bench, log: logging.Logger) -> None:
    try:
        try:
            refuse("o-1")
        except OrderRefused as error:
            raise ConnectionError("bank") from error
    except ConnectionError as error:
        text = traceback.format_exc()
        assert log.exception("failed") is None  # type: ignore[func-returns-value]
        del error
    fields = told(bench)
    assert (fields["exception_type"], fields["exception_message"]) == ("ConnectionError", "bank")
    assert fields["exception_stacktrace"].splitlines() == without_code(text)


def test_what_was_handled_meanwhile_is_told_too(bench: Bench, log: logging.Logger) -> None:
    try:
        try:
            refuse("o-1")
        except OrderRefused:
            {}["x"]
    except KeyError as error:
        text = traceback.format_exc()
        log.error("failed", exc_info=error)
    assert told(bench)["exception_stacktrace"].splitlines() == without_code(text)


def test_a_context_that_was_suppressed_is_not(bench: Bench, log: logging.Logger) -> None:
    try:
        try:
            refuse("o-1")
        except OrderRefused:
            raise ConnectionError("bank") from None
    except ConnectionError:
        text = traceback.format_exc()
        log.exception("failed")
    assert "OrderRefused" not in text
    assert told(bench)["exception_stacktrace"].splitlines() == without_code(text)


def test_a_type_of_the_application_has_its_module(bench: Bench, log: logging.Logger) -> None:
    log.error("failed", exc_info=OrderRefused())
    module = OrderRefused.__module__
    assert told(bench) == {
        "exception_type": f"{module}.OrderRefused",
        "exception_message": "",
        "exception_stacktrace": f"{module}.OrderRefused",
    }


def test_members_of_a_group_and_notes(bench: Bench, log: logging.Logger) -> None:
    first = ValueError("one")
    first.add_note("row 7\nof the file")
    group = ExceptionGroup("two", [first, ExceptionGroup("inner", [KeyError("x")])])
    log.error("failed", exc_info=group)
    assert told(bench)["exception_stacktrace"].splitlines() == [
        "ExceptionGroup: two (2 sub-exceptions)",
        "  [1]",
        "  ValueError: one",
        "  row 7",
        "  of the file",
        "  [2]",
        "  ExceptionGroup: inner (1 sub-exception)",
        "    [1]",
        "    KeyError: 'x'",
    ]


def test_a_large_group_is_bounded(bench: Bench, log: logging.Logger) -> None:
    log.error("failed", exc_info=ExceptionGroup("many", [ValueError(number) for number in range(5_000)]))
    lines = told(bench)["exception_stacktrace"].splitlines()
    assert lines[-3:] == ["  [9]", "  ValueError: 8", "  ... 4991 more"]
    assert len(lines) == 20


def test_a_circle_of_causes_ends(bench: Bench, log: logging.Logger) -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    log.error("failed", exc_info=one)
    words = "The above exception was the direct cause of the following exception:"
    assert told(bench)["exception_stacktrace"].splitlines() == [
        "... ValueError",
        "",
        words,
        "",
        "ValueError: two",
        "",
        words,
        "",
        "ValueError: one",
    ]


def test_long_tracebacks_and_chains_are_bounded(bench: Bench, log: logging.Logger) -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        raise ValueError("deep")

    try:
        deep(200)
    except ValueError as error:
        for number in range(30):
            later = KeyError(number)
            later.__context__ = error
            error = later
        log.error("failed", exc_info=error)
    text = told(bench)["exception_stacktrace"]
    assert text.count("KeyError: ") == 10
    assert text.startswith("... KeyError\n")
    assert len(text) < 10_100


def test_the_innermost_frames_of_a_long_traceback_stay(bench: Bench, log: logging.Logger) -> None:
    module: dict[str, Any] = {"refuse": refuse}
    exec(compile(RECURSIVE, "short.py", "exec"), module)  # the path of this file may be so long that the text is cut
    try:
        module["deep"](99)
    except OrderRefused:
        log.exception("failed")
    lines = told(bench)["exception_stacktrace"].splitlines()
    assert (lines[1], len(lines)) == ("  ... 52 more", 53)
    assert lines[-2].endswith("in refuse")


def test_an_exception_whose_text_is_broken(bench: Bench, log: logging.Logger) -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise LookupError("secret")

    broken = Broken()
    broken.__notes__ = ["fine", 7, None]  # type: ignore[list-item]
    log.error("failed", exc_info=broken)
    fields = told(bench)
    assert fields["exception_message"] == "<LookupError in __str__>"
    assert fields["exception_stacktrace"].splitlines()[1:] == ["fine"]


@pytest.mark.parametrize("nothing", [True, (None, None, None), False, 0, ""])
def test_no_exception_is_none(bench: Bench, log: logging.Logger, nothing: Any) -> None:
    log.error("failed", exc_info=nothing)
    assert told(bench) == {}


def test_no_source_file_is_read(bench: Bench, log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        refuse("o-1")
    except OrderRefused as caught:
        error = caught
    opened: list[object] = []
    monkeypatch.setattr(builtins, "open", lambda *args, **kwargs: opened.append(args))
    monkeypatch.setattr("tokenize.open", lambda *args, **kwargs: opened.append(args))
    log.handlers[0].handle(
        logging.LogRecord("x", logging.ERROR, "", 1, "m", None, (OrderRefused, error, error.__traceback__))
    )
    monkeypatch.undo()
    assert opened == []
    assert told(bench)["exception_type"].endswith("OrderRefused")
