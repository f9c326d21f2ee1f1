"""One measurement, in the fresh process that was started for it."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.measures.request import Request
from benchmarks.plan import MEASURES


def main(argv: list[str]) -> int:
    """Measure what ``argv`` asks for and write the values to a file.

    Args:
        argv: One JSON object (``measure``, ``case``, ``seed``, ``quick``) and the path to write to.

    Returns:
        The exit status.
    """
    asked, answer = json.loads(argv[0]), Path(argv[1])
    missing = CASES[asked["case"]].missing()
    if missing:
        answer.write_text(json.dumps({"problem": f"{missing} is not installed"}))
        return 0
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        values = MEASURES[asked["measure"]].run(Request(directory=Path(directory), **asked), CASES)
    answer.write_text(json.dumps({"values": values}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
