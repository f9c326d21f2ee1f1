"""Writes the matrix in ``docs/explanation/shutdown.md``, from its rows and from what runs of the tests found.

python tools/shutdown.py .tox/reports/shutdown-*.json    write it, with these results
python tools/shutdown.py --check                         fail when the page shows other rows than the tests have
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.shutdown.rows import ROWS, Row  # noqa: E402 - the rows belong to the tests

PAGE = ROOT / "docs" / "explanation" / "shutdown.md"
MATRIX = re.compile(r"(?<=<!-- matrix -->\n).*?(?=<!-- end of matrix -->)", re.DOTALL)
VERSIONS = ("3.11", "3.12", "3.13")
NOT_RUN = "not run"

Cells = dict[tuple[str, str], str]
"""Name of a row and version of Python -> what was found."""


def cell(found: Sequence[int]) -> str:
    """Return how many events arrived alone, and with dead adapters beside."""
    alone, beside, _ = found
    return f"{alone} / {beside}"


def shown(page: str) -> Cells:
    """Return what a page says about each row."""
    cells: Cells = {}
    for line in _matrix(page).splitlines()[2:]:
        name, _, *found = (part.strip() for part in line.strip("| ").split(" | "))
        cells.update({(name, version): text for version, text in zip(VERSIONS, found, strict=False)})
    return cells


def with_matrix(page: str, cells: Mapping[tuple[str, str], str]) -> str:
    """Return a page with the matrix of the present rows."""
    lines = "".join(f"{line}\n" for line in _table(cells))
    return MATRIX.sub(lambda _: lines, page)


def _matrix(page: str) -> str:
    found = MATRIX.search(page)
    if found is None:
        raise SystemExit(f"{PAGE.relative_to(ROOT)} has lost the comments around its matrix")
    return found[0]


def _table(cells: Mapping[tuple[str, str], str]) -> Iterator[str]:
    yield f"| process | ended by | {' | '.join(VERSIONS)} | why |"
    yield "|---" * (len(VERSIONS) + 3) + "|"
    for row in ROWS:
        found = [cells.get((row.name, version), NOT_RUN) for version in VERSIONS]
        yield f"| {row.name} | {row.signalled or 'itself'} | {' | '.join(found)} | {_why(row)} |"


def _why(row: Row) -> str:
    if not row.around:
        return row.why
    on = f" on {', '.join(row.loses_on)}" if row.loses_on else ""
    return f"**Loses events{on}:** {row.why}. **Way around:** {row.around}"


def main() -> int:
    """Write the matrix, or check it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("results", nargs="*", type=Path, help="what the tests left beside their reports")
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the page is stale")
    chosen = parser.parse_args()
    page = PAGE.read_text("utf-8")
    cells = shown(page)
    for results in chosen.results:
        version = results.stem.removeprefix("shutdown-")
        cells.update({(name, version): cell(found) for name, found in json.loads(results.read_text("utf-8")).items()})
    written = with_matrix(page, cells)
    if not chosen.check:
        PAGE.write_text(written, "utf-8")
        return 0
    if written != page or NOT_RUN in _matrix(page):
        print(f"{PAGE.relative_to(ROOT)} is stale: run the tests in tests/shutdown, then tools/shutdown.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
