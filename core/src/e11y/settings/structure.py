"""From a table to an instance of a settings class, with everything that is wrong told at once."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_origin

import attrs

from e11y.errors import ConfigError, E11yError, nearest
from e11y.settings import exact
from e11y.settings.exact import Finding, Findings, Reader
from e11y.settings.fields import class_reader
from e11y.settings.origin import Place
from e11y.settings.words import bare, is_union

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")


def structure(cls: type[T], table: Mapping[str, Any], where: Place | str, *, beside: Collection[str] = ()) -> T:
    """Return an instance of the attrs class ``cls`` made from ``table``.

    Types are exact: ``"1"`` is no number and ``true`` is no integer. A field made by
    ``units.duration`` or ``units.byte_size`` is written as text; the key of a duration is the name of
    its field without ``_s``. Fields with ``repr=False`` are secrets: no message shows anything of them.

    Args:
        cls: The settings class.
        table: As read from a file or given in code.
        where: What the ``where`` line of an error says.
        beside: Further keys that are legal in the same table but read by somebody else, for hints.

    Raises:
        ConfigError: Something does not fit. All problems of the table are told together, each with
            its place and a fix, never with a value.
    """
    place = Place.named(where) if isinstance(where, str) else where
    try:
        instance: T = _converter().structure(table, cls)
    except Findings as error:
        problems: list[E11yError] = [_problem(finding, place, beside) for finding in error.findings]
    except NameError as error:
        problems = [_unresolved(cls, error)]
    else:
        return instance
    # Raised outside of `except`, so that no value hides in the context of the error.
    raise ConfigError.joined(problems)


def _problem(finding: Finding, place: Place, beside: Collection[str]) -> E11yError:
    path = ".".join(finding.path).replace(".[", "[")
    says, fix = finding.says, finding.fix
    if finding.known:
        says += nearest(finding.path[-1], [*finding.known, *(beside if len(finding.path) == 1 else ())])
    written_as = path.partition("[")[0]
    if not fix and place.origin(written_as).kind == "environment":
        fix = "set it to  " + finding.example.strip('"')
    elif not fix:
        key = next((part for part in reversed(finding.path) if not part.startswith("[")), "key")
        fix = f"write  {key} = {finding.example or '...'}"
    subject = f"setting {path!r}" if finding.path else "this table"
    return ConfigError(f"{subject} {says}", where=place.of(written_as), fix=fix)


def _unresolved(cls: type[Any], error: NameError) -> E11yError:
    return ConfigError(
        f"settings class {cls.__qualname__!r} has an annotation that names the unknown {error.name!r}",
        where=f"{cls.__module__}.{cls.__qualname__}",
        fix="import the name at run time, not under TYPE_CHECKING",
    )


@functools.cache
def _converter() -> Converter:
    from cattrs import Converter  # noqa: PLC0415 - only a start needs it, and it takes 20 ms to import
    from cattrs.cols import is_mapping  # noqa: PLC0415

    converter = Converter()

    def reader_of(target: Any) -> Reader:
        kind = bare(target)
        hook = converter.get_structure_hook(kind)
        return lambda value: hook(value, kind)

    def register(concerns: Callable[[Any], bool], reader_for: Callable[[Any], Reader]) -> None:
        def factory(target: Any) -> Callable[[Any, Any], Any]:
            read = reader_for(target)
            return lambda value, _: read(value)

        converter.register_structure_hook_factory(concerns, factory)

    # cattrs asks the latest first: from the general to the special.
    register(lambda target: isinstance(target, type), lambda target: lambda value: exact.instance(value, target))
    register(lambda target: target is Any, lambda _: exact.plain)
    register(_is_enum, lambda target: lambda value: exact.choice(value, target))
    register(_is_callable, lambda _: lambda value: exact.instance(value, Callable))
    register(_is_sequence, lambda target: exact.sequence_reader(target, reader_of))
    register(is_mapping, lambda target: exact.mapping_reader(target, reader_of))
    register(is_union, lambda target: exact.union_reader(target, reader_of))
    register(lambda target: get_origin(target) is Literal, lambda target: lambda value: exact.choice(value, target))
    register(attrs.has, lambda target: class_reader(target, reader_of))
    for kind in (bool, int, float, str, bytes):
        converter.register_structure_hook(kind, exact.scalar)
    converter.register_structure_hook(Path, exact.path)
    return converter


def _is_enum(target: Any) -> bool:
    return isinstance(target, type) and issubclass(target, enum.Enum)


def _is_callable(target: Any) -> bool:
    return get_origin(target) is Callable or target is Callable


def _is_sequence(target: Any) -> bool:
    container = get_origin(target) or target
    return (
        isinstance(container, type)
        and issubclass(container, Sequence | AbstractSet)
        and not issubclass(container, str | bytes)
    )
