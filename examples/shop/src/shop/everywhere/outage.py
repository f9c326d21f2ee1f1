"""One run of the shop, in the middle of which Loki is away."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from shop.demo.client import Drive, drive
from shop.demo.mix import Scenario
from shop.demo.output import Output, parse
from shop.demo.server import Server, ServerError, Stop
from shop.everywhere.bugsink import Bugsink
from shop.everywhere.dead_letters import Answer, DeadLetters
from shop.everywhere.holdings import Holdings, bytes_of
from shop.everywhere.victorialogs import VictoriaLogs

SETTINGS = Path(__file__).parents[1] / "everywhere.toml"


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked, and what came of it.

    Attributes:
        drive: All requests: those before, during and after the outage.
        stop: How the server ended.
        away_s: How long Loki was away.
        output: What the file says, read.
        before: What there was when the server had ended.
        replay: What ``e11y dlq replay`` then said.
        after: What there was after that.
    """

    drive: Drive
    stop: Stop
    away_s: float
    output: Output
    before: Holdings
    replay: Answer
    after: Holdings


def run(folder: Path, scenarios: Sequence[Scenario], threads: int, framework: str = "fastapi") -> Run:
    """Start the servers, send the requests with Loki away for the middle third, stop the shop, replay its dead letters.

    Args:
        folder: Takes what all of them leave; must be there, and empty.
        scenarios: What is asked.
        threads: That ask.
        framework: That answers.

    Raises:
        ServerError: One of the servers does not do what servers do.
    """
    if any(folder.iterdir()):
        raise ServerError(f"{folder} is not empty")
    with ExitStack() as stack:
        loki = VictoriaLogs(_made(folder / "victorialogs"))
        stack.callback(loki.close)
        loki.start()
        sentry = Bugsink(_made(folder / "bugsink"))
        stack.callback(sentry.stop)
        sentry.start()
        variables = {"SHOP_FOLDER": str(folder), "SHOP_LOKI_URL": loki.url, "SHOP_SENTRY_DSN": sentry.dsn}
        letters = DeadLetters({**variables, "E11Y_CONFIG": str(SETTINGS)})

        def hold() -> Holdings:
            return Holdings(
                file=bytes_of(folder, "events.jsonl*"),
                loki=loki.everything(),
                sentry=sentry.events(),
                letters=letters.listed(),
                segments=bytes_of(folder, "dead-letters/*.jsonl"),
            )

        with Server(folder, framework, SETTINGS, **variables) as server:
            third = len(scenarios) // 3
            began = time.perf_counter()
            replies = [*drive(server.url, scenarios[:third], threads).replies]
            loki.stop()
            left = time.perf_counter()
            replies += drive(server.url, scenarios[third : 2 * third], threads).replies
            letters.wait()
            away_s = time.perf_counter() - left
            loki.start()
            last = drive(server.url, scenarios[2 * third :], threads)
            driven = Drive([*replies, *last.replies], time.perf_counter() - began, threads, last.metrics)
            stop = server.stop(patience_s=90)
        before = hold()
        output = parse(before.file.splitlines(keepends=True))
        replay = letters.replay()
        return Run(driven, stop, away_s, output, before, replay, hold())


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
