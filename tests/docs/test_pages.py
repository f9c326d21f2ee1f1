"""Every Python block of every page runs, each page from top to bottom in an interpreter of its own.

A block that follows ``<!-- not run -->`` is left out: it shows something that cannot run by itself.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for pattern in (
        "README.md",
        "CONTRIBUTING.md",
        "docs/**/*.md",
        "core/README.md",
        "plugins/*/README.md",
        "examples/*/README.md",
    )
    for page in ROOT.glob(pattern)
)
BLOCK = re.compile(r"(<!-- not run -->\s*)?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def program(page: Path) -> str:
    """Return the blocks of a page at the line numbers that they have in it."""
    text = page.read_text("utf-8")
    lines = [""] * (text.count("\n") + 1)
    for block in BLOCK.finditer(text):
        if not block[1]:
            first = text.count("\n", 0, block.start(2))
            for number, line in enumerate(block[2].splitlines(), start=first):
                lines[number] = line
    return "\n".join(lines)


WITH_CODE = [page for page in PAGES if program(page).strip()]


@pytest.mark.parametrize("page", WITH_CODE, ids=[str(page.relative_to(ROOT)) for page in WITH_CODE])
def test_python_blocks_run(page: Path, tmp_path: Path) -> None:
    script = tmp_path / page.with_suffix(".py").name
    script.write_text(program(page), "utf-8")
    answer = subprocess.run(
        [sys.executable, "-W", "error", script], cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False
    )
    assert answer.returncode == 0, f"{page.relative_to(ROOT)}, same line numbers:\n{answer.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
