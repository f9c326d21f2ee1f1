"""The report: the results of a run as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.cases import CASES
from benchmarks.measures.added import CLOCKS
from benchmarks.measures.request import Values
from benchmarks.plan import MEASURES
from benchmarks.promises import Answer
from benchmarks.runner import Result, samples
from benchmarks.statistics import Figure, quantile

_UNTOLD = "~1"
"""Stands where a ratio would, when it scatters more than it differs from 1."""


def lines(results: Sequence[Result], python: str, label: str, given: Sequence[Answer]) -> Iterator[str]:
    """Yield the lines of the report about one interpreter."""
    yield f"== {label}"
    yield from _caller(results, python)
    yield from _delivery(results, python)
    yield from _added(results, python)
    yield from _latency(results, python)
    yield from _amounts(results, python)
    yield from _problems(results, python)
    yield from _promises(given)


def ratio(figure: Figure | None) -> str:
    """Return a ratio as text; one that its own spread swallows, or whose spread is unknown, is not printed."""
    if figure is None or figure.count < 2:
        return "-"
    return f"{figure.median:.3g}" if figure.tells else _UNTOLD


def spread(figure: Figure | None) -> str:
    """Return the spread as text, for example ``x1.04``."""
    if figure is None:
        return "-"
    return "one run" if figure.count < 2 else f"x{figure.spread:.2f}"


def extent(figure: Figure | None) -> str:
    """Return the scatter of an amount as text, for example ``13.1 .. 13.4``."""
    if figure is None:
        return "-"
    return "one run" if figure.count < 2 else f"{figure.low:,.4g} .. {figure.high:,.4g}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield aligned lines: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    for row in [header, *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  " + "  ".join(cells)


def _figure(taken: Sequence[Values], key: str) -> Figure | None:
    values = [sample[key] for sample in taken if key in sample]
    return Figure.of(values) if values else None


def _cases(results: Sequence[Result], python: str, measure: str) -> Iterator[tuple[str, list[Values]]]:
    """Yield title and samples of each case that was measured, in the order of the plan."""
    for case in MEASURES[measure].cases:
        taken = samples(results, python, measure, case)
        if taken:
            yield CASES[case].title, taken


def _caller(results: Sequence[Result], python: str) -> Iterator[str]:
    cases = list(_cases(results, python, "caller"))
    if not cases:
        return
    fast = {
        clock: quantile([sample[f"{clock} of floor"] for _, taken in cases for sample in taken], 0.1)
        for clock in ("wall", "cpu", "total")
    }
    rows = []
    for title, taken in cases:
        scaled = [
            f"{Figure.of([sample[clock] / sample[f'{clock} of floor'] * fast[clock] for sample in taken]).median:,.0f}"
            for clock in fast
        ]
        floor, structlog = _figure(taken, "cpu/floor"), _figure(taken, "cpu/structlog")
        rows.append([title, *scaled, ratio(floor), spread(floor), ratio(structlog), spread(structlog)])
    yield ""
    yield "One event, in ns: to its caller (wall, CPU) and to all threads until it is written (ratios: CPU)"
    yield from table(["", "caller", "CPU", "all threads", "x floor", "spread", "x structlog", "spread"], rows)


def _delivery(results: Sequence[Result], python: str) -> Iterator[str]:
    rows = []
    for title, taken in _cases(results, python, "delivery"):
        structlog, otel = _figure(taken, "total/structlog"), _figure(taken, "total/otel-otlp")
        cost = Figure.of([sample["total"] for sample in taken]).median
        rows.append([title, f"{cost:,.0f}", ratio(structlog), spread(structlog), ratio(otel), spread(otel)])
    if rows:
        yield ""
        yield "One event until its destination has it: CPU time of all threads, in ns"
        yield from table(["", "all threads", "x structlog", "spread", "x OTLP", "spread"], rows)


def _added(results: Sequence[Result], python: str) -> Iterator[str]:
    for measure, peer, what in (
        ("asgi", "otel-asgi", "a healthy request"),
        ("numbers", "prometheus-client", "an event"),
    ):
        rows = []
        for title, taken in _cases(results, python, measure):
            costs = [f"{Figure.of([sample[clock] for sample in taken]).median:,.0f}" for clock in CLOCKS]
            caller, total = _figure(taken, f"cpu/{peer}"), _figure(taken, f"total/{peer}")
            rows.append([title, *costs, ratio(caller), spread(caller), ratio(total), spread(total)])
        if rows:
            yield ""
            yield f"Added to {what}, in ns: for its caller (wall, CPU), for all threads; ratios to {CASES[peer].title}"
            yield from table(["", "caller", "CPU", "all threads", "x CPU", "spread", "x all threads", "spread"], rows)


def _latency(results: Sequence[Result], python: str) -> Iterator[str]:
    rows = []
    for title, taken in _cases(results, python, "latency"):
        figures = [_figure(taken, key) for key in ("p50", "p99", "p99.9")]
        last = _figure(taken, "p99.9/structlog")
        behind = max(sample["behind_s"] for sample in taken)
        rows.append(
            [
                title,
                *(f"{figure.median:.1f}" if figure else "-" for figure in figures),
                ratio(last),
                spread(last),
                f"{behind:.2f}",
            ]
        )
    if rows:
        yield ""
        yield "Latency of the caller at 10 000 events per second, in us"
        yield from table(["", "p50", "p99", "p99.9", "p99.9 x structlog", "spread", "behind, s"], rows)


def _amounts(results: Sequence[Result], python: str) -> Iterator[str]:
    rows = []
    for measure in ("retained", "import", "loss", "memory"):
        for title, taken in _cases(results, python, measure):
            for key in taken[0]:
                figure = _figure(taken, key)
                rows.append([f"{measure}: {key} ({title})", f"{figure.median:,.4g}" if figure else "-", extent(figure)])
    if rows:
        yield ""
        yield "Amounts"
        yield from table(["", "median", "quartiles"], rows)


def _problems(results: Sequence[Result], python: str) -> Iterator[str]:
    found = {
        f"  {result.task.measure} {result.task.case}: {result.problem}"
        for result in results
        if result.problem and result.task.python == python
    }
    if found:
        yield ""
        yield "Not measured"
        yield from sorted(found)


def _promises(given: Sequence[Answer]) -> Iterator[str]:
    rows = []
    for answer in given:
        promise, figure = answer.promise, answer.figure
        if promise.unit:
            measured, scatter = f"{figure.median:,.4g} {promise.unit}" if figure else "-", extent(figure)
        else:
            measured, scatter = ratio(figure), spread(figure)
        limit = f"{promise.limit:,.3g} {promise.unit}".strip()
        rows.append([promise.text, limit, measured, scatter, answer.verdict.value])
    if rows:
        yield ""
        yield "Promises"
        yield from table(["", "at most", "measured", "spread", "kept"], rows)
