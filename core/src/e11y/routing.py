"""Which adapters an event type goes to: explicit names, then rules, then the severity's, then the fallback."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from e11y.errors import ConfigError, nearest
from e11y.schema import Schema
from e11y.severity import Severity


@attrs.frozen(eq=False)
class Routing:
    """The adapters that are configured and the rules that choose among them.

    Args:
        adapters: Purpose name -> whether it may keep audit events.
        by_severity: Severity -> names; only names that are configured.
        fallback: Names for what nobody claims; only names that are configured.
        unknown: Told of a name that is not configured and was left out: where, and in which words.
        strict: Whether a name that is not configured stops the start.
        stand_in: Serves every name when nothing is configured at all.
    """

    adapters: Mapping[str, bool]
    by_severity: Mapping[Severity, tuple[str, ...]]
    fallback: tuple[str, ...]
    unknown: Callable[[str, str], object]
    strict: bool = True
    stand_in: str | None = None

    def resolve(
        self, schema: Schema, severity: Severity, explicit: tuple[str, ...] | None, ruled: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return the adapter names of an event type.

        Args:
            schema: The event type.
            severity: Of this call.
            explicit: From ``at(adapters=...)``; else the type's own count.
            ruled: What routing plugins chose for the whole type.

        Raises:
            ConfigError: A name is not configured, or an audit type has no audit-capable adapter.
        """
        wanted = schema.adapters if explicit is None else explicit
        if wanted is None:
            wanted = ruled or self.by_severity.get(severity, ()) or (() if schema.audit else self.fallback)
        names = self.known(wanted, schema) if self.stand_in is None else (self.stand_in,) if wanted else ()
        if schema.audit and not any(self.adapters[name] for name in names):
            fit = [name for name, audit in self.adapters.items() if audit]
            raise ConfigError(
                f"audit event {schema.event_type.__name__} has no audit-capable adapter",
                where=f"class {schema.qualified_name}, adapters {list(names)}",
                fix=f"route it to one of {fit}" if fit else "configure an adapter that can keep audit events",
            )
        return names

    def known(self, wanted: tuple[str, ...], schema: Schema) -> tuple[str, ...]:
        """Return those of ``wanted`` that are configured; the others are told.

        Raises:
            ConfigError: One is not, and the settings are strict.
        """
        known = tuple(name for name in dict.fromkeys(wanted) if name in self.adapters)
        for name in wanted:
            if name in self.adapters:
                continue
            if self.strict:
                raise ConfigError(
                    f"event {schema.event_type.__name__} names adapter {name!r}, which is not configured"
                    f"{nearest(name, self.adapters)}",
                    where=f"class {schema.qualified_name}",
                    fix=f"add [tool.e11y.adapters.{name}], or use one of: {', '.join(self.adapters)}",
                )
            # Not the name: a call may have made it from a value, with  at(adapters=[...]).
            self.unknown(f"routing of {schema.qualified_name}", "it names an adapter that is not configured")
        return known

    def claimed(self, names: tuple[object, ...], severity: Severity, schema: Schema) -> tuple[str, ...]:
        """Return the adapters of one event after routing steps answered ``names``; unknown names are told.

        Args:
            names: All answers together.
            severity: Of this call.
            schema: The event type, to be named. The unknown name is not: a step may have made it from a value.
        """
        if self.stand_in is not None:
            return (self.stand_in,)
        known = [name for name in names if isinstance(name, str) and name in self.adapters]
        if len(known) < len(names):
            words = "a step of e11y_route names an adapter that is not configured"
            self.unknown(f"routing of {schema.qualified_name}", words)
        return tuple(dict.fromkeys(known)) or self.by_severity.get(severity, ()) or self.fallback
