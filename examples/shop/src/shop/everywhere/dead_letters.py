"""The dead letters of the shop, seen as its operators see them: through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shop.demo.server import ServerError


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and how it ended."""

    exit_status: int
    text: str


class DeadLetters:
    """Runs ``e11y dlq``.

    Args:
        variables: Environment variables of the server whose letters they are.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def listed(self) -> Sequence[Mapping[str, Any]]:
        """Return all letters, without their values.

        Raises:
            ServerError: The command fails.
        """
        answer = self._run("list", "--json", "--limit", "1000000")
        if answer.exit_status:
            raise ServerError(f"e11y dlq list says:\n{answer.text}")
        lines = [line for line in answer.text.splitlines() if line.startswith("{")]
        return [json.loads(line) for line in lines]

    def replay(self) -> Answer:
        """Send all letters once more."""
        return self._run("replay")

    def wait(self, patience_s: float = 20) -> None:
        """Return once there are letters, or after ``patience_s`` seconds without one."""
        deadline = time.monotonic() + patience_s
        while not self.listed() and time.monotonic() < deadline:
            time.sleep(0.1)

    def _run(self, *arguments: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "e11y", "dlq", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | self._variables,
            timeout=120,
            check=False,
        )
        return Answer(done.returncode, done.stdout)
