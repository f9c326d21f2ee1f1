"""A real Bugsink: a server that takes what Sentry takes, from PyPI, in a virtual environment of its own."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import attrs

from e11y.testing import free_port
from shop.demo.server import ServerError
from shop.everywhere.cache import cache

_VERSION = "2.6.1"
_QUOTAS = [f"MAX_EVENTS_{whose}PER_{span}" for whose in ("", "PER_PROJECT_") for span in ("5_MINUTES", "HOUR")]
_PROJECT = """
from projects.models import Project
print("DSN", Project.objects.create(name="shop").dsn)
"""


@attrs.frozen
class Event:
    """One event as Bugsink stored it.

    Args:
        issue: Id of the issue that it belongs to.
        data: The event as it was sent.
    """

    issue: str
    data: dict[str, Any]


class Bugsink:
    """One Bugsink with one project; ``start`` and ``stop`` may alternate, port and database stay the same.

    The environment is kept in the user's cache folder. An event is in the database when the POST returns.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._binaries = _environment() / "bin"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._run("bugsink-create-conf", "--template=local", "--host=127.0.0.1", f"--port={self.port}")
        self._configuration = (folder / "bugsink_conf.py").read_text("utf-8")
        self._run("bugsink-manage", "migrate")
        self._run("bugsink-manage", "migrate", "snappea", "--database=snappea")
        said = self._run("bugsink-manage", "shell", given=_PROJECT)
        self.dsn: str = said.rpartition("DSN ")[2].strip()

    def start(self, **settings: int) -> None:
        """Start and wait until the port answers. Quotas are lifted, unless ``settings`` say otherwise.

        Raises:
            ServerError: It does not answer.
        """
        quotas = dict.fromkeys(_QUOTAS, 1_000_000)
        text = f"{self._configuration}\nBUGSINK.update({ {**quotas, **settings}!r})\n"
        (self.folder / "bugsink_conf.py").write_text(text, "utf-8")
        command = [
            str(self._binaries / "gunicorn"),
            f"--bind=127.0.0.1:{self.port}",
            "--workers=1",
            "--threads=4",
            "--graceful-timeout=1",
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "bugsink.wsgi"],
                cwd=self.folder,
                env=self._variables(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while not self._answers():
            if self.process.poll() is not None:
                raise ServerError(f"Bugsink did not start:\n{(self.folder / 'log').read_text('utf-8')}")
            if time.monotonic() > deadline:
                raise ServerError("Bugsink does not answer")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it; what it is doing is done first."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it in the middle of whatever it is doing."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if number is signal.SIGTERM:
            process.terminate()  # gunicorn passes it on to its worker
        else:
            os.killpg(process.pid, number)
        process.wait(40)

    def events(self) -> list[Event]:
        """Return what is stored, oldest first."""
        rows = self._rows("select issue_id, data from events_event order by digest_order")
        return [Event(issue, json.loads(data)) for issue, data in rows]

    def issues(self) -> dict[str, dict[str, Any]]:
        """Return the issues by id: what Bugsink itself reads out of their events."""
        names = ("id", "calculated_type", "last_frame_function", "last_frame_module", "digested_event_count")
        return {
            row[0]: dict(zip(names, row, strict=True))
            for row in self._rows(f"select {', '.join(names)} from issues_issue")
        }

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(f"file:{self.folder}/db.sqlite3?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def _run(self, name: str, *arguments: str, given: str = "") -> str:
        done = subprocess.run(
            [self._binaries / name, *arguments],
            cwd=self.folder,
            env=self._variables(),
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise ServerError(f"{name} says:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _variables(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.folder), "DJANGO_SETTINGS_MODULE": "bugsink_conf"}

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("HEAD", "/accounts/login/")
            connection.getresponse()
        except OSError:
            return False
        finally:
            connection.close()
        return True


def _environment() -> Path:
    """Return the virtual environment that holds Bugsink; made once for each version of Python."""
    made = cache() / f"bugsink-{_VERSION}-py{sys.version_info.major}.{sys.version_info.minor}"
    made.parent.mkdir(parents=True, exist_ok=True)
    with made.with_name(f"{made.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "complete").exists():
            venv.create(made, clear=True)  # without pip, which Debian's Python could not put there: ours does the work
            pip = [sys.executable, "-m", "pip", "--python", str(made / "bin" / "python")]
            command = [*pip, "install", "--quiet", f"bugsink=={_VERSION}"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
            if done.returncode:
                raise ServerError(f"Bugsink cannot be installed:\n{done.stdout}{done.stderr}")
            (made / "complete").touch()
    return made
