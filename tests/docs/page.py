"""Runs one page as its reader would: from top to bottom, in an empty folder, at a terminal without colours.

    python tests/docs/page.py docs/tutorial/application.md

    ```python    runs, all blocks of the page in one interpreter; one that begins with `# name.py` is saved instead
    ```toml      is saved if it begins with `# name.toml`; a runtime must be able to read what it says about e11y
    ```console   each line that begins with `$ ` runs, unless it calls pip, and succeeds; below stands its output
    ```text      is what the block above printed, if the words in between say "prints"

The reader has core, and those plugins that the blocks of the page name. A line `...` stands for any lines. Times, ids and durations may differ; ids that are equal must stay so. A block
below `<!-- not run -->` is left out.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

BLOCK = re.compile(r"^```(?P<kind>python|toml|console|text)\n(?P<source>.*?)^```$", re.MULTILINE | re.DOTALL)
READER = Path(__file__).resolve().parent / "reader"
NOT_RUN = "<!-- not run -->"
FILE_NAME = re.compile(r"# ([\w./-]+\.(?:py|toml))\n")

VARYING = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "<timestamp>"),
    (re.compile(r"^\d\d:\d\d:\d\d\.\d{3}Z", re.MULTILINE), "<time>"),
    (re.compile(r"(?<=duration_ms=)\d+(\.\d+)?|(?<=\"duration_ms\":)\d+(\.\d+)?"), "<ms>"),
    (re.compile(r"(?<= in )\d+\.\d+s"), "<s>"),
    (re.compile(r"^=+ (.*) =+$", re.MULTILINE), r"= \1 ="),
]
IDS = re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{16}\b|(?<=<time> )[0-9a-f]{8}(?= )")


class Block(NamedTuple):
    """One fenced block of a page, and the words between it and the block above."""

    kind: str
    source: str
    line: int
    words: str


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a page that count."""
    end = 0
    for found in BLOCK.finditer(text):
        words, end = text[end : found.start()], found.end()
        if not words.rstrip().endswith(NOT_RUN):
            yield Block(found["kind"], found["source"], text.count("\n", 0, found.start("source")), words)


def comparable(text: str) -> list[str]:
    """Return the lines of an output without what differs each time."""
    for pattern, stand_in in VARYING:
        text = pattern.sub(stand_in, text)
    numbers: dict[str, str] = {}
    text = IDS.sub(lambda found: numbers.setdefault(found[0], f"<id {len(numbers) + 1}>"), text)
    return [line.rstrip() for line in text.strip().splitlines()]


def fits(expected: list[str], found: list[str]) -> bool:
    """Return whether ``found`` is what the page shows; a line ``...`` stands for any lines."""
    if not expected:
        return not found
    if expected[0] == "...":
        return any(fits(expected[1:], found[skipped:]) for skipped in range(len(found) + 1))
    return bool(found) and expected[0] == found[0] and fits(expected[1:], found[1:])


class Terminal(io.TextIOWrapper):
    """A ``sys.stdout`` that says it is a terminal, and remembers what it was told.

    What is printed comes first. The console adapter writes below it, to the buffer, a moment later: on a machine that
    stalls that is in between.
    """

    def __init__(self) -> None:
        self.printed: list[str] = []
        self.delivered = io.BytesIO()
        super().__init__(self.delivered, encoding="utf-8")

    def write(self, text: str) -> int:
        self.printed.append(text)
        return len(text)

    def isatty(self) -> bool:
        return True

    def taken(self) -> str:
        text = "".join(self.printed) + self.delivered.getvalue().decode("utf-8")
        self.printed.clear()
        self.delivered.seek(0)
        self.delivered.truncate()
        return text


