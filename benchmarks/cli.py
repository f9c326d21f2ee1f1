"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import attrs

from benchmarks import report
from benchmarks.cases import CASES
from benchmarks.plan import MEASURES, tasks
from benchmarks.promises import Answer, answers
from benchmarks.runner import Result, run
from benchmarks.statistics import Verdict

_VERSIONS = (
    "e11y-core",
    "e11y-file",
    "e11y-loki",
    "e11y-metrics",
    "e11y-pii",
    "e11y-ratelimit",
    "e11y-sampling",
    "e11y-versioning",
    "e11y-web",
    "isal",
    "msgspec",
    "structlog",
    "orjson",
    "python-json-logger",
    "loguru",
    "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-instrumentation-asgi",
    "opentelemetry-sdk",
    "prometheus-client",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the report, and return the exit status.

    Returns:
        0; with ``--check`` 1 when a promise is broken or could not be measured.
    """
    options = _parser().parse_args(argv)
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    order = random.Random(seed)
    load = os.getloadavg()[0]
    labels = dict(options.python or [_interpreter(sys.executable)])
    due = list(tasks(list(labels), options.only, quick=options.quick, rounds=options.rounds, order=order))
    results: list[Result] = []
    print(f"{platform.platform()}, {os.cpu_count()} CPUs, load {load:.2f} at the start, order {seed}")
    if load > 1:
        print("The machine is busy: ratios and CPU times hold, wall clocks, tails and losses show the neighbours too.")
    for number, task in enumerate(due, 1):
        _tell(f"\r{number}/{len(due)} {task.measure} {task.case}".ljust(60))
        results.append(run(task, quick=options.quick, seed=order.getrandbits(32)))
    _tell("\r".ljust(60) + "\r")
    given: list[Answer] = []
    for python, label in labels.items():
        mine = answers(results, python)
        print("\n".join(report.lines(results, python, label, mine)))
        given += mine
    if options.json:
        options.json.write_text(json.dumps(_document(results, given, seed, load, quick=options.quick), indent=1) + "\n")
    failed = [answer for answer in given if answer.verdict in (Verdict.BROKEN, Verdict.NOT_MEASURED)]
    return 1 if options.check and failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure e11y beside its peers.")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter measurements, about two minutes")
    parser.add_argument("--check", action="store_true", help="exit status 1 when a promise is broken or not measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured to FILE")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        choices=[*CASES, *MEASURES],
        help="measure only this case or measure; may be repeated",
    )
    parser.add_argument(
        "--python",
        action="append",
        type=_interpreter,
        metavar="PATH",
        help="interpreter to measure, with e11y and the peers installed; may be repeated",
    )
    parser.add_argument("--rounds", type=int, help="fresh processes per case, instead of each measure's own number")
    parser.add_argument("--seed", type=int, help="repeat the order of an earlier run")
    return parser


def _interpreter(path: str) -> tuple[str, str]:
    """Return an interpreter's path and what it calls itself."""
    code = "import platform; print(platform.python_implementation(), platform.python_version())"
    try:
        done = subprocess.run([path, "-c", code], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise argparse.ArgumentTypeError(f"{path} does not run Python") from None
    return path, done.stdout.strip()


def _document(
    results: Sequence[Result], given: Sequence[Answer], seed: int, load: float, *, quick: bool
) -> dict[str, object]:
    """Return everything that is known about the run, as JSON can say it."""
    return {
        "machine": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "load": load,
        "versions": {name: _version(name) for name in _VERSIONS},
        "quick": quick,
        "seed": seed,
        "results": [attrs.asdict(result) for result in results],
        "promises": [
            {
                "promise": answer.promise.text,
                "python": answer.python,
                "at_most": answer.promise.limit,
                "unit": answer.promise.unit or "ratio",
                "figure": attrs.asdict(answer.figure) if answer.figure else None,
                "spread": answer.figure.spread if answer.figure and answer.figure.count > 1 else None,
                "kept": answer.verdict.value,
            }
            for answer in given
        ],
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _tell(text: str) -> None:
    """Show progress to a person; a log file is spared."""
    if sys.stderr.isatty():
        sys.stderr.write(text)
        sys.stderr.flush()
