"""Event types: subclasses of ``Event`` whose ``track()`` records that something happened."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Never, ParamSpec, cast, dataclass_transform

import attrs

from e11y import declaration
from e11y.checks.annotations import enclosing_names
from e11y.checks.postponed import own_annotations
from e11y.declaration import Declaration, ValidationMode
from e11y.errors import ConfigError, nearest
from e11y.outcome import Outcome
from e11y.sentinel import MISSING
from e11y.severity import SEVERITIES, Severity, SeverityName
from e11y.units import seconds

if TYPE_CHECKING:
    from e11y.calls import Timed

P = ParamSpec("P")

Variant = tuple[Any, ...]
"""What one call may fix beside the payload: ``(severity, adapters, partial)``; empty for plain ``track``."""


class Door:
    """Where a call enters when no compiled function stands behind it yet. The runtime sets ``enter``."""

    enter: ClassVar[Callable[[type[Event], Variant, tuple[Any, ...], dict[str, Any]], Outcome]]
    refuse: ClassVar[Callable[..., Outcome]]
    """Takes the event type and the problems of a call that cannot be made; ignores its keywords."""


@dataclass_transform(kw_only_default=True, field_specifiers=(attrs.field,))
class Event:
    """Base of all event types.

    A subclass declares its fields by annotations, as an attrs class would, and is never instantiated:

        class OrderPaid(Event, severity="success", adapters=["logs"], retention="90d"):
            order_id: str
            amount: Annotated[Decimal, Gt(0)]

        OrderPaid.track(order_id="1", amount=Decimal("9.99"))

    Class keywords:
        severity: debug, info, success, warn, error or fatal. Left out, the class name's last word decides.
        version: 1 or more. Left out, the suffix of the class name decides (``OrderPaidV2``).
        name: Event name, kept verbatim. Left out, it is made from the class name.
        adapters: Purpose names; ``[]`` means nowhere. Left out, the routes decide.
        retention: How long records must be kept, for example ``"90d"``.
        validation: ``"always"`` (default), ``"never"``, or ``sampled(0.01)``.
        audit: Must never be lost: not sampled, not limited, only to audit-capable adapters.
        dead_letter: Kept as a dead letter, also when a limit would drop it; ``False``: never kept.
        abstract: Only a base for others.
        preset: A bundle of settings: wins over other base classes, whatever their order.

    All keywords but ``version``, ``name``, ``abstract`` and ``preset`` are inherited, and so are fields.
    """

    def __init_subclass__(
        cls,
        *,
        severity: SeverityName | Severity | None = None,
        version: int | None = None,
        name: str | None = None,
        adapters: Sequence[str] | None = None,
        retention: str | None = None,
        validation: ValidationMode | None = None,
        audit: bool | None = None,
        dead_letter: bool | None = None,
        abstract: bool = False,
        preset: bool = False,
        **unknown: Never,
    ) -> None:
        super().__init_subclass__()
        where = f"class {cls.__module__}.{cls.__qualname__}"
        _refuse_unknown(unknown, where)
        _refuse_names(cls, where)
        declared = Declaration(
            severity=_severity(severity, where),
            version=_version(version, where),
            name=name,
            adapters=_adapters(adapters, where),
            retention_s=_retention(retention, where),
            validation=_validation(validation, where),
            audit=audit,
            dead_letter=dead_letter,
            abstract=abstract or preset,
            preset=preset,
            local_names=enclosing_names(own_annotations(cls), cls.__module__),
        )
        attrs.define(cls, slots=False, init=False, repr=False, eq=False, kw_only=True)
        _refuse_attributes(cls, where)
        setattr(cls, declaration.ATTRIBUTE, declared)
        install(cls)

    @classmethod
    def track(cls: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Outcome:
        """Record that this happened.

        Takes the declared fields by keyword. Does no I/O and takes no lock; safe in signal handlers,
        ``__del__`` and any thread.

        Returns:
            What became of the event; true when it was kept.

        Raises:
            InvalidEvent: The fields do not fit and ``on_invalid`` is ``"raise"`` (development and tests).
        """
        raise TypeError("Event itself cannot be tracked; declare a subclass")

    @classmethod
    def at(
        cls: Callable[P, object],
        *,
        severity: SeverityName | Severity | None = None,
        time: datetime | int | None = None,
        trace_id: str | None = None,
        adapters: Sequence[str] | None = None,
    ) -> Bound[P]:
        """Return ``track`` with something fixed for this call that is not payload.

        Args:
            severity: Instead of the type's own.
            time: When it happened: an aware ``datetime``, or integer nanoseconds since 1970 UTC.
            trace_id: 32 lowercase hex digits.
            adapters: Purpose names instead of the type's own or the routes.

        A malformed argument does not raise here: the call is refused when it is made, like one whose fields do not fit.

        Each severity has a function of its own. Whoever asks for one before the start, and keeps what it gets, has it
        compiled then; otherwise the first call does that, which takes milliseconds.
        """
        return cast("Bound[P]", _bound(cls, severity, time, trace_id, adapters))

    @classmethod
    def timed(cls: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Timed:
        """Return a context manager, or decorator, that tracks when its body ends, with ``duration_ms``.

        Takes the fields that are known already; ``set()`` adds others until the end. The body always
        runs, also when the library is disabled. An exception in it makes the event an error with the
        exception's type in its metadata, and propagates unchanged.
        """
        from e11y.calls import Timed  # noqa: PLC0415 - calls stands on this module

        return Timed(cast("type[Event]", cls), args, kwargs)


class Bound(Generic[P]):
    """An event type with time, severity, trace or adapters fixed; made by ``Event.at``."""

    __slots__ = ("track",)

    track: Callable[P, Outcome]

    def __init__(self, track: Callable[P, Outcome]) -> None:
        self.track = track


def _bound(cls: Any, severity: Any, time: Any, trace_id: Any, adapters: Any) -> Any:
    from e11y.calls import bound  # noqa: PLC0415 - calls stands on this module

    return bound(cls, severity, time, trace_id, adapters)


def _bootstrap(*_args: Any, **_unknown: Any) -> Any:
    """Stand in for an event type's function until it is compiled; its code is swapped then, its identity never."""
    return _door.enter(_event_type, _variant, _args, _unknown)  # type: ignore[name-defined] # noqa: F821