class Page:
    """A page that is being read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.module = types.ModuleType("__main__")
        self.terminal = Terminal()
        self.printed = ""

    def run(self) -> None:
        """Run every block.

        Raises:
            AssertionError: A page shows another output than there is.
        """
        sys.modules["__main__"] = self.module
        for block in blocks(self.path.read_text("utf-8")):
            named = FILE_NAME.match(block.source)
            if named and block.kind in ("python", "toml"):
                file = Path(named[1])
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.source, "utf-8")
            elif block.kind == "python":
                self.printed = self.output_of(block)
            elif block.kind == "text" and "prints" in block.words:
                self.compare(block, block.source, self.printed)
            elif block.kind == "console":
                self.type_in(block)
            if block.kind == "toml":
                check_settings(block.source)
        self.deliver("shutdown")

    def output_of(self, block: Block) -> str:
        """Run a Python block and deliver its events; return what came out."""
        code = compile("\n" * block.line + block.source, str(self.path), "exec", dont_inherit=True)
        stdout, sys.stdout = sys.stdout, self.terminal
        try:
            exec(code, self.module.__dict__)
            self.deliver("flush")
        finally:
            sys.stdout = stdout
        return self.terminal.taken()

    def deliver(self, how: str) -> None:
        """Let e11y write what it holds, as it does by itself a moment later."""
        active = sys.modules.get("e11y.active")
        if active is not None and active._process.active is not None:
            getattr(sys.modules["e11y"], how)()

    def type_in(self, block: Block) -> None:
        """Run the commands of a console block and compare what they say."""
        for part in re.split(r"^\$ ", block.source, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            if not re.match(r"(python -m )?pip ", command):
                self.compare(block, expected, at_terminal(command))

    def compare(self, block: Block, expected: str, found: str) -> None:
        """Check that an output is the one that the page shows."""
        where = f"{self.path}:{block.line}"
        assert fits(comparable(expected), comparable(found)), f"{where} shows\n{expected}\nbut it is\n{found}"


def at_terminal(command: str) -> str:
    """Return what a command prints when a person runs it.

    Raises:
        AssertionError: It fails.
    """
    import pty

    ours, theirs = pty.openpty()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environ = {**os.environ, "PATH": path, "COLUMNS": "80"}
    process = subprocess.Popen(command, shell=True, stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    said = bytearray()
    with contextlib.suppress(OSError):  # Linux ends the stream of a terminal without a writer in this way
        while chunk := os.read(ours, 65536):
            said += chunk
    os.close(ours)
    text = said.decode("utf-8").replace("\r\n", "\n")
    assert process.wait() == 0, f"{command} failed:\n{text}"
    return text


def check_settings(source: str) -> None:
    """Make a runtime of what a TOML block says about e11y.

    Raises:
        ConfigError: It cannot work.
    """
    from e11y.runtime import Runtime

    document: dict[str, Any] = tomllib.loads(source)
    is_whole_file = source.startswith("# e11y.toml\n")
    if not is_whole_file and "e11y" not in document.get("tool", {}):
        return
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", source), "value")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "e11y.toml" if is_whole_file else "pyproject.toml").write_text(source, "utf-8")
        Runtime(environ=environ, directory=Path(folder)).shutdown()


def hidden(path: Path) -> list[str]:
    """Return the installed plugins that the blocks of a page do not name."""
    import importlib_metadata

    code = "".join(block.source for block in blocks(path.read_text("utf-8")))
    own = path.parent.name
    named = {word.replace("_", "-") for word in re.findall(r"\be11y[_-]\w+", code)} | {own}
    named |= {f"e11y-{name}" for name in re.findall(r"""type["']?\s*[=:]\s*["'](\w+)""", code)}
    named |= {f"e11y-{name}" for name in re.findall(r"tool\.e11y\.(\w+)", code)}
    installed = {found.dist.name for found in importlib_metadata.entry_points(group="e11y")}
    return sorted(installed - named)


def main() -> None:
    """Run the page that the command line names, in a folder of its own."""
    page = Page(Path(sys.argv[1]).resolve())
    if "PAGE_HIDES" not in os.environ:
        environ = {**os.environ, "PAGE_HIDES": " ".join(hidden(page.path)), "PYTHONPATH": str(READER)}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environ)
    for name in list(os.environ):
        if name.startswith(("E11Y_", "PYTEST_", "OTEL_")):
            del os.environ[name]
    os.environ["NO_COLOR"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.path[0] = folder
        try:
            page.run()
        finally:
            os.chdir("/")


if __name__ == "__main__":
    main()
