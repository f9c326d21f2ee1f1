"""Signatures: what a function takes, whatever its annotations mean."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

if sys.version_info >= (3, 14):
    from annotationlib import Format

    # Left to itself a signature evaluates the annotations (PEP 649): names under `if TYPE_CHECKING` would raise.
    _UNRESOLVED: Mapping[str, Any] = {"annotation_format": Format.FORWARDREF}
else:
    _UNRESOLVED: Mapping[str, Any] = {}


def parameters(function: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """Return the parameters of a function, in order; of their annotations names may mean nothing.

    Raises:
        TypeError: It is nothing that can be called.
        ValueError: It is built in and does not tell.
    """
    return tuple(inspect.signature(function, **_UNRESOLVED).parameters.values())
