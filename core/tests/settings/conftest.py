"""A folder with settings in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from e11y import ConfigError
from e11y.settings import Loaded, load

LoadHere = Callable[..., Loaded]


@pytest.fixture
def load_here(tmp_path: Path) -> LoadHere:
    """Load settings from a fresh folder: its pyproject.toml, an environment, what code gives."""

    def load_it(toml: str | None = None, environ: Mapping[str, str] | None = None, **explicit: Any) -> Loaded:
        if toml is not None:
            (tmp_path / "pyproject.toml").write_text(toml, "utf-8")
        return load(explicit or None, environ=environ or {}, directory=tmp_path)

    return load_it


@pytest.fixture
def refused(tmp_path: Path, load_here: LoadHere) -> Callable[..., str]:
    """Return the text of the error that loading raises, with the folder of the test shown as ``~``."""

    def text(*arguments: Any, **explicit: Any) -> str:
        with pytest.raises(ConfigError) as caught:
            load_here(*arguments, **explicit)
        return str(caught.value).replace(str(tmp_path), "~")

    return text
