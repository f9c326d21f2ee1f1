"""The plan of one event type: its checks and its steps, in the order they will run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, cast

import attrs

from e11y import declaration
from e11y.checks.annotations import UnresolvedAnnotation, field_types
from e11y.checks.check import Budget, Check, Refused, UnsupportedType, titled
from e11y.checks.compose import check_for
from e11y.checks.constraints import constrained, of_validator
from e11y.errors import ConfigError, E11yError, PluginError, nearest
from e11y.event import OpenEvent
from e11y.options import OFF, Option
from e11y.pipeline.placed import Placed
from e11y.pipeline.postponing import in_time, touched_by
from e11y.pipeline.structures import nested_options, structures_of
from e11y.schema import Field, Schema, unwrap
from e11y.severity import Severity
from e11y.steps import PAYLOAD, Annotate, Enrich, Filter, Needs, Observe, Route, Sample, Step, step_of

S = TypeVar("S")


class Implementations(Protocol):
    """Where hooks are asked: the loaded plugins."""

    def implementations(self, hook: str) -> list[tuple[str, Callable[..., Any]]]:
        """Return ``(plugin name, bound method)`` of each plugin that implements ``hook``, in order."""
        ...

    def is_active(self, name: str) -> bool:
        """Return whether the hooks of the plugin ``name`` are asked."""
        ...


@attrs.frozen(eq=False)
class Plan:
    """Everything the compiler needs to know about one event type.

    Args:
        schema: With the fields that enrichers add.
        checks: Field name -> check of what the caller passes.
        defaults: Field name -> function that makes the default, where it is no plain value.
        enrich, filters, observers, samplers, annotators, routers: The steps, in order.
        routed: Adapter names that plugins chose for the whole type.
        validation: ``always``, ``never`` or the share of calls to check.
    """

    schema: Schema
    checks: Mapping[str, Check]
    defaults: Mapping[str, Callable[[], Any]]
    enrich: tuple[Placed, ...] = ()
    filters: tuple[Placed, ...] = ()
    observers: tuple[Placed, ...] = ()
    samplers: tuple[Placed, ...] = ()
    annotators: tuple[Placed, ...] = ()
    routers: tuple[Placed, ...] = ()
    routed: tuple[str, ...] = ()
    validation: declaration.ValidationMode = "always"

    @property
    def steps(self) -> Iterable[Placed]:
        """All steps in the order they run."""
        return (*self.enrich, *self.filters, *self.observers, *self.samplers, *self.annotators, *self.routers)

    def at(self, severity: Severity) -> Plan:
        """Return what of the plan concerns the events of one severity."""
        seeing = tuple(one for one in self.observers if severity >= (one.step.at_least or severity))
        return self if len(seeing) == len(self.observers) else attrs.evolve(self, observers=seeing)

    @property
    def deferred(self) -> tuple[Placed, ...]:
        """The filters that still have work on the preparer."""
        return tuple(one for one in self.filters if one.step.deferred is not None)


def read_schema(event_type: type[Any], default_retention_s: float) -> Schema:
    """Return what the class itself says, before any plugin is asked.

    Raises:
        ConfigError: An annotation means nothing.
    """
    where = f"class {event_type.__module__}.{event_type.__qualname__}"
    try:
        hints = field_types(event_type, _local_names(event_type))
        structures = structures_of(hints[attribute.name] for attribute in attrs.fields(event_type))
    except UnresolvedAnnotation as error:
        raise ConfigError(
            f"the annotation {error.name!r} of {error.owner.__name__} means nothing",
            where=where,
            fix=f"import {error.name} in {error.owner.__module__}, also under TYPE_CHECKING, or define it there",
        ) from None
    fields = {}
    for attribute in attrs.fields(event_type):
        kind, markers = unwrap(hints[attribute.name])
        fields[attribute.name] = Field(
            name=attribute.name,
            type=kind,
            markers=markers,
            nested=nested_options(kind),
            required=attribute.default is attrs.NOTHING,
        )
    retention_s = declaration.resolved(event_type, "retention_s")
    return Schema(
        event_type=event_type,
        name=declaration.name(event_type),
        version=declaration.version(event_type),
        severity=declaration.severity(event_type),
        fields=MappingProxyType(fields),
        options=MappingProxyType(declaration.options(event_type)),
        audit=bool(declaration.resolved(event_type, "audit")),
        dead_letter=declaration.resolved(event_type, "dead_letter"),
        adapters=declaration.resolved(event_type, "adapters"),
        retention_s=default_retention_s if retention_s is None else retention_s,
        open=issubclass(event_type, OpenEvent),
        checked=declaration.resolved(event_type, "validation") in (None, "always"),
        structures=MappingProxyType(structures),
        doc=(event_type.__doc__ or "").strip().partition("\n")[0],
        base_name=declaration.base_name(event_type),
    )


def make_plan(schema: Schema, plugins: Implementations) -> Plan:
    """Ask every plugin about one event type.

    Raises:
        ConfigError: A field's type cannot be recorded, or steps do not fit the event type.
        PluginError: A plugin fails or answers with the wrong thing.
    """
    _require_plugins(schema, plugins)
    _refuse_lossy(schema)
    checks, defaults = _checks(schema)
    enrich = []
    for placed in _ask(plugins, "e11y_enrich", schema, Enrich):
        _require_fields(placed, placed.step.needs, schema)
        for name in placed.step.adds:
            if name in schema.fields:
                raise _misfit(placed, schema, f"adds field {name!r}, which the event already has", "add another name")
        schema = schema.with_added(placed.step.adds)
        enrich.append(placed)
    filters = _ask(plugins, "e11y_filter", schema, Filter)
    for placed in filters:
        _require_fields(placed, touched_by(placed.step), schema)
        if not schema.open and (placed.step.open is not None or placed.step.defers_open):
            raise _misfit(placed, schema, "filters further keywords, which the event does not take", "see schema.open")
    pending = {name: placed for placed in filters for name in placed.step.defers}
    for placed in filters:
        if placed.step.defers_open:
            pending["further keywords"] = placed
    schema = schema.with_filtered(name for placed in filters for name in touched_by(placed.step))
    observers = _ask(plugins, "e11y_observe", schema, Observe)
    samplers = [] if schema.audit else _ask(plugins, "e11y_sample", schema, Sample)
    annotators = _ask(plugins, "e11y_annotate", schema, Annotate)
    routers, routed = _ask_routes(plugins, schema)
    for placed in (*observers, *samplers, *annotators, *routers):
        _require_fields(placed, placed.step.needs or (), schema)
        _refuse_pending(placed, schema, pending)
    read = {need for placed in (*observers, *samplers, *annotators, *routers) for need in placed.step.needs or ()}
    filters = in_time(filters, read)
    return Plan(
        schema=schema,
        checks=checks,
        defaults=defaults,
        enrich=tuple(enrich),
        filters=tuple(filters),
        observers=tuple(observers),
        samplers=tuple(samplers),
        annotators=tuple(annotators),
        routers=tuple(routers),
        routed=routed,
        validation=_validation(schema),
    )


def _require_plugins(schema: Schema, plugins: Implementations) -> None:
    """Refuse an option that nobody would act on: what it promises would silently not happen."""
    found = [(kind, "") for kind, value in schema.options.items() if value is not OFF]
    for fields in (schema.fields, *schema.structures.values()):
        for field in fields.values():
            kinds = [marker if isinstance(marker, type) else type(marker) for marker in (*field.markers, *field.nested)]
            found.extend((kind, field.name) for kind in kinds if issubclass(kind, Option))
    for kind, name in found:
        if not kind.advisory and not plugins.is_active(kind.plugin):
            at = f"field {name!r}" if name else "the class"
            raise ConfigError(
                f"option {kind.__name__} on {at} of {schema.event_type.__name__} needs plugin {kind.plugin!r}, "
                "which is not active",
                where=f"class {schema.qualified_name}",
                fix=f'add "{kind.plugin}" to [tool.e11y] plugins, or remove the option',
            )


def _refuse_lossy(schema: Schema) -> None:
    """Refuse an option that may cost events on an audit type: it would silently do nothing."""
    for kind, value in schema.options.items():
        if schema.audit and kind.lossy and value is not OFF:
            raise ConfigError(
                f"option {kind.__name__} of {schema.event_type.__name__} may cost events, "
                "and audit events must never be lost",
                where=f"class {schema.qualified_name}",
                fix="remove the option, or switch it off on this class if a base class brings it: "
                "its decorator takes False",
            )


def _validation(schema: Schema) -> declaration.ValidationMode:
    mode = declaration.resolved(schema.event_type, "validation")
    return "always" if mode is None else cast("declaration.ValidationMode", mode)


def _local_names(event_type: type) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for base in reversed(event_type.__mro__):
        declared = declaration.of(base)
        if declared is not None:
            names.update(declared.local_names)
    return names


_Checks = tuple[dict[str, Check], dict[str, Callable[[], Any]]]


def _checks(schema: Schema) -> _Checks:
    """Return checks and defaults of the declared fields, made once per class: they depend on nothing else."""
    found: _Checks | None = schema.event_type.__dict__.get("__e11y_checks__")
    if found is None:
        found = _make_checks(schema)
        setattr(schema.event_type, "__e11y_checks__", found)  # noqa: B010
    return found


def _make_checks(schema: Schema) -> _Checks:
    checks: dict[str, Check] = {}
    defaults: dict[str, Callable[[], Any]] = {}
    problems: list[E11yError] = []
    for attribute in attrs.fields(schema.event_type):
        field = schema.fields[attribute.name]
        try:
            check = check_for(field.type, field.markers)
        except UnsupportedType as error:
            problems.append(
                ConfigError(
                    f"field {field.name!r} of {schema.event_type.__name__} cannot be recorded: {error}",
                    where=f"class {schema.qualified_name}",
                    fix="use text, numbers, times, enums, Literal, attrs classes or dataclasses, "
                    "and lists or dicts of them",
                )
            )
            continue
        bounds = [of_validator(attribute.validator, attribute)] if attribute.validator is not None else []
        checks[field.name] = titled(constrained(check, bounds), field.name)
        default = attribute.default
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            defaults[field.name] = default.factory
        elif default is not attrs.NOTHING:
            defaults[field.name] = partial(_fresh, checks[field.name], default)
    if problems:
        raise ConfigError.joined(problems)
    return checks, defaults


def _fresh(check: Check, default: Any) -> Any:
    """Return the default of one call: a copy of its own, where that can be made."""
    try:
        return check.accept(default, Budget(), 0)
    except Refused:
        return default  # declared so, and nobody's mistake at the call


def _ask(plugins: Implementations, hook: str, schema: Schema, kind: type[S]) -> list[Placed]:
    """Ask each plugin one hook about one event type."""
    answers = []
    for plugin, implementation in plugins.implementations(hook):
        answer = _answer(plugin, hook, implementation, schema, kind)
        if answer is None:
            continue
        if not isinstance(answer, kind):
            raise _wrong_answer(plugin, hook, schema, answer, kind.__name__)
        answers.append(Placed(plugin, hook, answer))
    return answers


def _ask_routes(plugins: Implementations, schema: Schema) -> tuple[list[Placed], tuple[str, ...]]:
    routers: list[Placed] = []
    routed: list[str] = []
    if schema.adapters is not None:
        return routers, ()
    for plugin, implementation in plugins.implementations("e11y_route"):
        answer = _answer(plugin, "e11y_route", implementation, schema, Route)
        if isinstance(answer, Route):
            routers.append(Placed(plugin, "e11y_route", answer))
        elif isinstance(answer, tuple):
            routed.extend(answer)
        elif answer is not None:
            raise _wrong_answer(plugin, "e11y_route", schema, answer, "Route, a tuple of adapter names")
    return routers, tuple(dict.fromkeys(routed))


def _answer(plugin: str, hook: str, implementation: Callable[..., Any], schema: Schema, kind: type[Any]) -> Any:
    try:
        return step_of(implementation(schema=schema), kind)
    except ConfigError:
        raise
    except Exception as error:
        raise PluginError(
            f"plugin {plugin!r} failed in {hook}: {type(error).__name__}",
            where=f"{hook}(schema={schema.event_type.__name__})",
            fix=f"report it to the author of {plugin!r}, or leave the plugin out of [tool.e11y] plugins",
        ) from error


def _wrong_answer(plugin: str, hook: str, schema: Schema, answer: object, wanted: str) -> PluginError:
    answered: type[Any] = type(answer)
    step = answered.__name__
    zones = "; a step of another zone" if answered in Step.__args__ else ""
    return PluginError(
        f"plugin {plugin!r} answered {hook} with {step}{zones}",
        where=f"{hook}(schema={schema.event_type.__name__})",
        fix=f"answer with {wanted} or None",
    )


def _require_fields(placed: Placed, needs: Needs, schema: Schema) -> None:
    for need in needs:
        if isinstance(need, str) and need not in schema.fields:
            raise _misfit(
                placed,
                schema,
                f"needs field {need!r}, which the event does not have{nearest(need, schema.fields)}",
                f"answer None when {need!r} is not in schema.fields",
            )


def _refuse_pending(placed: Placed, schema: Schema, pending: Mapping[str, Placed]) -> None:
    for need in placed.step.needs or ():
        blocked = need if need in pending else next(iter(pending), None) if need is PAYLOAD else None
        if blocked is not None:
            raise _misfit(
                placed,
                schema,
                f"reads {blocked!r} at the call, but {pending[blocked].plugin!r} filters it later, on the preparer",
                "filter that field at the call, narrow its type, allow it explicitly, or do not read it",
            )


def _misfit(placed: Placed, schema: Schema, what: str, fix: str) -> PluginError:
    doc = f": {placed.step.doc}" if placed.step.doc else ""
    return PluginError(
        f"plugin {placed.plugin!r} {what}", where=f"{placed.hook}(schema={schema.event_type.__name__}){doc}", fix=fix
    )
