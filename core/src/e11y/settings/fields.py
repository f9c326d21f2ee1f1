"""From a table to the fields of one attrs class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

import attrs

from e11y import units
from e11y.settings.exact import Finding, Findings, Reader, ReaderOf, refuse
from e11y.settings.secrecy import holds_secret
from e11y.settings.words import example_for


def keys_of(cls: type[Any]) -> dict[str, attrs.Attribute[Any]]:
    """Return the TOML keys that a settings class reads, in the order of its fields.

    A key is the name of the field, for a duration without the unit ``_s``.
    """
    keys: dict[str, attrs.Attribute[Any]] = {}
    for attribute in attrs.fields(cls):
        if attribute.init:
            name = argument_of(attribute)
            keys[name.removesuffix("_s") if units.unit_of(attribute) == "duration" else name] = attribute
    return keys


def argument_of(attribute: attrs.Attribute[Any]) -> str:
    """Return the name under which the class takes the value of a field."""
    return attribute.alias or attribute.name


def class_reader(cls: type[Any], reader_of: ReaderOf) -> Reader:
    """Return what makes an instance of the attrs class ``cls`` from a table.

    Raises:
        NameError: An annotation of the class names something that does not exist at run time.
    """
    attrs.resolve_types(cls)
    fields = keys_of(cls)
    use_known = f"remove it, or use one of: {', '.join(fields)}" if fields else "remove it"

    def read(value: Any) -> Any:
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            refuse("a table", value)
        found = [
            Finding("is unknown", (str(key),), fix=use_known, known=tuple(fields)) for key in value if key not in fields
        ]
        arguments: dict[str, Any] = {}
        for key, attribute in fields.items():
            example = example_for(attribute)
            if key in value:
                try:
                    arguments[argument_of(attribute)] = _read_field(attribute, value[key], reader_of)
                except Findings as error:
                    found.extend(error.below(key, example))
            elif attribute.default is attrs.NOTHING:
                found.append(Finding("is missing", (key,), fix=f"add  {key} = {example}"))
        found.extend(_refused_by_validators(cls, fields, arguments))
        if found:
            raise Findings(found)
        return _made(cls, arguments)

    return read


def _read_field(attribute: attrs.Attribute[Any], value: Any, reader_of: ReaderOf) -> Any:
    unit = units.unit_of(attribute)
    if not unit:
        return reader_of(object if attribute.type is None else attribute.type)(value)
    if value is None and type(None) in get_args(attribute.type):
        return None
    if not isinstance(value, str):
        refuse(f"a {unit} as text", value)
    try:
        return units.seconds(value) if unit == "duration" else units.size(value)
    except ValueError as error:
        says = str(error)  # names the forms, never the text
    raise Findings([Finding(says)])


def _refused_by_validators(
    cls: type[Any], fields: Mapping[str, attrs.Attribute[Any]], arguments: Mapping[str, Any]
) -> list[Finding]:
    """Ask each validator by itself: the class alone would stop at the first that refuses."""
    draft = object.__new__(cls)
    for attribute in fields.values():
        name = argument_of(attribute)
        if name in arguments:
            object.__setattr__(draft, attribute.name, arguments[name])
    found: list[Finding] = []
    for key, attribute in fields.items():
        name = argument_of(attribute)
        if attribute.validator is None or attribute.converter is not None or name not in arguments:
            continue
        try:
            attribute.validator(draft, attribute, arguments[name])
        except AttributeError:
            continue  # it compares with a field that has its default: the class itself will ask it
        except Exception as error:  # noqa: BLE001 - a validator may raise anything, and it must be told
            says = _verdict(error, [arguments[name]], secret=holds_secret(attribute))
            found.append(Finding(says, (key,), example_for(attribute)))
    return found


def _made(cls: type[Any], arguments: Mapping[str, Any]) -> Any:
    try:
        return cls(**arguments)
    except Exception as error:  # noqa: BLE001 - the class is a plugin's and may raise anything
        secret = any(holds_secret(field) for field in attrs.fields(cls) if argument_of(field) in arguments)
        says = _verdict(error, arguments.values(), secret=secret)
    raise Findings([Finding(says, fix=f"give values that {cls.__qualname__} accepts")])


def _verdict(error: Exception, values: Iterable[Any], *, secret: bool) -> str:
    text = str(error)
    if secret or not text or any(part in text for value in values for part in _texts_in(value)):
        return f"is refused: {type(error).__name__}"
    return f"is refused: {text}"


def _texts_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts_in(item)]
    if isinstance(value, list | tuple | set | frozenset):
        return [text for item in value for text in _texts_in(item)]
    return []
