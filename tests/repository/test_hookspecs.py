"""The table of contents of the whole system is complete."""

from __future__ import annotations

import inspect
import re

import pytest

from e11y import hookspecs

HEADINGS = ["Called", "Args", "Returns", "Errors", "Example"]
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("e11y_") and inspect.isfunction(hook)}


@pytest.mark.parametrize("name", HOOKS)
def test_hook_has_the_five_headings_in_order(name: str) -> None:
    text = inspect.getdoc(HOOKS[name]) or ""
    found = re.findall(r"^([A-Z][a-z]+):", text, re.MULTILINE)
    assert found == HEADINGS


@pytest.mark.parametrize("name", HOOKS)
def test_hook_explains_each_argument(name: str) -> None:
    text = inspect.getdoc(HOOKS[name]) or ""
    arguments = text.split("Args:")[1].split("Returns:")[0]
    assert [argument for argument in inspect.signature(HOOKS[name]).parameters if f"{argument}:" not in arguments] == []


def test_zones_name_only_hooks() -> None:
    assert set(hookspecs.ZONES) <= set(HOOKS)


def test_every_hook_is_marked() -> None:
    assert [name for name, hook in HOOKS.items() if not hasattr(hook, "e11y_spec")] == []
