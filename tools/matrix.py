"""Runs the tox environments side by side and adds up their tests: what ``./run tests`` does.

A few tests that fail are run once more, alone, in a process of their own. What passes then does not stop a change, and
is not hidden: its output is printed like that of a failure, and its name closes the summary.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".tox"
REPORTS = WORK / "reports"
CACHES = WORK / "cache"  # of pytest, one for each environment: tox.ini says so
TOX = [sys.executable, "-m", "tox"]
ENV_LIMIT_S = 2400
TRIED_AGAIN = 5  # so many may fail by chance; when more do, it is none
CLOSING_LINE = re.compile(r"^=* ?\d+ (?:passed|failed|error|skipped).* in [\d.]+s.*$", re.MULTILINE)


class Result(NamedTuple):
    """What became of one environment."""

    env: str
    ok: bool
    seconds: float
    passed: int
    failed: int
    skipped: int
    log: Path
    by_chance: tuple[str, ...] = ()  # the tests that failed, and passed when they were run again


def declared() -> str:
    """Return a fingerprint of every file that says what environments have to contain."""
    patterns = (
        "tox.ini",
        "toxfile.py",
        "VERSION",
        "*/pyproject.toml",
        "*/*/pyproject.toml",
        "*/requirements.txt",
        "*/*/requirements.txt",
    )
    files = sorted({file for pattern in patterns for file in ROOT.glob(pattern)})
    named = (f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes() for file in files)
    return hashlib.sha256(b"\n".join(named)).hexdigest()


def default_envs() -> list[str]:
    """Return what tox runs when nothing is named, preceded by the environments of the plugins."""
    return [*(env for env in listed() if env.startswith("plugin-")), *listed("-d")]


def listed(*options: str) -> list[str]:
    """Return the environments that ``tox list`` names."""
    command = [*TOX, "list", "--quiet", "--no-desc", *options]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.decode().split()


def run_env(env: str, fingerprint: str) -> Result:
    """Run one environment with its output in a file; it is made anew when the declarations changed."""
    stamp = WORK / env / "declared"
    fresh = stamp.is_file() and stamp.read_text("utf-8") == fingerprint
    log = WORK / "logs" / f"{env}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    shutil.rmtree(CACHES / env, ignore_errors=True)
    started = time.monotonic()
    ok = run_tox([env, *([] if fresh else ["--recreate"])], log)
    if stamp.parent.is_dir():
        stamp.write_text(fingerprint, "utf-8")
    passed, failed, skipped = counts(REPORTS / f"{env}.xml", ok)
    at_first, by_chance = failures(env), set[str]()
    if not ok and 0 < len(at_first) <= TRIED_AGAIN:
        ok = run_tox([env], log, SECOND_TRY="--last-failed")
        by_chance = at_first - failures(env)
        passed, failed = passed + len(by_chance), failed - len(by_chance)
    return Result(env, ok, time.monotonic() - started, passed, failed, skipped, log, tuple(sorted(by_chance)))


def run_tox(arguments: list[str], log: Path, **environ: str) -> bool:
    """Return whether ``tox run -e`` with ``arguments`` succeeded; its output is added to ``log``."""
    command = [*TOX, "run", "-e", *arguments]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            return process.wait(ENV_LIMIT_S) == 0
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
            output.write(f"\nstopped after {ENV_LIMIT_S} s\n".encode())
            return False


def failures(env: str) -> set[str]:
    """Return the tests that pytest remembers as failed in this environment, as ``file::name``."""
    remembered = CACHES / env / "v" / "cache" / "lastfailed"
    return set(json.loads(remembered.read_text("utf-8"))) if remembered.is_file() else set()


def counts(junit: Path, ok: bool) -> tuple[int, int, int]:
    """Return passed, failed and skipped. What is not a test of pytest counts as one."""
    tests = failed = skipped = 0
    if junit.is_file():
        for suite in ET.parse(junit).getroot().iter("testsuite"):
            tests += int(suite.get("tests", 0))
            failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
    passed = max(tests - failed - skipped, 0)
    if not ok and not failed:
        return passed, 1, skipped
    return passed if tests else int(ok), failed, skipped


def report(result: Result) -> None:
    """Print how one environment ended; of one with a failure, or a second try, the whole output."""
    text = result.log.read_text("utf-8", "replace")
    if not result.ok or result.by_chance:
        print(f"\n----- {result.env} -----\n{text}\n----- end of {result.env} -----\n")
    print(f"{result.env:20} {'ok' if result.ok else 'FAILED':6} {result.seconds:5.0f} s")
    for line in CLOSING_LINE.findall(text)[-1:]:
        print(f"    {line}")
    sys.stdout.flush()


def summarise(results: list[Result], absent: list[str]) -> None:
    """Print a table of all environments, the sums of all tests, and those that passed at the second try only."""
    print(f"\n{'environment':20} {'passed':>7} {'failed':>7} {'skipped':>7} {'time':>7}")
    for one in sorted(results):
        print(f"{one.env:20} {one.passed:7} {one.failed:7} {one.skipped:7} {one.seconds:5.0f} s")
    for env in absent:
        print(f"{env:20} not run: this machine has no such interpreter")
    print(
        f"\n{sum(one.passed for one in results)} passed, {sum(one.failed for one in results)} failed, "
        f"{sum(one.skipped for one in results)} skipped"
    )
    again = [f"    {one.env}: {test}" for one in sorted(results) for test in one.by_chance]
    if again:
        print("failed, and passed when run again; mend the test or what it tests:", *again, sep="\n")


def main() -> int:
    """Run the environments of the command line, or tox's default ones."""
    parser = argparse.ArgumentParser(prog="./run tests", description=__doc__)
    parser.add_argument("envs", nargs="*", metavar="ENV", help="tox environments, for example: core-py312 lint")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="environments at a time")
    parser.add_argument("--pythons", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    pythons = chosen.pythons.split(",")
    envs = chosen.envs or default_envs()
    absent = [env for env in envs if (needed := re.search(r"py3\d+$", env)) and needed[0] not in pythons]
    wanted = [env for env in envs if env not in absent]
    print(f"{len(wanted)} environments, {chosen.jobs} at a time, {' '.join(pythons)}", flush=True)

    shutil.rmtree(REPORTS, ignore_errors=True)
    fingerprint = declared()
    results: list[Result] = []
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        running = [pool.submit(run_env, env, fingerprint) for env in wanted]
        for done in concurrent.futures.as_completed(running):
            results.append(done.result())
            report(results[-1])
    summarise(results, absent)
    return 0 if results and all(one.ok for one in results) else 1


if __name__ == "__main__":
    sys.exit(main())
