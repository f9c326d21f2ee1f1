"""Exact types: a table holds what its class declares, and nothing is guessed.

``"1"`` is no number, ``true`` is no integer, a text is no list. Text from the environment is the one
exception, because it cannot be anything else: there the declared type decides how it is read.
"""

from __future__ import annotations

import enum
import math
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Literal, NoReturn, Union, get_args, get_origin

import attrs

from e11y.errors import nearest
from e11y.settings.origin import EnvText

Hook = Callable[[Any, Any], Any]
"""What cattrs calls to structure one value: ``hook(value, target)``."""

HookOf = Callable[[Any], Hook]


@attrs.frozen(eq=False)
class Finding:
    """One thing that is wrong with one value.

    Args:
        says: What is wrong, behind the words ``setting '<path>'``.
        path: Keys that lead to the value, seen from the table that is structured.
        example: A value that would do, as TOML; empty when ``fix`` says it in words.
        fix: What to do about it.
    """

    says: str
    path: tuple[str, ...] = ()
    example: str = ""
    fix: str = ""


class Findings(Exception):  # noqa: N818 - carries several findings out of cattrs' hooks
    """Everything that is wrong with one value and what is inside it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        super().__init__()
        self.findings = tuple(findings)

    def below(self, key: str) -> list[Finding]:
        """Return the findings as they are seen from the table or list that holds the value under ``key``."""
        return [attrs.evolve(finding, path=(key, *finding.path)) for finding in self.findings]


def refuse(expected: str, value: object) -> NoReturn:
    """Raise what is wrong with a value of the wrong kind. The value itself is never shown."""
    raise Findings([Finding(f"must be {expected}, not {kind_of(value)}")])


def kind_of(value: object) -> str:
    """Return what ``value`` is, in the words of a TOML file."""
    if isinstance(value, EnvText):
        return "other text"
    if isinstance(value, float) and not math.isfinite(value):
        return "infinity or NaN"
    for kind, word in _KIND_WORDS:
        if isinstance(value, kind):
            return word
    return "None" if value is None else f"{type(value).__name__!r}"


def words_for(target: Any) -> str:
    """Return what a value of type ``target`` is called, with its article."""
    if get_origin(target) is Literal:
        return "one of " + ", ".join(repr(option) for option in get_args(target))
    if is_union(target):
        return " or ".join(words_for(member) for member in get_args(target) if member is not type(None))
    origin = get_origin(target) or target
    if isinstance(origin, type):
        if issubclass(origin, enum.Enum):
            return "one of " + ", ".join(repr(member.value) for member in origin)
        if attrs.has(origin) or issubclass(origin, Mapping):
            return "a table"
        for kind, word in _TARGET_WORDS:
            if issubclass(origin, kind):
                return word
        return f"an instance of {origin.__qualname__}"
    return str(origin)


def is_union(target: Any) -> bool:
    """Return whether ``target`` is a union such as ``int | None``."""
    return get_origin(target) in (Union, types.UnionType)


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
        return choice(value, {member.value: member for member in target} | {member: member for member in target}, target)
    read = _READ.get(target)
    if isinstance(value, EnvText) and read is not None:
        try:
            value = read(value)
        except ValueError:
            refuse(words_for(target), value)
    if target is float and type(value) is int:
        value = float(value)
    if type(value) is not target or (target is float and not math.isfinite(value)):
        refuse(words_for(target), value)
    return value


def choice(value: Any, options: Mapping[Any, Any], target: Any) -> Any:
    """Return what ``options`` holds for ``value``; text from the environment is compared as text."""
    for option, result in options.items():
        if isinstance(value, EnvText) and str(value) == str(option):
            return result
        if type(value) is type(option) and value == option:
            return result
    if not isinstance(value, str):
        refuse(words_for(target), value)
    hint = nearest(value, [option for option in options if isinstance(option, str)])
    raise Findings([Finding(f"must be {words_for(target)}{hint}")])


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


def sequence_hook(target: Any, hook_of: HookOf) -> Hook:
    """Return a function that structures a list into the tuple, list or set that ``target`` is."""
    container = get_origin(target) or target
    if container not in (tuple, list, set, frozenset):
        container = frozenset if issubclass(container, AbstractSet) else tuple
    members = get_args(target)
    fixed = container is tuple and bool(members) and members[-1] is not Ellipsis

    def structure(value: Any, _: Any) -> Any:
        if isinstance(value, EnvText):
            value = [EnvText(part.strip()) for part in value.split(",")] if value.strip() else []
        if not isinstance(value, list | tuple | set | frozenset):
            refuse("a list", value)
        if fixed and len(value) != len(members):
            raise Findings([Finding(f"must be a list of {len(members)}, not of {len(value)}")])
        kinds = members if fixed else (members[0] if members else object,) * len(value)
        found: list[Finding] = []
        items = [_within(found, f"[{i}]", hook_of, kinds[i], item) for i, item in enumerate(value)]
        if found:
            raise Findings(found)
        return container(items)

    return structure


def mapping_hook(target: Any, hook_of: HookOf) -> Hook:
    """Return a function that structures a table with free keys into a dict."""
    members = get_args(target)
    kind = members[1] if members else object

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            refuse("a table", value)
        found: list[Finding] = []
        if not all(isinstance(key, str) for key in value):
            raise Findings([Finding("has a key that is not text")])
        items = {str(key): _within(found, key, hook_of, kind, item) for key, item in value.items()}
        if found:
            raise Findings(found)
        return items

    return structure


def union_hook(target: Any, hook_of: HookOf) -> Hook:
    """Return a function that takes the first member of a union that fits exactly."""
    members = [member for member in get_args(target) if member is not type(None)]
    optional = len(members) < len(get_args(target))
    # Everything that comes from the environment is text, so text is what it is only if nothing else fits.
    by_text_last = sorted(members, key=lambda member: member is str)

    def structure(value: Any, _: Any) -> Any:
        if value is None and optional:
            return None
        if len(members) == 1:
            return hook_of(members[0])(value, members[0])
        for member in by_text_last if isinstance(value, EnvText) else members:
            try:
                return hook_of(member)(value, member)
            except Findings:
                continue
        refuse(words_for(target), value)

    return structure


def _within(
    found: list[Finding], key: str, hook_of: HookOf, kind: Any, item: Any
) -> Any:
    try:
        return hook_of(kind)(item, kind)
    except Findings as error:
        found.extend(error.below(key))
        return None


def _truth(text: str) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    except KeyError:
        raise ValueError from None


_READ: dict[Any, Callable[[str], Any]] = {bool: _truth, int: int, float: float, str: str}

_KIND_WORDS: tuple[tuple[Any, str], ...] = (
    (bool, "a boolean"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "text"),
    (Mapping, "a table"),
    (list | tuple | set | frozenset, "a list"),
)
_TARGET_WORDS: tuple[tuple[Any, str], ...] = (
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "text"),
    (Path, "a path as text"),
    ((Sequence, AbstractSet), "a list"),
)