def install(event_type: type[Event]) -> None:
    """Give an event type a ``track`` of its own, so that a child never runs its parent's."""
    setattr(event_type, _FUNCTIONS, {})
    # A plain function, not a staticmethod: no instance is ever bound, and it is looked up in half the time.
    event_type.track = function_of(event_type, ())  # type: ignore[method-assign]


def function_of(event_type: type[Event], variant: Variant) -> types.FunctionType:
    """Return the one function object of a type and variant. It lives as long as the class."""
    functions: dict[Variant, types.FunctionType] = event_type.__dict__[_FUNCTIONS]
    found = functions.get(variant)
    if found is None:
        space = {"_door": Door, "_event_type": event_type, "_variant": variant, "__name__": event_type.__module__}
        found = types.FunctionType(_bootstrap.__code__, space, "track")
        found.__qualname__ = f"{event_type.__qualname__}.track"
        found.__module__ = event_type.__module__
        found.__doc__ = Event.track.__doc__
        found.__kwdefaults__ = dict(LATE) if variant else {}
        for attribute in attrs.fields(cast(Any, event_type)):
            found.__kwdefaults__[attribute.name] = _default(attribute)
        functions[variant] = found
    return found


def forget(event_type: type[Event], variant: Variant) -> None:
    """Forget the function of a variant that cannot work."""
    event_type.__dict__[_FUNCTIONS].pop(variant, None)


def functions(event_type: type[Event]) -> Mapping[Variant, types.FunctionType]:
    """Return the functions made so far: variant -> function; plain ``track`` is ``()``."""
    return dict(event_type.__dict__.get(_FUNCTIONS, {}))  # a class that was refused has none


def unplug(event_type: type[Event]) -> None:
    """Put the stand-in back behind every function of the type; the next call goes through the door."""
    for function in functions(event_type).values():
        function.__code__ = _bootstrap.__code__


LATE: Mapping[str, Any] = types.MappingProxyType({"_time_ns": None, "_trace": None, "_metadata": None})
"""What the functions of variants take beside the fields."""

_FUNCTIONS = "__e11y_functions__"
_UNCHANGING = (str, int, float, bool, bytes, type(None), Decimal, date, datetime, timedelta)
_RESERVED = ("track", "at", "timed")


def _default(attribute: Any) -> Any:
    """Return what stands in the signature: the default itself when nobody can change it, else ``MISSING``."""
    default = attribute.default
    if default is attrs.NOTHING:
        return MISSING
    return default if type(default) in _UNCHANGING or isinstance(default, Enum) else MISSING


def _refuse_instance(self: Event, *args: object, **kwargs: object) -> None:
    raise TypeError(f"event types have no instances; use {type(self).__name__}.track(...)")


