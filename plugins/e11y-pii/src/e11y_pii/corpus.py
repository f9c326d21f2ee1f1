"""Precision and recall of the content scan on the corpus in ``corpus.txt``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources

import attrs

from e11y_pii.scanner import Scanner
from e11y_pii.settings import ALL_PATTERNS

_MARKED = re.compile("«(.*?)»")


@attrs.frozen
class Sample:
    """One text of the corpus.

    Args:
        kind: The pattern that its marked parts belong to, or what a text without any shows.
        text: Without the marks.
        marked: ``(start, end)`` of each part that has to be found.
    """

    kind: str
    text: str
    marked: tuple[tuple[int, int], ...]


@attrs.frozen
class Measured:
    """How one pattern did.

    Args:
        pattern: Its name, or ``all``.
        found: Marked parts that were replaced completely.
        missed: Marked parts that were not.
        wrong: What was replaced without being marked.
    """

    pattern: str
    found: int
    missed: int
    wrong: int

    @property
    def precision(self) -> float:
        """Share of what was found that had to be found."""
        return self.found / (self.found + self.wrong or 1)

    @property
    def recall(self) -> float:
        """Share of what had to be found that was found."""
        return self.found / (self.found + self.missed or 1)

    def facts(self) -> dict[str, object]:
        """Return everything as plain data."""
        shares = {"precision": round(self.precision, 4), "recall": round(self.recall, 4)}
        return {**attrs.asdict(self), **shares}


def samples() -> Iterator[Sample]:
    """Yield the corpus."""
    kind = ""
    for line in resources.files("e11y_pii").joinpath("corpus.txt").read_text("utf-8").splitlines():
        if line.startswith("## "):
            kind = line[3:]
        elif line and not line.startswith("# "):
            yield _sample(kind, line)


def measure(scanner: Scanner) -> list[Measured]:
    """Return how each pattern did, and all together in the last row."""
    found: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for sample in samples():
        spans = scanner.spans(sample.text)
        for start, end in sample.marked:
            covered = {place for first, last, _ in spans for place in range(first, last)}
            (found if covered.issuperset(range(start, end)) else missed)[sample.kind] += 1
        for first, last, name in spans:
            if all(last <= start or first >= end for start, end in sample.marked):
                wrong[name] += 1
    rows = [Measured(name, found[name], missed[name], wrong[name]) for name in ALL_PATTERNS]
    return [*rows, Measured("all", found.total(), missed.total(), wrong.total())]


def table(rows: Sequence[Measured]) -> str:
    """Return the figures as a table."""
    lines = [f"{'pattern':<8} {'found':>6} {'missed':>6} {'wrong':>6} {'precision':>9} {'recall':>7}"]
    lines += [
        f"{row.pattern:<8} {row.found:>6} {row.missed:>6} {row.wrong:>6} {row.precision:>9.1%} {row.recall:>7.1%}"
        for row in rows
    ]
    kinds = Counter(sample.kind for sample in samples() if not sample.marked)
    clean = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if kind not in ALL_PATTERNS)
    return "\n".join([*lines, f"texts without any: {clean}"])


def _sample(kind: str, line: str) -> Sample:
    text = ""
    marked = []
    for position, part in enumerate(_MARKED.split(line)):
        if position % 2:
            marked.append((len(text), len(text) + len(part)))
        text += part
    return Sample(kind, text, tuple(marked))
