"""Resolving annotations: late, so that they never break an import."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING, Any

from e11y.checks.postponed import resolved

if TYPE_CHECKING:
    import ast

_NAME = re.compile(r"[^\W\d]\w*")


class UnresolvedAnnotation(Exception):
    """A name in an annotation means nothing, not even under ``if TYPE_CHECKING``."""

    def __init__(self, name: str, owner: type) -> None:
        super().__init__(name)
        self.name = name
        self.owner = owner


def field_types(kind: type, local_names: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Return the annotations of a class and its bases, resolved, with ``Annotated`` kept.

    Names that the module imports only for type checkers (``if TYPE_CHECKING:``) are imported here, at
    start, when a circular import can no longer hurt.

    Args:
        kind: The class.
        local_names: Names of the function in which the class was defined, see :func:`enclosing_names`.

    Raises:
        UnresolvedAnnotation: A name cannot be found.
    """
    known: dict[str, Any] = dict(local_names)
    tried: set[str] = set()
    while True:
        try:
            return resolved(kind, known)
        except NameError as error:
            name = error.name or ""
            if name in tried:
                raise UnresolvedAnnotation(name, kind) from None
            tried.add(name)
            for base in kind.__mro__:
                if name not in known:
                    known.update(_imported_for_type_checking(base.__module__, name))
            if name not in known:
                raise UnresolvedAnnotation(name, kind) from None


def enclosing_names(annotations: Mapping[str, Any], module: str) -> dict[str, Any]:
    """Return what the names in postponed annotations mean in the function that is defining a class.

    Called while the class statement runs; outside a function there is nothing to remember.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") != module:
        frame = frame.f_back
    if frame is None or frame.f_locals is frame.f_globals:
        return {}
    wanted = {name for text in annotations.values() if isinstance(text, str) for name in _NAME.findall(text)}
    local = frame.f_locals
    return {name: local[name] for name in wanted if name in local}


def _imported_for_type_checking(module_name: str, wanted: str) -> dict[str, Any]:
    """Return ``{wanted: object}`` if the module imports it under ``if TYPE_CHECKING``."""
    import ast  # noqa: PLC0415 - only unresolved names need the source
    import inspect  # noqa: PLC0415

    module = sys.modules.get(module_name)
    if module is None:
        return {}
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return {}
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for statement in node.body:
                found = _import(statement, wanted, module.__dict__.get("__package__") or "")
                if found is not None:
                    return {wanted: found}
    return {}


def _import(statement: ast.stmt, wanted: str, package: str) -> Any:
    """Run the part of an import statement that binds ``wanted``."""
    import ast  # noqa: PLC0415

    if isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            if (alias.asname or alias.name) == wanted:
                source = importlib.import_module("." * statement.level + (statement.module or ""), package or None)
                return getattr(source, alias.name)
    elif isinstance(statement, ast.Import):
        for alias in statement.names:
            if alias.asname == wanted:
                return importlib.import_module(alias.name)
            if alias.asname is None and alias.name.partition(".")[0] == wanted:
                importlib.import_module(alias.name)
                return sys.modules[wanted]
    return None
