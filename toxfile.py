"""What tox.ini needs to know about the plugins, read from their folders so that no list is kept by hand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.version import Version
from tox.plugin import impl

if TYPE_CHECKING:
    from tox.config.sets import EnvConfigSet
    from tox.session.state import State

ROOT = Path(__file__).parent
PREFIX = "plugin-"


def plugin_folders() -> list[Path]:
    """Return ``plugins/e11y-<name>`` of every plugin, relative to the repository."""
    return sorted(found.parent.relative_to(ROOT) for found in ROOT.glob("plugins/e11y-*/pyproject.toml"))


def oldest(projects: Iterable[Path]) -> list[str]:
    """Return ``name==version`` for the lower bound of each dependency; of several bounds the highest."""
    bounds: dict[str, Version] = {}
    for project in projects:
        declared = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
        extras = declared.get("optional-dependencies", {}).values()
        for text in [*declared.get("dependencies", []), *(line for lines in extras for line in lines)]:
            requirement = Requirement(text)
            lowest = re.search(r">=\s*([\w.]+)", str(requirement.specifier))
            if lowest and not requirement.name.startswith("e11y"):
                bound = Version(lowest[1])
                bounds[requirement.name] = max(bound, bounds.get(requirement.name, bound))
    return [f"{name}=={bound}" for name, bound in sorted(bounds.items())]


def needs_of_tests(folder: Path) -> list[str]:
    """Return what the tests of a plugin need beside it: the group ``test`` of its dependency groups (PEP 735)."""
    declared = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))
    found: list[str] = declared.get("dependency-groups", {}).get("test", [])
    return found


def sources() -> list[str]:
    """Return what the type checkers read: every package, and the tools of the repository itself."""
    packages = [*ROOT.glob("core/src"), *ROOT.glob("plugins/*/src"), *ROOT.glob("examples/*/src")]
    return [*(str(found.relative_to(ROOT)) for found in sorted(packages)), "tools", "benchmarks"]


@impl
def tox_extend_envs() -> Iterable[str]:
    """Add ``plugin-<name>`` for each folder ``plugins/e11y-<name>``."""
    return [PREFIX + folder.name.removeprefix("e11y-") for folder in plugin_folders()]


@impl
def tox_add_env_config(env_conf: EnvConfigSet, state: State) -> None:
    """Hand the facts to tox.ini as environment variables."""
    del state
    name = env_conf.name or ""
    folders = plugin_folders()
    if name.startswith(PREFIX):
        folders = [folder for folder in folders if folder.name == "e11y-" + name.removeprefix(PREFIX)]
    extra = sorted({need for folder in folders for need in needs_of_tests(folder)})
    env_conf["set_env"].update(
        {
            "PLUGINS": "\n".join([f"-e {folder}" for folder in folders] + extra),
            "PLUGIN_TESTS": " ".join(str(folder / "tests") for folder in folders),
            "OLDEST": "\n".join(oldest([ROOT / "core", *(ROOT / folder for folder in folders)])),
            "SOURCES": " ".join(sources()),
        }
    )
