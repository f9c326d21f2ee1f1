"""The time that ``import e11y`` adds to the start of a bare interpreter.

Whatever else a machine does only ever adds to a start, so the shortest of several tells most; and of
two clocks the one that counts CPU time, because an import from a warm cache waits for nothing.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping

from benchmarks.case import Case
from benchmarks.measures.request import Request, Values


def measure(request: Request, cases: Mapping[str, Case]) -> Values:
    """Return milliseconds of the shortest start of each kind, and what the import adds on both clocks."""
    del cases
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ["PYTHONPYCACHEPREFIX"] = str(request.directory / "bytecode")
    _start("import e11y; assert e11y.__file__", environ)  # leaves the byte code in its cache
    bare, ours = [], []
    for _ in range(7 if request.quick else 20):
        bare.append(_start("pass", environ))
        ours.append(_start("import e11y", environ))
    (bare_wall, ours_wall), (bare_cpu, ours_cpu) = (
        (min(start[clock] for start in bare), min(start[clock] for start in ours)) for clock in (0, 1)
    )
    return {"bare_ms": bare_wall, "added_wall_ms": ours_wall - bare_wall, "added_cpu_ms": ours_cpu - bare_cpu}


def _start(code: str, environ: Mapping[str, str]) -> tuple[float, float]:
    """Run ``code`` in a new interpreter; return its milliseconds of wall clock and of CPU time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, cpu * 1000
