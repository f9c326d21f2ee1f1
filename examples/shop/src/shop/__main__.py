"""The demonstration: ``python -m shop``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from shop.demo.checks import Check, check
from shop.demo.client import drive
from shop.demo.mix import mix
from shop.demo.output import read
from shop.demo.screen import screen
from shop.demo.server import COMMANDS, Server, ServerError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the shop, drive it, stop it, and print what it left; return 0 only if every claim held."""
    options = _options(arguments)
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="e11y-shop-")))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            text, checks = (_everywhere if options.everywhere else _locally)(folder.absolute(), options)
        except ServerError as error:
            print(f"FAILED  {error}", file=sys.stderr)
            return 1
        print(text)
        return 0 if all(one.held for one in checks) else 1


def _locally(folder: Path, options: argparse.Namespace) -> tuple[str, list[Check]]:
    """Let the shop write JSON lines; return the screen and the checks."""
    with Server(folder, options.framework) as server:
        driven = drive(server.url, mix(options.requests), options.threads)
        stop = server.stop()
    output = read(server.records)
    checks = check(driven, output, stop)
    return screen(driven, output, stop, checks, verbose=options.verbose), checks


def _everywhere(folder: Path, options: argparse.Namespace) -> tuple[str, list[Check]]:
    """Let the shop send to a file, to Loki and to Sentry; return the screen and the checks."""
    from shop.everywhere import checks, outage, screen  # noqa: PLC0415 - they need POSIX, which the rest does not

    print("starting VictoriaLogs and Bugsink, which is installed the first time", file=sys.stderr, flush=True)
    run = outage.run(folder, mix(options.requests), options.threads, options.framework)
    made = checks.check(run)
    return screen.screen(run, made, verbose=options.verbose), made


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m shop", description=__doc__, allow_abbrev=False)
    parser.add_argument("--everywhere", action="store_true", help="send to a file, to Loki and to Sentry")
    parser.add_argument("--framework", choices=COMMANDS, default="fastapi", help="that serves (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=3000, help="how many to send (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=4, help="that send them, one connection each")
    parser.add_argument("--verbose", action="store_true", help="show each kind of request and every failure")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what the servers wrote")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