# Set from outside the class body: a visible __init__ would hide the fields from type checkers.
setattr(Event, "__init__", _refuse_instance)  # noqa: B010
setattr(Event, declaration.ATTRIBUTE, Declaration(abstract=True))


def _refuse_unknown(unknown: Mapping[str, Any], where: str) -> None:
    known = [field.name.replace("retention_s", "retention") for field in attrs.fields(Declaration)][:-1]
    for name in unknown:
        raise ConfigError(
            f"unknown class keyword {name!r}{nearest(name, known)}",
            where=where,
            fix=f"use one of: {', '.join(known)}; settings of plugins are decorators from their packages",
        )


def _refuse_names(cls: type, where: str) -> None:
    if cls.__module__ != __name__:
        for name in _RESERVED:
            if name in cls.__dict__:
                raise ConfigError(
                    f"{name!r} is what every event type inherits and cannot be redefined",
                    where=where,
                    fix=f"give your classmethod another name and call cls.{name}(...) in it",
                )
    for name in own_annotations(cls):
        if name in _RESERVED or name == "self" or name.startswith("_"):
            raise ConfigError(
                f"{name!r} cannot be the name of a field",
                where=where,
                fix="rename it; field names do not start with an underscore and are none of: self, track, at, timed",
            )


def _refuse_attributes(cls: type, where: str) -> None:
    for attribute in attrs.fields(cls):
        if attribute.converter is not None:
            raise ConfigError(
                f"field {attribute.name!r} has a converter; e11y delivers what the caller passed",
                where=where,
                fix="convert before track(), or drop converter=",
            )
        if isinstance(attribute.default, attrs.Factory) and attribute.default.takes_self:  # type: ignore[arg-type]
            raise ConfigError(
                f"the default of field {attribute.name!r} wants an instance; event types have none",
                where=where,
                fix="use a default that does not take self",
            )


def _severity(value: Any, where: str) -> Severity | None:
    if value is None or value in SEVERITIES:
        return None if value is None else Severity(value)
    raise ConfigError(
        f"unknown severity {value!r}{nearest(str(value), SEVERITIES)}",
        where=where,
        fix=f"use one of: {', '.join(SEVERITIES)}",
    )


def _version(value: Any, where: str) -> int | None:
    if value is None or (type(value) is int and value >= 1):
        return value
    raise ConfigError(f"version must be an int of 1 or more, not {value!r}", where=where, fix="write version=2")


def _adapters(value: Any, where: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) and one for one in value):
        return tuple(dict.fromkeys(value))
    raise ConfigError(
        "adapters must be a list of purpose names", where=where, fix='write adapters=["logs"]; [] means nowhere'
    )


def _retention(value: Any, where: str) -> float | None:
    if value is None:
        return None
    try:
        return seconds(value)
    except ValueError as error:
        raise ConfigError(f"retention: {error}", where=where, fix='write retention="90d"') from None


def _validation(value: Any, where: str) -> ValidationMode | None:
    if value is None or value in ("always", "never"):
        return value  # type: ignore[no-any-return]
    if isinstance(value, float) and 0 <= value <= 1:
        return value
    raise ConfigError(
        f"unknown validation mode {value!r}", where=where, fix='use "always", "never" or e11y.sampled(0.01)'
    )


@dataclass_transform(kw_only_default=True, field_specifiers=(attrs.field,))
class OpenEvent(Event, abstract=True):
    """Base of event types that take any further keyword beside their declared fields."""

    @classmethod
    def track(cls, **fields: object) -> Outcome:  # type: ignore[override]
        """Record that this happened, with any fields.

        Values are copied structurally; of an object without a JSON form only its type's name is kept.
        """
        raise TypeError("OpenEvent itself cannot be tracked; declare a subclass")

    @classmethod
    def at(  # type: ignore[override]
        cls,
        *,
        severity: SeverityName | Severity | None = None,
        time: datetime | int | None = None,
        trace_id: str | None = None,
        adapters: Sequence[str] | None = None,
    ) -> Bound[...]:
        """Return ``track`` with something fixed for this call that is not payload; see ``Event.at``."""
        made: Bound[...] = _bound(cls, severity, time, trace_id, adapters)
        return made


def sampled(rate: float) -> float:
    """Return the validation mode that checks a share of all calls, from 0.0 to 1.0.

    Raises:
        ConfigError: ``rate`` is no number between 0 and 1.
    """
    given: Any = rate  # callers without a type checker pass anything
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= 1:
        raise ConfigError("the share of calls to check must be a number from 0 to 1", fix="write sampled(0.01)")
    return float(rate)
