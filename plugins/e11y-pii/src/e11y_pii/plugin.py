"""The plugin: the filter of each event type, the filter of context, the commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import click

from e11y import REMOVE, ConfigError, Filter, Host, Schema, hookimpl
from e11y_pii import rules as strategies
from e11y_pii.custom import compile_all, complaint
from e11y_pii.names import DEFAULT_KEYS, KeyNames
from e11y_pii.reading import FieldReading, Reader, Reading
from e11y_pii.rules import Rule, Rules
from e11y_pii.scanner import FILTERED, Scanner
from e11y_pii.settings import PiiSettings
from e11y_pii.shape import Shape
from e11y_pii.walk import Guard, Sweep

Payload = dict[str, Any]


class PiiPlugin:
    """Filters payloads and context; see the README."""

    Settings = PiiSettings

    def __init__(self, settings: PiiSettings, host: Host) -> None:
        self._host = host
        self._rules = Rules(settings.hash_key)
        self._is_listed = KeyNames((*DEFAULT_KEYS, *settings.keys), settings.allow_keys)
        custom = compile_all(settings.custom_patterns, settings.engine)
        self._complaint = complaint(custom, settings.engine)
        self._scanner = Scanner(settings.patterns, custom)
        self._guard = Guard(self._rules, self._is_listed, settings.max_depth)
        self._sweep = Sweep(self._scanner, settings.max_depth)
        self._context_rules = self._read_context_rules(settings)
        self._reader = Reader(self._is_listed, settings.scan)
        self._refused: dict[str, ConfigError] = {}

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        """Warn of patterns that may take long."""
        if self._complaint:
            host.logger.warning("pii: %s", self._complaint)

    @hookimpl
    def e11y_filter(self, schema: Schema) -> Filter | None:
        """Answer with what the type asks for; a type of plain fields with harmless names pays nothing."""
        try:
            reading = self._reader.read(schema)
        except ConfigError as error:
            self._refused[schema.qualified_name] = error
            raise
        if reading.mode == "untouched":
            return None
        at_call, later = self._fields(reading)
        further: Callable[[Payload], Payload] | None = self._guard.mapping if schema.open else None
        scans_further = reading.scans_further
        if scans_further and reading.scan == "call":
            further = self._guard_and_clean
        deferred = later or (scans_further and reading.scan == "deferred")
        if not at_call and not deferred and further is None:
            return None
        if not deferred:
            return Filter(at_call, open=further)
        known = frozenset(schema.fields) if scans_further else None
        scan = partial(self._scan, tuple(later.items()), known)
        # Something waits for the preparer anyway, so rules whose fields nobody reads wait with it.
        return Filter(lazy=at_call, open=further, deferred=scan, defers=tuple(later), defers_open=scans_further)

    @hookimpl
    def e11y_filter_context(self, host: Host) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        """Filter context by rule or key name, and scan it, whenever it is set."""
        del host
        return self._filter_context

    @hookimpl
    def e11y_commands(self, group: click.Group) -> None:
        """Add ``e11y pii``."""
        from e11y_pii.commands import make_group  # noqa: PLC0415 - only the command line needs it

        group.add_command(make_group(self.readings, self._is_listed, self._complaint))

    def readings(self) -> tuple[list[Reading], list[ConfigError]]:
        """Return what happens to every event type that is known, and why others are refused."""
        found = [self._reader.read(schema) for schema in self._host.schemas()]
        return found, list(self._refused.values())

    def _fields(self, reading: Reading) -> tuple[dict[str, Rule], dict[str, Shape]]:
        """Return the functions that run at the call, and the fields that are scanned later."""
        at_call: dict[str, Rule] = {}
        later: dict[str, Shape] = {}
        for field in reading.fields:
            functions = [function for function in (self._rule(field),) if function is not None]
            if field.scanned and reading.scan == "call":
                functions.append(partial(_cleaned, self._sweep, field.shape))
            elif field.scanned:
                later[field.name] = field.shape
            if functions:
                at_call[field.name] = functions[0] if len(functions) == 1 else partial(_both, *functions)
        return at_call, later

    def _rule(self, field: FieldReading) -> Rule | None:
        if field.strategy is not None:
            return None if field.scanned else self._rules.of(field.strategy)
        if field.listed:
            return strategies.mask
        return partial(_guarded, self._guard, field.shape) if field.guarded else None

    def _guard_and_clean(self, further: Payload) -> Payload:
        cleaned: Payload = self._sweep.clean(self._guard.mapping(further))
        return cleaned

    def _scan(self, fields: tuple[tuple[str, Shape], ...], known: frozenset[str] | None, payload: Payload) -> Payload:
        """Scan a payload on the preparer.

        Args:
            fields: Which fields, and what they may hold.
            known: All declared fields, when further keywords are scanned too.
            payload: Ours to change.
        """
        texts: list[str] = []
        found = False
        for name, shape in fields:
            value: Any = payload.get(name)
            if value.__class__ is str and shape.strategy is None:
                texts.append(value)
            elif value is not None:
                found |= self._sweep.gather(value, texts, shape)
        further: Payload = {}
        if known is not None:
            further = {name: value for name, value in payload.items() if name not in known}
            found |= self._sweep.gather(further, texts)
        if not found and (not texts or self._scanner.is_clean(texts)):
            return payload
        for name, shape in fields:
            if name in payload:
                payload[name] = self._sweep.clean(payload[name], shape)
        if further:
            kept = {name: value for name, value in payload.items() if name not in further}
            return {**kept, **self._sweep.clean(further)}
        return payload

    def _filter_context(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        kept: Payload = {}
        for key, value in values.items():
            rule = self._context_rules.get(key, _UNRULED)
            if rule is _UNRULED:
                listed = self._is_listed(key) and value is not None
                changed = FILTERED if listed else self._sweep.clean(value)
            else:
                changed = value if rule is None else rule(value)
            if changed is not REMOVE:
                kept[self._scanner.redact(key)] = changed
        return kept

    def _read_context_rules(self, settings: PiiSettings) -> dict[str, Rule | None]:
        known: dict[str, Rule | None] = {
            "mask": strategies.mask,
            "hash": self._rules.hash,
            "partial": strategies.partial,
            "redact": strategies.redact,
            "allow": None,
        }
        return {key: known[name] for key, name in settings.context.items()}


def _unruled(value: Any) -> Any:
    return value


_UNRULED: Rule = _unruled


def _both(first: Rule, second: Rule, value: Any) -> Any:
    return second(first(value))


def _guarded(guard: Guard, shape: Shape, value: Any) -> Any:
    return guard.apply(value, shape)


def _cleaned(sweep: Sweep, shape: Shape, value: Any) -> Any:
    return sweep.clean(value, shape)
