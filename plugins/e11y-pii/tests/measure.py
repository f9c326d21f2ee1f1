"""Measures the scan beside other engines, and what rules cost the caller; run it by hand.

    python plugins/e11y-pii/tests/measure.py

hyperscan and google-re2 are measured where they are installed.
"""

from __future__ import annotations

import re
import time
import timeit
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Annotated, Any

from e11y import Event, Runtime
from e11y.adapters import NullAdapter
from e11y_pii import Hash, Mask, pii
from e11y_pii.scanner import Scanner

LOOSE = [
    r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+\.[A-Za-z0-9-]+",
    r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+",
    r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
    r"[0-9](?:[ .-]?[0-9]){12,18}",
    r"\+[0-9](?:[ .()/-]{0,2}[0-9]){7,14}|[0-9]{3}[ )./-]{1,2}[0-9]{3}[ .-][0-9]{4}",
    r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}",
    r"[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*",
    r"[A-Za-z]{2}[0-9]{2}(?:[ -]?[0-9A-Za-z]){11,30}",
]
TEXTS = {
    "short, clean (4 x 29)": ["Order shipped to the customer"] * 4,
    "prose, clean (4 x 129)": [
        "The customer called about the late delivery and asked to be called back by someone of the support team "
        "before the end of the day."
    ]
    * 4,
    "log lines, clean (4)": [
        "order ORD-20260131-88231 placed at 2026-01-31 12:00:00 by worker 7",
        "request 4bf92f3577b34da6a3ce929d0e0e4736 took 12.52 ms, version 2.14.3",
        "/api/orders/88231?page=2",
        "connection reset by peer (attempt 3 of 5)",
    ],
    "6 hits each (4)": [
        "mail alice@example.com or +1 555-010-0199, card 4111 1111 1111 1111, from 192.0.2.12, ssn 123-45-6789, "
        "iban DE44500105175407324931"
    ]
    * 4,
}


class MeasurePlain(Event):
    order_id: str
    customer: str
    email: str
    amount: int


class MeasureRuled(Event):
    order_id: Annotated[str, Mask]
    customer: str
    email: Annotated[str, Hash]
    amount: int


@pii(False)
class MeasureOptedOut(Event):
    order_id: str
    customer: str
    contact: str
    amount: int


def best(work: Callable[[], object], number: int = 2_000) -> float:
    """Return nanoseconds of this thread per call, of the best of seven rounds."""
    return min(timeit.repeat(work, number=number, repeat=7, timer=time.thread_time)) / number * 1e9


def engines() -> dict[str, Callable[[list[str]], object]]:
    """Return each engine as a function of the texts of one event."""
    scanner = Scanner()
    alternation = re.compile("|".join(f"(?:{source})" for source in LOOSE))

    def ours(texts: list[str]) -> object:
        return texts if scanner.is_clean(texts) else [scanner.redact(text) for text in texts]

    found: dict[str, Callable[[list[str]], object]] = {
        "e11y-pii, complete": ours,
        "re alternation, sub": lambda texts: [alternation.sub("[FILTERED]", text) for text in texts],
    }
    try:
        re2 = import_module("re2")
        compiled = re2.compile(alternation.pattern)
        found["re2, joined search"] = lambda texts: compiled.search("\0".join(texts))
    except ImportError:
        print("google-re2 is not installed")
    try:
        hyperscan = import_module("hyperscan")
        database = hyperscan.Database()
        database.compile(expressions=[source.encode() for source in LOOSE], flags=[0] * len(LOOSE))

        def match(*_: Any) -> None:
            return None

        found["hyperscan, joined, all"] = lambda texts: database.scan(
            "\0".join(texts).encode(), match_event_handler=match
        )
    except ImportError:
        print("hyperscan is not installed")
    return found


def caller() -> dict[str, float]:
    """Return nanoseconds per ``track()`` with and without rules."""
    fields = {"order_id": "o-1", "customer": "c-1", "amount": 1}
    mail = "alice.smith@example.com"
    cases: dict[str, tuple[dict[str, Any], Callable[[], object]]] = {
        "no plugin": ({"plugins": []}, lambda: MeasurePlain.track(email=mail, **fields)),
        "undeclared": ({"plugins": ["pii"]}, lambda: MeasurePlain.track(email=mail, **fields)),
        "opted out": ({"plugins": ["pii"]}, lambda: MeasureOptedOut.track(contact=mail, **fields)),
        "mask + hash, scan deferred": ({"plugins": ["pii"]}, lambda: MeasureRuled.track(email=mail, **fields)),
        "mask + keyed hash": (
            {"plugins": ["pii"], "pii": {"hash_key": "k" * 32}},
            lambda: MeasureRuled.track(email=mail, **fields),
        ),
    }
    figures = {}
    for name, (settings, work) in cases.items():
        with Runtime(settings, adapters={"logs": NullAdapter()}, environ={}, event_types=()) as runtime:
            work()
            figures[name] = best(work)
            runtime.flush()
    return figures


STRAIGHT = re.compile(
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}|\b\d{3}-\d{2}-\d{4}\b|\b(?:\d{4}[ -]?){3}\d{4}\b"
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b|(?:\+1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}",
    re.ASCII,
)
"""Patterns as they are usually written."""

ADVERSARIES = ["a.", "a@b.", "111.", "1 ", "4111 ", "1::2 ", "eyJaaaaa.", "DE89 ", "0049 ", "alice@example.com "]


def worst() -> None:
    """Print nanoseconds per byte of texts made to be slow: ours up to 1 MB, the usual patterns only up to 10 kB."""
    scanner = Scanner()
    print(f"{'ns per byte':<26}{'10 kB':>10}{'100 kB':>10}{'1 MB':>10}{'re, 1 kB':>12}{'re, 10 kB':>12}")
    for unit in ADVERSARIES:
        ours = [best(partial(scanner.redact, unit * (size // len(unit))), 1) / size for size in (10**4, 10**5, 10**6)]
        usual = [best(partial(STRAIGHT.sub, "", unit * (size // len(unit))), 1) / size for size in (10**3, 10**4)]
        print(f"{unit!r:<26}" + "".join(f"{one:>10.0f}" for one in ours) + "".join(f"{one:>12.0f}" for one in usual))


def main() -> None:
    """Print everything, ns per event."""
    measured = engines()
    print(f"{'texts of one event':<26}" + "".join(f"{name:>25}" for name in measured))
    for name, texts in TEXTS.items():
        print(f"{name:<26}" + "".join(f"{best(partial(engine, texts)):>25.0f}" for engine in measured.values()))
    print()
    for name, figure in caller().items():
        print(f"caller, {name:<30}{figure:>8.0f}")
    print()
    worst()


if __name__ == "__main__":
    main()
