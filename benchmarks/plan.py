"""The plan of a run: which measurements are taken, of which cases, how often."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import attrs

from benchmarks.case import Case
from benchmarks.measures import added, caller, delivery, import_time, latency, loss, memory, retained
from benchmarks.measures.request import Request, Values


@attrs.frozen(eq=False)
class Measure:
    """One question, the cases it is asked about, and in how many fresh processes.

    Args:
        name: Word in the results.
        run: Answers it, in the process that was started for it.
        cases: Names of cases.
        rounds, quick_rounds: Processes per case and interpreter.
        timeout_s: After which a process is given up.
    """

    name: str
    run: Callable[[Request, Mapping[str, Case]], Values]
    cases: tuple[str, ...]
    rounds: int
    quick_rounds: int
    timeout_s: float = 120.0


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "caller",
            caller.measure,
            (
                "empty",
                "empty-keyword",
                "floor",
                "floor-keyword",
                "e11y-track",
                "e11y-unconcerned",
                "e11y-concerned",
                "e11y-protected",
                "e11y-opted-out",
                "e11y-buffered",
                "e11y-disabled",
                "e11y-invalid",
                "structlog-filtered",
                "structlog",
                "structlog-redacting",
                "otel",
                "stdlib-orjson",
                "stdlib",
                "loguru",
            ),
            rounds=9,
            quick_rounds=3,
        ),
        Measure(
            "latency",
            latency.measure,
            ("loop", "floor", "e11y-track", "structlog", "otel", "stdlib", "loguru"),
            rounds=3,
            quick_rounds=2,
        ),
        Measure(
            "delivery",
            delivery.measure,
            ("e11y-file", "e11y-rotated", "e11y-loki", "structlog", "otel-otlp"),
            rounds=5,
            quick_rounds=2,
        ),
        Measure(
            "asgi",
            partial(added.measure, peer="otel-asgi"),
            ("e11y-asgi", "e11y-asgi-debug", "otel-asgi", "otel-asgi-lean"),
            rounds=5,
            quick_rounds=2,
        ),
        Measure(
            "numbers",
            partial(added.measure, peer="prometheus-client"),
            ("e11y-counted", "prometheus-client"),
            rounds=5,
            quick_rounds=2,
        ),
        Measure("retained", retained.measure, ("floor", "e11y-held"), rounds=3, quick_rounds=2),
        Measure("import", import_time.measure, ("e11y-track",), rounds=3, quick_rounds=2),
        Measure("loss", loss.measure, ("e11y-track",), rounds=1, quick_rounds=1),
        Measure("memory", memory.measure, ("e11y-track",), rounds=1, quick_rounds=1, timeout_s=180.0),
    )
}


@attrs.frozen
class Task:
    """One fresh process to start."""

    python: str
    measure: str
    case: str
    round: int


def tasks(
    pythons: Sequence[str], only: Sequence[str], *, quick: bool, rounds: int | None, order: random.Random
) -> Iterator[Task]:
    """Yield the tasks of a run, round by round, each round in random order.

    Args:
        pythons: Interpreters to measure.
        only: Names of cases or measures; empty means all.
        quick: Fewer rounds.
        rounds: Instead of the number that each measure asks for.
        order: Shuffles each round, so that a slow minute of the machine hits no case in particular.
    """
    wanted = {
        (measure.name, case): rounds or (measure.quick_rounds if quick else measure.rounds)
        for measure in MEASURES.values()
        for case in measure.cases
        if not only or case in only or measure.name in only
    }
    for number in range(max(wanted.values(), default=0)):
        due = [
            Task(python, measure, case, number)
            for python in pythons
            for (measure, case), times in wanted.items()
            if number < times
        ]
        order.shuffle(due)
        yield from due
