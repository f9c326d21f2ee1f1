"""The corpus: what the scan must find, what it must leave, and that the README tells the truth about it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from e11y_pii import corpus
from e11y_pii.scanner import Scanner
from e11y_pii.settings import ALL_PATTERNS

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_states_the_figures() -> None:
    assert corpus.table(corpus.measure(Scanner())) in README.read_text("utf-8")


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    kinds = Counter(sample.kind for sample in corpus.samples())
    assert set(ALL_PATTERNS) < set(kinds)
    assert min(kinds.values()) >= 9
    assert sum(not sample.marked for sample in corpus.samples()) >= 100


def test_timestamps_orders_and_ids_are_left_alone() -> None:
    scanner = Scanner()
    for sample in corpus.samples():
        if sample.kind in ("timestamps", "order numbers", "hex ids", "code and prose"):
            assert scanner.spans(sample.text) == [], sample.text


def test_figures_do_not_get_worse() -> None:
    rows = {row.pattern: row for row in corpus.measure(Scanner())}
    assert rows["all"].precision >= 0.98
    assert rows["all"].recall >= 0.91
