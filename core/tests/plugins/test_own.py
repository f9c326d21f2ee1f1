"""What an error says about a plugin that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from e11y.plugins.own import OWN, how_to_get

PLUGINS = Path(__file__).parents[3] / "plugins"


def test_the_plugins_of_this_project_are_known() -> None:
    published = {folder.name for folder in PLUGINS.iterdir() if (folder / "pyproject.toml").exists()} - {"e11y-example"}
    assert {f"e11y-{name}" for name in OWN} == published


@pytest.mark.parametrize(
    ("name", "known", "fix"),
    [
        ("loki", (), "pip install e11y-loki"),
        ("ratelimt", (), "pip install e11y-ratelimit and write 'ratelimit'"),
        ("ratelimt", ("ratelimit",), "write 'ratelimit'"),
        ("regoin", ("region",), "write 'region'"),
        ("tool", ("region",), "use the name of an installed plugin ( e11y plugins  lists them)"),
        ("requests", (), "use the name of an installed plugin ( e11y plugins  lists them)"),
    ],
)
def test_only_what_this_project_publishes_is_named_for_installation(
    name: str, known: tuple[str, ...], fix: str
) -> None:
    assert how_to_get(name, known) == fix
