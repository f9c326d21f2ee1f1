"""The runner: starts one fresh process per measurement and collects what they say."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from benchmarks.measures.request import Values
from benchmarks.plan import MEASURES, Task

_ROOT = Path(__file__).resolve().parent.parent


@attrs.frozen
class Result:
    """What one process measured, or why it could not."""

    task: Task
    values: Values
    problem: str = ""


def run(task: Task, *, quick: bool, seed: int) -> Result:
    """Start a process for ``task`` and wait for its answer. Never raises for what the process does."""
    asked = json.dumps({"measure": task.measure, "case": task.case, "seed": seed, "quick": quick})
    timeout_s = MEASURES[task.measure].timeout_s
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        answer = Path(directory, "answer.json")
        command = [task.python, "-m", "benchmarks.child", asked, str(answer)]
        try:
            process = subprocess.run(
                command,
                cwd=directory,
                env=_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Result(task, {}, f"gave no answer within {timeout_s:g} s")
        if not answer.exists():
            return Result(task, {}, _last_line(process.stderr) or f"exit status {process.returncode}")
        told = json.loads(answer.read_text())
    return Result(task, told.get("values", {}), told.get("problem", ""))


def samples(results: Iterable[Result], python: str, measure: str, case: str) -> list[Values]:
    """Return what was measured of one case, in the order of the rounds."""
    wanted = [
        result
        for result in results
        if (result.task.python, result.task.measure, result.task.case) == (python, measure, case) and not result.problem
    ]
    return [result.values for result in sorted(wanted, key=lambda result: result.task.round)]


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process: no settings of e11y, hash seeds at random, this package importable."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("E11Y_", "OTEL_", "PYTHONHASHSEED"))}
    paths = [
        str(_ROOT),
        *(str(Path(path).resolve()) for path in environ.get("PYTHONPATH", "").split(os.pathsep) if path),
    ]
    return {**kept, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
