"""The shop's server as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from e11y.testing import free_port

SETTINGS = Path(__file__).parents[1] / "e11y.toml"

_GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--threads", "16", "--log-level", "warning")
COMMANDS: Mapping[str, Sequence[str]] = {
    "fastapi": ("uvicorn", "shop.web.fastapi:app", "--port", "{port}", "--no-access-log", "--log-level", "warning"),
    "flask": (*_GUNICORN, "shop.web.flask:app"),
    "django": (*_GUNICORN, "shop.web.django:app"),
}
"""Framework -> what serves the shop on it, after ``python -m``; one process, since its database is one process's."""

_PLAIN: Mapping[str, str] = {"WEB_CONCURRENCY": "1", "GUNICORN_CMD_ARGS": "", "FLASK_DEBUG": "0"}
"""One process, in which exceptions find their error handlers, whatever the environment says of other servers."""


class ServerError(Exception):
    """A server did not come up, did not go down, or does not answer as it should."""


@dataclass(frozen=True, slots=True)
class Stop:
    """How the server ended after SIGTERM."""

    seconds: float
    exit_status: int
    ledger: Mapping[str, Any] | None
    """What the server wrote at its end: the fields of a ledger snapshot, with its ``table``."""


class Server:
    """Serves the shop on a free port of this machine while the ``with`` body runs.

    Args:
        folder: Takes what the server leaves: ``records.jsonl``, ``server.log``, ``ledger.json``.
        framework: One of ``COMMANDS``.
        settings: What e11y is configured with.
        variables: Further environment variables, to which the settings may refer.
    """

    def __init__(self, folder: Path, framework: str = "fastapi", settings: Path = SETTINGS, **variables: str) -> None:
        self.records = folder / "records.jsonl"
        self.log = folder / "server.log"
        self._ledger = folder / "ledger.json"
        self._ledger.unlink(missing_ok=True)
        own = {"E11Y_CONFIG": str(settings), "SHOP_LEDGER": str(self._ledger)}
        self._variables = {**_PLAIN, **variables, **own}
        self._port = free_port()
        self._command = [word.format(port=self._port) for word in COMMANDS[framework]]
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        with self.records.open("wb") as records, self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self._command],
                stdin=subprocess.DEVNULL,
                stdout=records,
                stderr=log,
                env=os.environ | self._variables,
            )
        try:
            self._wait_until_it_listens()
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()

    def stop(self, patience_s: float = 20) -> Stop:
        """Ask the server to stop, as every process manager does, and return how it ended.

        Raises:
            ServerError: It still runs after ``patience_s`` seconds.
        """
        asked = time.perf_counter()
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            raise ServerError(f"the server still runs {patience_s:.0f} s after SIGTERM") from None
        ledger = json.loads(self._ledger.read_text(encoding="utf-8")) if self._ledger.exists() else None
        return Stop(time.perf_counter() - asked, status, ledger)

    def _wait_until_it_listens(self, patience_s: float = 60) -> None:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServerError(f"the server did not start:\n{self.log.read_text(encoding='utf-8')}")
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise ServerError(f"the server does not listen after {patience_s:.0f} s")

    def _kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
