"""Postponed annotations: text at most before Python 3.14 (PEP 563), code from then on (PEP 649)."""

from __future__ import annotations

import sys
import typing
from collections.abc import Mapping
from typing import Any

if sys.version_info >= (3, 14):
    from types import CellType, FunctionType

    import annotationlib

    def own_annotations(kind: type) -> Mapping[str, Any]:
        """Return the annotations of a class without those of its bases; names may mean nothing yet."""
        return annotationlib.get_annotations(kind, format=annotationlib.Format.FORWARDREF)

    def resolved(kind: type, known: Mapping[str, Any]) -> dict[str, Any]:
        """Return the annotations of a class and its bases, resolved.

        Args:
            kind: The class.
            known: What names mean that are missing where the classes stand.

        Raises:
            NameError: A name means nothing.
        """
        found: dict[str, Any] = {}
        for base in reversed(kind.__mro__):
            # get_type_hints looks names up in `known` only for text: the rest is evaluated before it sees it.
            space = {"__module__": base.__module__, "__type_params__": base.__type_params__}
            stand_in = type(base.__name__, (), {**space, "__annotations__": _evaluated(base, known)})
            found.update(typing.get_type_hints(stand_in, localns=dict(known), include_extras=True))
        return found

    def _evaluated(kind: type, known: Mapping[str, Any]) -> Mapping[str, Any]:
        annotate = annotationlib.get_annotate_from_class_namespace(kind.__dict__)
        if not isinstance(annotate, FunctionType):
            return annotationlib.get_annotations(kind)
        code = annotate.__code__
        cells = zip(code.co_freevars, annotate.__closure__ or (), strict=True)
        closure = tuple(_filled(cell, name, known) for name, cell in cells)
        evaluate = FunctionType(code, {**known, **annotate.__globals__}, closure=closure)
        annotations: dict[str, Any] = evaluate(annotationlib.Format.VALUE)
        return annotations

    def _filled(cell: CellType, name: str, known: Mapping[str, Any]) -> CellType:
        """Return the cell of an enclosing function's variable, or one with its known value if it was never set."""
        try:
            cell.cell_contents  # noqa: B018
        except ValueError:
            return CellType(known[name]) if name in known else cell
        return cell

else:
    import inspect

    def own_annotations(kind: type) -> Mapping[str, Any]:
        """Return the annotations of a class without those of its bases; names may mean nothing yet."""
        return inspect.get_annotations(kind)

    def resolved(kind: type, known: Mapping[str, Any]) -> dict[str, Any]:
        """Return the annotations of a class and its bases, resolved.

        Args:
            kind: The class.
            known: What names mean in annotations that are text; they win over the module's own.

        Raises:
            NameError: A name means nothing.
        """
        return typing.get_type_hints(kind, localns=dict(known), include_extras=True)
