"""The promises that e11y makes about its cost, each with the measurement that decides it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from benchmarks.measures.request import Values
from benchmarks.runner import Result, samples
from benchmarks.statistics import Figure, Verdict, verdict


@attrs.frozen
class Promise:
    """One promise.

    Args:
        text: What is promised.
        measure, case: Where it is measured.
        keys: Quantities that count. The largest of a process decides: a promise about the caller's time
            holds on the wall clock and in CPU time.
        limit: What the figure may be at most.
        unit: Of an amount; empty for a ratio.
        beside: Case whose same quantities, of the same round, the figure is divided by.
    """

    text: str
    measure: str
    case: str
    keys: tuple[str, ...]
    limit: float
    unit: str = ""
    beside: str = ""


def _caller(yardstick: str) -> tuple[str, ...]:
    return f"wall/{yardstick}", f"cpu/{yardstick}"


PROMISES: tuple[Promise, ...] = (
    Promise("track() / floor", "caller", "e11y-track", _caller("floor"), 1.6),
    Promise("track() / structlog", "caller", "e11y-track", _caller("structlog"), 1 / 10),
    Promise("buffered debug / structlog", "caller", "e11y-buffered", _caller("structlog"), 1 / 8),
    Promise("disabled / structlog filtered", "caller", "e11y-disabled", _caller("structlog-filtered"), 1.0),
    Promise("disabled / empty function", "caller", "e11y-disabled", _caller("empty"), 2.0),
    Promise("5 unconcerned plugins / none", "caller", "e11y-unconcerned", _caller("floor"), 1.05, beside="e11y-track"),
    Promise("4 plugins of protection and flow / structlog", "caller", "e11y-protected", _caller("structlog"), 1 / 6),
    Promise("the same, opted out / none", "caller", "e11y-opted-out", _caller("floor"), 1.05, beside="e11y-track"),
    Promise(
        "the same, all threads / structlog that redacts",
        "caller",
        "e11y-protected",
        ("total/structlog",),
        1 / 2,
        beside="structlog-redacting",
    ),
    Promise("all threads, gzip and write / structlog", "caller", "e11y-track", ("total/structlog",), 1 / 2),
    Promise("all threads, into a file / structlog", "delivery", "e11y-file", ("total/structlog",), 1 / 2),
    Promise("the same, rotated and compressed / structlog", "delivery", "e11y-rotated", ("total/structlog",), 1 / 2),
    Promise("all threads, into a file / OpenTelemetry, OTLP", "delivery", "e11y-file", ("total/otel-otlp",), 1 / 10),
    Promise("all threads, to Loki / structlog into a file", "delivery", "e11y-loki", ("total/structlog",), 1 / 2),
    Promise("all threads, to Loki / OpenTelemetry, OTLP", "delivery", "e11y-loki", ("total/otel-otlp",), 1 / 10),
    Promise("a request / OpenTelemetry's ASGI middleware", "asgi", "e11y-asgi", _caller("otel-asgi"), 1 / 2),
    Promise("the same, with 20 debug events / the same", "asgi", "e11y-asgi-debug", _caller("otel-asgi"), 1 / 2),
    Promise("counter + histogram / prometheus-client", "numbers", "e11y-counted", _caller("prometheus-client"), 0.35),
    Promise("p99.9 at 10 000/s / structlog", "latency", "e11y-track", ("p99.9/structlog",), 1.0),
    Promise("kept of a queued event, beside values", "retained", "e11y-held", ("bytes",), 300, "B"),
    Promise("lost at 100 000/s into a gzip file", "loss", "e11y-track", ("lost", "twice", "unaccounted"), 0, "events"),
    Promise("late after the events of the loss run", "loss", "e11y-track", ("late_s",), 0.5, "s"),
    Promise("dead adapter, limit 100 MB: counter", "memory", "e11y-track", ("counter_mb",), 105, "MB"),
    Promise("dead adapter, limit 100 MB: RSS growth", "memory", "e11y-track", ("rss_growth_mb",), 130, "MB"),
    Promise("import e11y, beyond the interpreter", "import", "e11y-track", ("added_cpu_ms",), 50, "ms"),
)


@attrs.frozen
class Answer:
    """A promise on one interpreter: what was measured, and whether it is kept."""

    promise: Promise
    python: str
    figure: Figure | None
    verdict: Verdict


def answers(results: Iterable[Result], python: str) -> list[Answer]:
    """Return the answer to every promise whose measurement was part of the run."""
    results = list(results)
    asked = {(result.task.measure, result.task.case) for result in results}
    given = []
    for promise in PROMISES:
        if (promise.measure, promise.case) in asked:
            figure = _figure(promise, results, python)
            given.append(Answer(promise, python, figure, verdict(figure, promise.limit)))
    return given


def _figure(promise: Promise, results: list[Result], python: str) -> Figure | None:
    """Return the figure that decides, or ``None`` when a process failed to measure it."""
    mine = samples(results, python, promise.measure, promise.case)
    if not promise.beside:
        values = [_largest(sample, promise.keys) for sample in mine]
    else:
        theirs = samples(results, python, promise.measure, promise.beside)
        values = [_largest(_divided(a, b), promise.keys) for a, b in zip(mine, theirs, strict=False)]
    found = [value for value in values if value is not None]
    return Figure.of(found) if found else None


def _largest(sample: Mapping[str, float], keys: tuple[str, ...]) -> float | None:
    return max(sample[key] for key in keys) if all(key in sample for key in keys) else None


def _divided(mine: Values, theirs: Values) -> Values:
    return {key: value / theirs[key] for key, value in mine.items() if theirs.get(key)}
