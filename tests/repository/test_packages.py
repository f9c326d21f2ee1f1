"""Rules that hold for every distribution, so that nothing in the repository has to list them by hand."""

from __future__ import annotations

import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSION = (ROOT / "VERSION").read_text("utf-8").strip()
PLUGINS = sorted(found.parent for found in ROOT.glob("plugins/*/pyproject.toml"))
PACKAGES = [ROOT / "core", *PLUGINS]

each_package = pytest.mark.parametrize("package", PACKAGES, ids=[package.name for package in PACKAGES])
each_plugin = pytest.mark.parametrize("plugin", PLUGINS, ids=[plugin.name for plugin in PLUGINS])


def read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text("utf-8"))


def project_of(package: Path) -> dict[str, Any]:
    project: dict[str, Any] = read(package / "pyproject.toml")["project"]
    return project


@each_package
def test_version_is_that_of_the_version_file(package: Path) -> None:
    project = project_of(package)
    assert project["dynamic"] == ["version"]
    assert version(project["name"]) == VERSION


@each_package
def test_package_has_types_readme_and_license(package: Path) -> None:
    assert list(package.glob("src/*/py.typed"))
    assert (package / "README.md").is_file()
    assert project_of(package)["license"] == "MIT"
    assert project_of(package)["requires-python"] == ">=3.11"


@each_package
def test_every_dependency_has_a_lower_bound(package: Path) -> None:
    """The environment ``min`` installs exactly these."""
    unbounded = [text for text in project_of(package).get("dependencies", []) if ">=" not in text]
    assert unbounded == []


@each_plugin
def test_plugin_has_one_name_everywhere(plugin: Path) -> None:
    name = plugin.name.removeprefix("e11y-")
    project = project_of(plugin)
    assert project["name"] == f"e11y-{name}"
    assert (plugin / "src" / f"e11y_{name}").is_dir()
    assert list(project["entry-points"]["e11y"]) == [name]


@each_plugin
def test_plugin_allows_a_range_of_core(plugin: Path) -> None:
    core = [text for text in project_of(plugin)["dependencies"] if text.startswith("e11y-core")]
    assert len(core) == 1
    assert ">=" in core[0]
    assert "<" in core[0]
    assert "==" not in core[0]


def test_import_contracts_name_every_plugin() -> None:
    linter = read(ROOT / "pyproject.toml")["tool"]["importlinter"]
    packages = {plugin.name.replace("-", "_") for plugin in PLUGINS}
    (standing,) = [contract for contract in linter["contracts"] if contract.get("layers", [])[1:] == ["e11y"]]
    assert set(linter["root_packages"]) == {"e11y"} | packages
    assert {name.strip() for name in standing["layers"][0].split("|")} == packages


def test_import_contracts_have_no_exceptions() -> None:
    """An ignored import means that something is in the wrong module."""
    contracts = read(ROOT / "pyproject.toml")["tool"]["importlinter"]["contracts"]
    assert [contract["name"] for contract in contracts if "ignore_imports" in contract] == []
