"""Installed plugins are found without importing them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from e11y import ConfigError
from e11y.plugins import discover
from e11y.runtime import Runtime

Install = Callable[..., None]


def test_candidates_come_in_the_order_of_names_and_are_not_imported(install: Install) -> None:
    install("zeta-dist", {"zeta": "never_imported:Zeta", "alpha": "never_imported:Alpha"}, version="2.0")
    found = [one for one in discover() if one.distribution == "zeta-dist"]
    assert [(one.name, one.value, one.version) for one in found] == [
        ("alpha", "never_imported:Alpha", "2.0"),
        ("zeta", "never_imported:Zeta", "2.0"),
    ]
    assert found[0].label == "zeta-dist 2.0 (never_imported:Alpha)"
    assert "never_imported" not in sys.modules


def test_a_damaged_installation_is_named_all_the_same(install: Install, site: Path) -> None:
    install("lost", {"lost_plugin": "lost:Lost"})
    (site / "lost-1.0.dist-info" / "METADATA").unlink()
    (found,) = [one for one in discover() if one.name == "lost_plugin"]
    assert found.label == "an unnamed distribution of unknown version (lost:Lost)"


def test_two_distributions_with_one_name_stop_the_start(install: Install) -> None:
    install("one-dist", {"same": "one:A"})
    install("two-dist", {"same": "two:B"}, version="3.0")
    with pytest.raises(ConfigError) as caught:
        discover()
    assert str(caught.value) == (
        "two installed plugins are named 'same'\n"
        "  where: one-dist 1.0 (one:A) and two-dist 3.0 (two:B)\n"
        "  fix:   pip uninstall one-dist  or  pip uninstall two-dist"
    )


def test_a_library_that_could_not_start_asks_nobody(install: Install) -> None:
    install("one-dist", {"same": "one:A"})
    install("two-dist", {"same": "two:B"})
    assert Runtime.disabled().is_idle
