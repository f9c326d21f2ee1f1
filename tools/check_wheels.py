"""Builds every distribution and proves the results fit to publish.

Each package becomes an sdist, and a wheel made from that sdist alone. All wheels are installed in an empty
environment, and the tests of the template plugin, contract kit included, run there from a copy outside the checkout.

    python tools/check_wheels.py FOLDER JUNIT_XML
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "plugins" / "e11y-example"


def main(folder: Path, junit: Path) -> int:
    """Build into ``folder``, check, and return pytest's exit status; the tests' report goes to ``junit``."""
    shutil.rmtree(folder, ignore_errors=True)
    packages = [ROOT / "core", *sorted(found.parent for found in ROOT.glob("plugins/*/pyproject.toml"))]
    for package in packages:
        build(package, folder)
    wheels = sorted(folder.glob("*.whl"))
    version = (ROOT / "VERSION").read_text("utf-8").strip()
    problems = [problem for wheel in wheels for problem in problems_of(wheel, version)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems or len(wheels) != len(packages):
        return 1
    with tempfile.TemporaryDirectory(prefix="e11y-wheels-") as outside:
        return run_template(Path(outside), wheels, junit)


def build(package: Path, folder: Path) -> None:
    """Build the sdist of ``package``, and its wheel from the sdist, into ``folder``."""
    subprocess.run([sys.executable, "-m", "build", "--no-isolation", f"--outdir={folder}", str(package)], check=True)


def problems_of(wheel: Path, version: str) -> list[str]:
    """Return what is wrong with the contents of a wheel."""
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    found = []
    if f"-{version}-" not in wheel.name:
        found.append(f"{wheel.name}: the version is not that of VERSION, {version}")
    if not any(name.endswith("/py.typed") for name in names):
        found.append(f"{wheel.name}: no py.typed, so its types are invisible to those who install it")
    if strangers := [name for name in names if name.split("/")[0] == "tests" or name.endswith(".pyc")]:
        found.append(f"{wheel.name}: does not belong in a wheel: {', '.join(strangers[:5])}")
    return found


def run_template(outside: Path, wheels: list[Path], junit: Path) -> int:
    """Install ``wheels`` in a new environment in ``outside`` and run the template's tests there."""
    subprocess.run([sys.executable, "-m", "virtualenv", "--quiet", str(outside / "venv")], check=True)
    python = outside / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    tools = ["pytest>=8.0", "pytest-timeout>=2.3", "hypothesis>=6.100"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wheels, *tools], check=True)
    subprocess.run([python, "-m", "pip", "check"], check=True)
    shutil.copytree(TEMPLATE / "tests", outside / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    (outside / "pytest.ini").write_text(
        "[pytest]\naddopts = --import-mode=importlib\nfilterwarnings = error\n", "utf-8"
    )
    command = [str(python), "-m", "pytest", f"--junitxml={junit}", "tests"]
    # Without variables that lead back to the checkout, or that set up what is tested.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "E11Y_"))}
    return subprocess.run(command, cwd=outside, env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
