"""Distributions that are really installed, in a folder on the path."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from e11y import ConfigError, Host
from e11y.plugins import PluginSet, load
from e11y.settings import load as load_settings
from e11y.testing.standalone_host import StandaloneHost

Install = Callable[..., None]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that stands for site-packages; it alone holds distributions with plugins."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def install(site: Path) -> Install:
    """Install a distribution: its entry points and the source of its modules."""

    def install_it(
        distribution: str,
        entry_points: Mapping[str, str],
        modules: Mapping[str, str] | None = None,
        version: str = "1.0",
    ) -> None:
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = [f"{name} = {value}" for name, value in entry_points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[e11y]", *lines, ""]))
        for module, source in (modules or {}).items():
            (site / f"{module}.py").write_text(dedent(source))
        importlib.invalidate_caches()

    return install_it


@pytest.fixture
def load_plugins(tmp_path: Path) -> Callable[..., PluginSet]:
    """Load the plugins that some settings ask for."""

    def load_them(
        settings: dict[str, Any] | None = None, *, toml: str | None = None, hosts: Any = None, **arguments: Any
    ) -> PluginSet:
        if toml is not None:
            (tmp_path / "pyproject.toml").write_text(toml)
        loaded = load_settings(settings, environ={}, directory=tmp_path)
        return load(loaded, hosts or host_for, **arguments)

    return load_them


def host_for(_name: str) -> Host:
    return StandaloneHost()


@pytest.fixture
def refused(load_plugins: Callable[..., PluginSet], tmp_path: Path) -> Callable[..., str]:
    """Return the text of the error that loading raises, with the folder of the test shown as ``~``."""

    def text(*positional: Any, **named: Any) -> str:
        with pytest.raises(ConfigError) as caught:
            load_plugins(*positional, **named)
        return str(caught.value).replace(str(tmp_path), "~")

    return text
