"""A step in its place."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen(eq=False)
class Placed:
    """A step and the plugin that answered with it."""

    plugin: str
    hook: str
    step: Any
