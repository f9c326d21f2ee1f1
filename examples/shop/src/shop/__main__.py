"""The demonstration: ``python -m shop``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from shop.demo.checks import check
from shop.demo.client import drive
from shop.demo.mix import mix
from shop.demo.output import read
from shop.demo.screen import screen
from shop.demo.server import Server, ServerError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the shop, drive it, stop it, and print what it left; return 0 only if every claim held."""
    options = _options(arguments)
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="e11y-shop-")))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with Server(folder) as server:
                driven = drive(server.url, mix(options.requests), options.threads)
                stop = server.stop()
        except ServerError as error:
            print(f"FAILED  {error}", file=sys.stderr)
            return 1
        output = read(server.records)
        checks = check(driven, output, stop)
        print(screen(driven, output, stop, checks, verbose=options.verbose))
        return 0 if all(one.held for one in checks) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m shop", description=__doc__)
    parser.add_argument("--requests", type=int, default=3000, help="how many to send (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=4, help="that send them, one connection each")
    parser.add_argument("--verbose", action="store_true", help="show each kind of request and every failure")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what the server wrote")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
