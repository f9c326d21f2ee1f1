"""Exact types: a table holds what its class declares, never something that could be made into it.

``"1"`` is no number, ``true`` is no integer, a text is no list. Text from the environment is the one
exception, because it cannot be anything else: there the declared type decides how it is read.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, NoReturn, get_args, get_origin

import attrs

from e11y.errors import nearest
from e11y.settings.origin import EnvText
from e11y.settings.words import example_of, kind_of, options_of, words_for

Reader = Callable[[Any], Any]
"""Returns the structured form of one value, or raises ``Findings``."""

ReaderOf = Callable[[Any], Reader]
"""Returns the reader of values of a type."""


@attrs.frozen(eq=False)
class Finding:
    """One thing that is wrong with one value.

    Args:
        says: What is wrong, behind the words ``setting '<path>'``.
        path: Keys that lead to the value, seen from the table that is structured.
        example: A value that would do, as TOML.
        fix: What to do about it; left out: write the example.
        known: For an unknown key, the keys that are legal in its place.
    """

    says: str
    path: tuple[str, ...] = ()
    example: str = ""
    fix: str = ""
    known: tuple[str, ...] = ()


class Findings(Exception):
    """Everything that is wrong with one value and what is inside it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        super().__init__()
        self.findings = tuple(findings)

    def below(self, key: str, example: str = "") -> list[Finding]:
        """Return the findings as seen from the table or list that holds the value under ``key``."""
        return [
            attrs.evolve(finding, path=(key, *finding.path), example=finding.example or example)
            for finding in self.findings
        ]


def refuse(expected: str, value: object) -> NoReturn:
    """Raise what is wrong with a value of the wrong kind. The value itself is never shown."""
    raise Findings([Finding(f"must be {expected}, not {kind_of(value)}")])


def plain(value: Any) -> Any:
    """Return ``value`` with every text from the environment as ordinary text."""
    if isinstance(value, EnvText):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def scalar(value: Any, target: Any) -> Any:
    """Return ``value`` as a ``bool``, ``int``, ``float``, ``str``, ``bytes`` or enum member, exactly."""
    if issubclass(target, enum.Enum):
        return choice(value, target)
    if isinstance(value, EnvText) and target in _READ:
        try:
            value = _READ[target](value)
        except ValueError:
            refuse(words_for(target), value)
    if target is float and type(value) is int:
        value = float(value)
    if type(value) is not target or (isinstance(value, float) and not math.isfinite(value)):
        refuse(words_for(target), value)
    return value


def choice(value: Any, target: Any) -> Any:
    """Return the value of a ``Literal``, or the member of an enum; text from the environment is compared as text."""
    is_enum = isinstance(target, type)
    for option in options_of(target):
        same = type(value) is type(option) and value == option
        if same or (isinstance(value, EnvText) and value == str(option)) or (is_enum and value is target(option)):
            return target(option) if is_enum else option
    if not isinstance(value, str):
        refuse(words_for(target), value)
    known = [option for option in options_of(target) if isinstance(option, str)]
    raise Findings([Finding(f"must be {words_for(target)}{nearest(value, known)}")])


def instance(value: Any, target: Any) -> Any:
    """Return ``value`` if it is an instance of ``target``: a date of TOML, an object given in code."""
    if target is not object and not isinstance(value, target):
        refuse(words_for(target), value)
    return plain(value)


def path(value: Any, _target: Any) -> Path:
    """Return a path that was written as text, or given in code."""
    if not isinstance(value, str | Path):
        refuse("a path as text", value)
    return Path(value)


def sequence_reader(target: Any, reader_of: ReaderOf) -> Reader:
    """Return what makes the tuple, list or set that ``target`` is from a list."""
    container: Any = get_origin(target) or target
    if container not in (tuple, list, set, frozenset):
        container = frozenset if issubclass(container, AbstractSet) else tuple
    members = get_args(target)
    fixed = container is tuple and bool(members) and members[-1] is not Ellipsis

    def read(value: Any) -> Any:
        if isinstance(value, EnvText):
            value = [EnvText(part.strip()) for part in value.split(",")] if value.strip() else []
        if not isinstance(value, list | tuple | set | frozenset):
            refuse("a list", value)
        if fixed and len(value) != len(members):
            raise Findings([Finding(f"must be a list of {len(members)}, not of {len(value)}")])
        kinds = members if fixed else (members[0] if members else object,) * len(value)
        entries = ((f"[{i}]", kind, item, "") for i, (kind, item) in enumerate(zip(kinds, value, strict=True)))
        return container(_read_all(entries, reader_of).values())

    return read


def mapping_reader(target: Any, reader_of: ReaderOf) -> Reader:
    """Return what makes a dict from a table with free keys."""
    members = get_args(target)
    kind = members[1] if members else object

    def read(value: Any) -> Any:
        if not isinstance(value, Mapping):
            refuse("a table", value)
        if not all(isinstance(key, str) for key in value):
            raise Findings([Finding("has a key that is not text")])
        return _read_all(((key, kind, item, example_of(kind)) for key, item in value.items()), reader_of)

    return read


def union_reader(target: Any, reader_of: ReaderOf) -> Reader:
    """Return what reads a value as the first member of a union that fits exactly."""
    members = [member for member in get_args(target) if member is not type(None)]
    optional = len(members) < len(get_args(target))
    # Everything in the environment is text, so it is meant as text only if nothing else fits.
    text_last = sorted(members, key=lambda member: member is str)

    def read(value: Any) -> Any:
        if value is None and optional:
            return None
        if len(members) == 1:
            return reader_of(members[0])(value)
        for member in text_last if isinstance(value, EnvText) else members:
            try:
                return reader_of(member)(value)
            except Findings:
                continue
        refuse(words_for(target), value)

    return read


def _read_all(entries: Iterable[tuple[str, Any, Any, str]], reader_of: ReaderOf) -> dict[str, Any]:
    found: list[Finding] = []
    items: dict[str, Any] = {}
    for key, kind, value, example in entries:
        try:
            items[key] = reader_of(kind)(value)
        except Findings as error:
            found.extend(error.below(key, example))
    if found:
        raise Findings(found)
    return items


def _truth(text: str) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    except KeyError:
        raise ValueError from None


_READ: dict[Any, Callable[[str], Any]] = {bool: _truth, int: int, float: float, str: str}
