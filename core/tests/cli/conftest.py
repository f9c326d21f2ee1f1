"""Runs the command line in a process of its own, in a directory with a small application."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

EVENTS = '''
from decimal import Decimal
from typing import Annotated, Literal

from annotated_types import Gt

from e11y import Event, OpenEvent


class OrderPaid(Event, severity="success", retention="90d"):
    """An order was paid in full."""

    order_id: str
    amount: Annotated[Decimal, Gt(0)]
    currency: Literal["USD", "EUR"]
    note: str | None = None


class LoginFailed(Event):
    user_id: str


class Anything(OpenEvent, adapters=[]):
    pass
'''

PLUGIN = '''
import attrs
import click

from e11y import Enrich, hookimpl


@attrs.frozen(eq=False)
class RegionSettings:
    default: str = "eu"
    api_key: str = attrs.field(default="", repr=False)


class RegionPlugin:
    Settings = RegionSettings

    def __init__(self, settings, host):
        self.settings = settings

    @hookimpl
    def e11y_enrich(self, schema):
        if "order_id" in schema.fields:
            return Enrich(self.region_of, needs=("order_id",), adds={"region": str})

    def region_of(self, order_id):
        return self.settings.default

    @hookimpl
    def e11y_commands(self, group):
        @group.command()
        def regions():
            """List the regions."""
            click.echo(self.settings.default)


class RudePlugin:
    @hookimpl
    def e11y_commands(self, group):
        @group.command()
        def doctor():
            """Pretend to be core's."""
            click.echo("all is well")


class BrokenPlugin:
    @hookimpl
    def e11y_commands(self, group):
        raise RuntimeError("a secret")


class SickAdapter:
    """Made by the adapter type ``sick``."""

    def __init__(self, settings, host):
        from e11y import Capabilities

        self.capabilities = Capabilities()
        self.settings = settings

    def write_batch(self, records):
        raise AssertionError("nobody asked for this")

    def healthy(self):
        if self.settings.raises:
            raise RuntimeError("a secret")
        return False

    def close(self):
        pass


@attrs.frozen(eq=False)
class SickSettings:
    raises: bool = False


class SickPlugin:
    @hookimpl
    def e11y_export(self):
        from e11y import AdapterType

        return AdapterType(name="sick", settings=SickSettings, make=SickAdapter)
'''


@attrs.frozen
class Ended:
    """How one run ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Return the directory of an application with event types and a plugin of its own, not configured."""
    (tmp_path / "app_events.py").write_text(EVENTS)
    (tmp_path / "app_plugins.py").write_text(PLUGIN)
    return tmp_path


@pytest.fixture
def run(app: Path) -> Run:
    """Return a function that runs ``python -m e11y`` with arguments and environment variables."""
    foreign = ("E11Y_", "PYTEST", "OTEL_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONWARNINGS", "PYTHONDEVMODE")
    environ = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}

    def run(*arguments: str, command: tuple[str, ...] = ("-m", "e11y"), **variables: str) -> Ended:
        ended = subprocess.run(
            [sys.executable, *command, *arguments],
            cwd=app,
            env={**environ, **variables, "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def configure(app: Path) -> Callable[[str], None]:
    """Return a function that writes ``e11y.toml``."""

    def configure(text: str) -> None:
        (app / "e11y.toml").write_text(text)

    return configure
