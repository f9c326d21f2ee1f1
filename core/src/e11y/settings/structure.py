"""From a table to an instance of a settings class, with everything that is wrong told at once."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

import attrs

from e11y import units
from e11y.errors import ConfigError, E11yError, nearest
from e11y.settings import exact
from e11y.settings.exact import Finding, Findings
from e11y.settings.origin import EnvText, Place
from e11y.settings.secrets import holds_secret

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")


def structure(cls: type[T], table: Mapping[str, Any], where: Place | str, *, beside: Iterable[str] = ()) -> T:
    """Return an instance of the attrs class ``cls`` made from ``table``.

    Types are exact: ``"1"`` is no number and ``true`` is no integer. A field made by
    ``units.duration`` or ``units.byte_size`` is written as text; the key of a duration is the name of
    its field without ``_s``. Fields with ``repr=False`` are secrets: no message shows anything of them.

    Args:
        cls: The settings class.
        table: As read from a file or given in code.
        where: What the ``where`` line of an error says.
        beside: Further keys that are legal in the same table but read by somebody else; only named in hints.

    Raises:
        ConfigError: Something does not fit. All problems of the table are told together, each with
            its place and a fix, never with a value.
    """
    place = Place.named(where) if isinstance(where, str) else where
    try:
        instance: T = _converter().structure(dict(table), cls)
    except Findings as error:
        problems = [_problem(finding, place, beside) for finding in error.findings]
    except NameError as error:
        problems = [_unresolved(cls, error)]
    else:
        return instance
    # Raised outside of `except`, so that no value hides in the context of the error.
    raise ConfigError.joined(problems)


def key_of(attribute: attrs.Attribute[Any]) -> str:
    """Return the TOML key of a field: its name, for a duration without the unit ``_s``."""
    name = attribute.alias or attribute.name
    return name.removesuffix("_s") if units.unit_of(attribute) == "duration" else name


def keys_of(cls: type[Any]) -> dict[str, attrs.Attribute[Any]]:
    """Return the TOML keys that a settings class reads, in the order of its fields."""
    return {key_of(attribute): attribute for attribute in attrs.fields(cls) if attribute.init}


def _problem(finding: Finding, place: Place, beside: Iterable[str]) -> E11yError:
    path = ".".join(finding.path).replace(".[", "[")
    says, fix = finding.says, finding.fix
    if says == _UNKNOWN:
        hint = nearest(finding.path[-1], [*finding.known, *(beside if len(finding.path) == 1 else ())])
        says, fix = f"is unknown{hint}", _use_one_of(finding.known)
    if not fix:
        from_variable = place.origin(path).kind == "environment"
        fix = f"set it to  {finding.example.strip(chr(34))}" if from_variable else f"write  {path} = {finding.example}"
    return ConfigError(f"setting {path!r} {says}", where=place.of(path), fix=fix)
