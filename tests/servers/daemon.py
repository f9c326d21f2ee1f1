"""The start of a server that answers over HTTP."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.error import HTTPError

_PATIENCE_S = 30


def started(command: Sequence[str], log: Path, asked: Callable[[], object]) -> subprocess.Popen[bytes]:
    """Start a server and wait until it answers.

    Args:
        command: Starts it.
        log: Where what it says is appended; named after it.
        asked: Asks it something; raises ``OSError`` as long as it does not answer.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait(process, log, asked)
    except BaseException:
        process.kill()
        process.wait(10)
        raise
    return process


def _wait(process: subprocess.Popen[bytes], log: Path, asked: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        assert process.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < deadline, f"{log.stem} does not answer"
        try:
            asked()
        except OSError as error:
            if isinstance(error, HTTPError):
                error.close()
            time.sleep(0.05)
        else:
            return
