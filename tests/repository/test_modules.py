"""Rules that hold for every module of every package."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([ROOT / "core" / "src", *ROOT.glob("plugins/*/src"), *ROOT.glob("examples/*/src")])
MODULES = sorted(file for source in SOURCES for file in source.rglob("*.py"))
PUBLISHED = [file for file in MODULES if not file.is_relative_to(ROOT / "examples")]
VAGUE = {"utils", "helpers", "common", "misc", "base"}
MAX_LINES = 400


def shown(file: Path) -> str:
    return str(file.relative_to(ROOT))


def dotted(file: Path) -> str:
    parts = file.relative_to(ROOT).parts
    inside = parts[parts.index("src") + 1 :]
    return ".".join(inside).removesuffix(".py").removesuffix(".__init__")


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {shown(file): len(file.read_text("utf-8").splitlines()) for file in MODULES}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [
        shown(file)
        for file in MODULES
        if VAGUE & {word for part in file.relative_to(ROOT).parts for word in Path(part).stem.split("_")}
    ]
    assert vague == []


def test_every_module_says_its_one_concept() -> None:
    silent = []
    for file in MODULES:
        text = ast.get_docstring(ast.parse(file.read_text("utf-8")))
        if not text or not text.splitlines()[0].strip():
            silent.append(shown(file))
    assert silent == []


def test_nothing_private_of_a_dependency_is_imported() -> None:
    found = []
    for file in MODULES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                root, *inner = name.split(".")
                if not root.startswith(("e11y", "_", "shop")) and any(part.startswith("_") for part in inner):
                    found.append(f"{shown(file)}: {name}")
    assert found == []


def test_no_exception_vanishes() -> None:
    """``except Exception: pass`` hides what the ledger should count."""
    found = []
    for file in MODULES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) for line in node.body):
                broad = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
                found += [f"{shown(file)}:{node.lineno}"] if broad else []
    assert found == []


@pytest.mark.parametrize("file", PUBLISHED, ids=[dotted(file) for file in PUBLISHED])
def test_module_can_be_imported_alone(file: Path) -> None:
    """No module depends on another having been imported first, and none warns."""
    if file.name == "__main__.py":
        pytest.skip("it runs a program")
    command = [sys.executable, "-I", "-W", "error", "-c", f"import {dotted(file)}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_import_e11y_brings_in_nothing_heavy() -> None:
    lazy = ["cattrs", "click", "importlib_metadata", "msgspec", "pluggy", "pytest", "urllib3"]
    code = f"import sys, e11y; print([name for name in {lazy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_import_e11y_starts_no_thread() -> None:
    code = "import threading, e11y; print(threading.active_count())"
    answer = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "1"
