"""All metrics of one runtime: their definitions, their sums, and the way to both."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from prometheus_client import Metric

from e11y import META, ConfigError, Host, Observe, Schema
from e11y.identifiers import looks_like_identifier
from e11y.journal import Fold, Journal
from e11y_metrics.binding import Cache, Columns, bind, check_definition
from e11y_metrics.definition import Definition, Kind, Tag, label_problem, name_problem
from e11y_metrics.family import DEFAULT_BUCKETS, Family, key_of
from e11y_metrics.guard import Guard
from e11y_metrics.label_text import DROPPED, relabelled
from e11y_metrics.option import Metrics
from e11y_metrics.relabel import Rule, rule_of
from e11y_metrics.settings import MetricsSettings
from e11y_metrics.shared_family import LabelNote

MAX_DIRECT = 1_000
"""Most metrics that calls outside of event types may bring into being."""


class BadName(Exception):
    """A direct call names a metric or label against the rules. The log shows the class of an exception alone."""


class OtherKind(Exception):
    """A direct call means another kind of metric than the one that has the name."""


class NoSuchLabel(Exception):
    """A direct call passes a label that the metric does not have."""


class TooManyMetrics(Exception):
    """Direct calls brought more metrics into being than a program can have names for."""


class Meter:
    """Owns the families and the journal.

    Args:
        settings: Of the plugin.
        host: For faults and counts.

    Attributes:
        notices: What should be logged once: labels that near their limit.
        taken: Names that are shown already, without ``_total`` -> who shows them.
    """

    def __init__(self, settings: MetricsSettings, host: Host) -> None:
        self.settings = settings
        self.families: dict[str, Family] = {}
        self.journal = Journal()
        self.notices: deque[str] = deque(maxlen=100)
        self.taken: dict[str, str] = {}
        self._host = host
        self._rules: Mapping[str, Rule] = {label: rule_of(label, name) for label, name in settings.relabel.items()}
        self._denied = frozenset(settings.deny)
        self._caches: list[Cache] = []
        self._direct = 0
        self.write_direct: Callable[[Kind, str, Any, dict[str, Any]], None] = self.journal.writer(self._fold_direct)

    def observer(self, schema: Schema) -> Observe | None:
        """Return the step that writes the events of a type down, or ``None``: it has no metrics.

        Raises:
            ConfigError: A metric does not fit the type, the settings, or another definition of the same name.
        """
        if not schema.has(Metrics):
            return None
        option = schema.option(Metrics)
        problems = []
        for definition in option.definitions:
            try:
                check_definition(schema, definition, self._rules, self._denied)
                self.declare(definition)
            except ConfigError as error:
                problems.append(error)
        if problems:
            raise ConfigError.joined(problems)
        columns = Columns()
        traced = None
        if self.settings.exemplars and any(one.kind != "gauge" for one in option.definitions):
            traced = (columns.at(META.context_trace_id), columns.at(META.sampled))
        folds = []
        for group in _grouped(option.definitions):
            self._caches.append({})
            pairs = [(one, self.families[_family_name(one.name)]) for one in group]
            folds.append(bind(schema, pairs, columns, self._rules, traced, self._failed, self._caches[-1]))
        names = ", ".join(one.name for one in option.definitions)
        return Observe(self.journal.writer(_all(folds)), tuple(columns.sources), doc=f"adds to {names}")

    def declare(self, definition: Definition) -> Family:
        """Return the family of a definition, made by the first that names it.

        Raises:
            ConfigError: The name is taken, or another definition of it means something else; both places are named.
        """
        found = self.families.get(_family_name(definition.name))
        if found is None:
            problem = self._taken_problem(definition)
            if problem is not None:
                raise problem
            buckets = definition.buckets or self.settings.buckets.get(definition.name) or DEFAULT_BUCKETS
            found = self.families[_family_name(definition.name)] = Family(
                definition,
                buckets,
                self.settings.max_series,
                lambda label: self._guard(definition, label),
                lambda: self._full(definition),
                self._host.clock.time_ns,
            )
            return found
        if all(one is not definition for one in found.definitions):
            self._compare(found, definition)
            found.help = found.help or definition.help
            found.definitions.append(definition)
        return found

    def reserve(self, names: Mapping[str, str]) -> list[ConfigError]:
        """Keep names for those who show them; return what is wrong with the definitions that there are.

        Args:
            names: Of metrics, with or without ``_total`` -> who shows them.
        """
        self.taken = {_family_name(name): who for name, who in names.items()}
        found = [self._taken_problem(family.definitions[0]) for family in list(self.families.values())]
        return [problem for problem in found if problem is not None]

    def _taken_problem(self, definition: Definition) -> ConfigError | None:
        who = self.taken.get(_family_name(definition.name))
        if who is None:
            return None
        return ConfigError(
            f"metric {definition.name!r} is shown already, by {who}",
            where=f"{definition.where} and {who}",
            fix="give it another name: both under one name could not be told apart",
        )

    def _compare(self, family: Family, new: Definition) -> None:
        old = family.definitions[0]
        told = next((one for one in family.definitions if one.help), old)
        buckets = new.buckets or self.settings.buckets.get(new.name) or DEFAULT_BUCKETS
        differences = {
            "name": (family.name, new.name),
            "kind": (family.kind, new.kind),
            "labels": (list(family.labels), list(new.labels)),
            "buckets": (list(family.buckets), list(buckets) if new.kind == "histogram" else []),
            "help": (told.help, new.help or told.help) if told.help else (None, None),
            "across": (family.across, new.across),
        }
        for what, (here, there) in differences.items():
            if here != there:
                first = told if what == "help" else old
                raise ConfigError(
                    f"metric {new.name!r} is declared twice with another {what}: {here} and {there}",
                    where=f"{first.where} and {new.where}",
                    fix=f"give both the same {what}, or one of them another name",
                )

    def collect(self) -> list[Metric]:
        """Return every family in the form of prometheus-client, all that was observed until now included."""
        self.journal.settle()
        with self.journal.lock:
            return [family.collect() for family in list(self.families.values())]

    def forget(self) -> None:
        """Begin anew: what was counted belongs to the parent. For forked children only."""
        self.journal.forget()
        for cache in self._caches:
            cache.clear()
        for family in self.families.values():
            family.forget()

    def labels(self, top: int = 5) -> list[LabelNote]:
        """Return what is known about every label whose values may be many.

        The combinations of all labels of a metric stand there as the label "", once one had no room.
        """
        with self.journal.lock:
            return [note for family in list(self.families.values()) for note in _notes(family, top)]

    def _guard(self, definition: Definition, label: str) -> Guard:
        limit = self.settings.limit

        def notice(values: int) -> None:
            what = f"label {label!r} of metric {definition.name!r}, declared by {definition.where},"
            if values <= limit:
                self.notices.append(f"{what} has {values} of {limit} values; further ones will become '[OTHER]'")
            else:
                self.notices.append(f"{what} is over its limit of {limit} values: further ones are '[OTHER]'")

        return Guard(limit, notice)

    def _full(self, definition: Definition) -> None:
        self.notices.append(
            f"metric {definition.name!r}, declared by {definition.where}, is over its limit of "
            f"{self.settings.max_series} series: in further ones every label is '[OTHER]'"
        )

    def _failed(self, name: str, error: Exception) -> None:
        self._host.count("values_skipped")
        self._host.fault(f"adding to {name}", error)

    # Direct calls

    def _fold_direct(self, row: tuple[Any, ...]) -> None:
        kind, name, value, labels = row
        try:
            family = self._direct_family(kind, name, labels)
            family.put(family.of(key_of(family.labels, self._direct_texts(family, labels))), value, 0)
        except Exception as error:  # noqa: BLE001 - whatever the application passed
            self._failed(f"{kind} {name[:100]!r}" if isinstance(name, str) else kind, error)

    def _direct_family(self, kind: Kind, name: Any, labels: Mapping[str, Any]) -> Family:
        family = self.families.get(_family_name(name)) if isinstance(name, str) else None
        if family is None:
            problem = name_problem(kind, name)
            if problem is None:
                problem = next(filter(None, map(label_problem, labels)), None)
            if problem is not None:
                raise BadName
            if self._direct >= MAX_DIRECT:
                raise TooManyMetrics
            tags = tuple(Tag(label, label) for label in labels)
            family = self.declare(Definition(kind, name, tags, place=f"metrics, called for {name!r}"))
            family.guarded.update(family.labels)
            self._direct += 1
        if family.kind != kind or family.name != name:
            raise OtherKind
        return family

    def _direct_texts(self, family: Family, labels: Mapping[str, Any]) -> dict[str, str]:
        texts = {}
        for label, value in labels.items():
            guard = family.guards.get(label)
            if guard is None:
                self._failed(f"{family.name} with label {label[:100]!r}", NoSuchLabel())
                continue
            family.guarded.add(label)
            rule = self._rules.get(label)
            if rule is not None:
                texts[label] = guard.admit(relabelled(rule, partial(self._failed, family.name))(value))
            elif label in self._denied or (looks_like_identifier(label) and not _allowed(family, label)):
                texts[label] = DROPPED
            else:
                texts[label] = guard.admit(value)
        return texts


def _allowed(family: Family, label: str) -> bool:
    return any(one.label == label and one.allow for definition in family.definitions for one in definition.tags)


def _family_name(name: str) -> str:
    return name.removesuffix("_total")


def _grouped(definitions: Iterable[Definition]) -> Iterable[list[Definition]]:
    """Return the definitions, those with equal tags together."""
    groups: dict[frozenset[Tag], list[Definition]] = {}
    for one in definitions:
        groups.setdefault(frozenset(one.tags), []).append(one)
    return groups.values()


def _all(folds: list[Fold]) -> Fold:
    if len(folds) == 1:
        return folds[0]

    def fold(row: tuple[Any, ...]) -> None:
        for one in folds:
            one(row)

    return fold


def _notes(family: Family, top: int) -> Iterator[LabelNote]:
    for label in family.labels:
        if label in family.guarded:
            guard = family.guards[label]
            places = [one.where for one in family.definitions]
            values = len(guard.values)
            yield LabelNote(family.name, label, guard.limit, values, guard.overflow, guard.sketch.top(top), places)
    if family.overflow:
        places = [one.where for one in family.definitions]
        yield LabelNote(family.name, "", family.max_series, len(family.series), family.overflow, [], places)
