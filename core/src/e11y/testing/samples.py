"""Samples that the contracts feed to adapters and steps."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin
from uuid import UUID

import attrs

from e11y.context import EMPTY, extended
from e11y.record import Record
from e11y.schema import Schema
from e11y.severity import Severity

CANARY: Final = "canary.4f1c9a@example.com"
"""A value that must not turn up where values do not belong. It looks like an e-mail address."""

HARD_PAYLOADS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "no fields": {},
        "empty values": {"text": "", "list": [], "dict": {}, "bytes": b"", "none": None},
        "unicode": {"text": "Zoë 日本語 🎉 \u202eright-to-left\u202c e\u0301", "ключ": "значение"},
        "control characters": {"text": "a\x00b\r\nc\td\x1b[31m\u2028\u2029\x7f", "quotes": "\"'\\"},
        "lone surrogate": {"text": "half \ud83d only"},
        "huge text": {"text": "x" * 1_000_000},
        "many fields": {f"field_{index}": index for index in range(1_000)},
        "odd keys": {"": 1, "a.b": 2, "with space": 3, "@timestamp": 4, "_id": 5, "message": 6, "x" * 300: 7},
        "numbers": {"huge": 10**400, "digits": 10**5_000, "small": -(2**63) - 1, "float": 1e308, "true": True},
        "not a number": {"nan": float("nan"), "infinite": float("-inf")},
        "decimal": {"amount": Decimal("0.10"), "large": Decimal("1E+400")},
        "times": {"moment": datetime(2026, 1, 31, 12, tzinfo=UTC), "day": date(2026, 1, 31), "ancient": date(1, 1, 1)},
        "uuid": {"id": UUID(int=1), "ids": [UUID(int=2)]},
        "bytes": {"raw": b"\x00\xff"},
        "nested": {"a": {"b": [{"c": [[["deep", {"d": {"e": ("f", None)}}]]]}]}},
        "mixed list": {"list": [1, "1", 1.0, None, True, {"one": 1}, [1]]},
    }
)
"""What a payload may be once it is a snapshot; every value is something the shared encoder can write."""


def make_record(number: int = 0, payload: Mapping[str, Any] | None = None, **given: Any) -> Record:
    """Return a record that no other call with another ``number`` returns.

    Args:
        number: Goes into time, ids and the payload field ``mark``.
        payload: Fields beside ``mark``.
        **given: Arguments of ``Record.of`` to use instead of the usual ones.
    """
    usual: dict[str, Any] = {
        "severity": Severity.ERROR,
        "event_type": "kit.events.Sample",
        "time_ns": 1_769_860_800_000_000_000 + number * 1_000_000,
        "trace": 0x4BF92F3577B34DA6A3CE929D0E0E4736,
        "span": number + 1,
        "snapshot": extended(EMPTY, {"user_id": "u-1", "request_id": "r-1"}),
        "metadata": {"retention_until": "2026-03-02T12:00:00.000Z"},
        "resource": {"service": "kit"},
    }
    return Record.of("kit.sample", {"mark": mark(number), **(payload or {})}, **{**usual, **given})


def mark(number: int) -> str:
    """Return a text that stands in exactly one record."""
    return f"kit-mark-{number:05d}-end"


def bare_schema() -> Schema:
    """Return the schema of an event type without a single field."""
    bare = type("Bare", (), {"__module__": "kit.events"})
    return Schema(event_type=bare, name="kit.bare", version=1, severity=Severity.INFO, fields=MappingProxyType({}))


_PLAIN: Final[Mapping[Any, Callable[[], Any]]] = MappingProxyType(
    {
        str: lambda: CANARY,
        int: lambda: 4_111_111_111_111_111,
        float: lambda: 12.5,
        bool: lambda: True,
        bytes: CANARY.encode,
        Decimal: lambda: Decimal("9.99"),
        datetime: lambda: datetime(2026, 1, 31, 12, tzinfo=UTC),
        date: lambda: date(2026, 1, 31),
        time: lambda: time(12, 0),
        timedelta: lambda: timedelta(seconds=90),
        UUID: lambda: UUID(int=0x1234),
        type(None): lambda: None,
    }
)


def value_of(annotation: Any) -> Any:
    """Return a new value of a field's type; texts are ``CANARY``, and so are values of unknown types."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]()
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return value_of(arguments[0])
    if origin is Literal:
        return arguments[0]
    if origin in (Union, types.UnionType):
        return value_of(next(argument for argument in arguments if argument is not type(None)))
    return _container_of(origin or annotation, arguments)


def _container_of(kind: Any, arguments: tuple[Any, ...]) -> Any:
    if not inspect.isclass(kind):
        return CANARY
    if issubclass(kind, Enum):
        return next(iter(kind))
    if issubclass(kind, Mapping):
        key, value = arguments or (str, str)
        return {value_of(key): value_of(value)}
    if issubclass(kind, tuple) and arguments and arguments[-1] is not Ellipsis:
        return tuple(value_of(argument) for argument in arguments)
    if issubclass(kind, (Sequence, set, frozenset)):
        made = [value_of(arguments[0] if arguments else str)]
        build: Any = list if inspect.isabstract(kind) else kind
        return build(made)
    return _instance_of(kind) if attrs.has(kind) else CANARY


def _instance_of(kind: Any) -> Any:
    """Return an instance of an attrs class."""
    fields = attrs.fields(attrs.resolve_types(kind))
    return kind(**{field.alias: value_of(field.type) for field in fields if field.init})
