"""What an event type says about one metric: its name, its labels, and where its values come from."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, Literal, get_args

import attrs

from e11y import ConfigError, Observe
from e11y.identifiers import IDENTIFIERS

Kind = Literal["counter", "histogram", "gauge"]
Across = Literal["latest", "sum", "max", "min"]
Value = str | Callable[..., Any]

CONTEXT_PREFIX: Final = "context."

# https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels; a name with a colon is a recording rule's.
_METRIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_OWN_SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_created", "_info")
_MILLISECONDS = ("_ms", "_millis", "_milliseconds")


@attrs.frozen
class Tag:
    """One label of a metric; made by :func:`tag`.

    Args:
        source: Field, ``severity``, ``event_name``, ``version``, or ``context.<key>``.
        label: Name of the label.
        relabel: Turns a value into one of a few.
        allow: The author vouches that there are few values, although the name looks like an identifier.
    """

    source: str
    label: str
    relabel: Callable[[Any], object] | None = None
    allow: bool = False

    @property
    def may_identify(self) -> bool:
        """Whether nobody spoke for a name that looks like an identifier."""
        return not self.allow and self.relabel is None


def tag(
    source: str, *, label: str | None = None, relabel: Callable[[Any], object] | None = None, allow: bool = False
) -> Tag:
    """Return a label that needs more words than the name of its field.

        @counter("page_views_total", tags=["method", tag("path", relabel=path_template), tag("context.tenant")])

    Args:
        source: Name of a field; ``severity``, ``event_name`` or ``version``; ``context.<key>`` for a context value.
        label: Name of the label; left out, the field or key.
        relabel: Called with the value, off the caller's path, never with ``None``; returns one of a few texts.
            When it raises, the value is kept as it is and the fault is reported.
        allow: Take the label although its name is on the list of identifiers. The limit on values still holds.
    """
    return Tag(source, label or source.removeprefix(CONTEXT_PREFIX), relabel, allow)


@attrs.frozen(eq=False)
class Definition:
    """One metric of one event type.

    Args:
        kind, name, tags, value, buckets, across: As the decorators take them.
        help: One line for people; ``None``: nobody said.
        place: Module and line of the decorator.
        owner: Qualified name of the class that the decorator stands on.
    """

    kind: Kind
    name: str
    tags: tuple[Tag, ...] = ()
    value: Value | None = None
    buckets: tuple[float, ...] | None = None
    help: str | None = None
    across: Across = "latest"
    place: str = ""
    owner: str = ""

    @property
    def where(self) -> str:
        """Where to look for it."""
        return f"{self.owner} ({self.place})" if self.owner else self.place

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the labels, sorted."""
        return tuple(sorted(one.label for one in self.tags))


def define(
    kind: Kind,
    name: object,
    *,
    tags: object,
    value: object,
    buckets: object = None,
    help: object = None,  # noqa: A002 - the word of the exposition format
    across: object = "latest",
    place: str,
) -> Definition:
    """Return a definition whose arguments fit; callers without a type checker pass anything.

    Raises:
        ConfigError: An argument does not fit.
    """
    problem = (
        name_problem(kind, name)
        or _tags_problem(tags)
        or _value_problem(kind, value)
        or buckets_problem(buckets)
        or _rest_problem(help, across)
    )
    if problem is not None:
        shown = f"@{kind}({name!r})" if isinstance(name, str) else f"@{kind}"
        raise ConfigError(f"{shown}: {problem[0]}", where=place, fix=problem[1])
    return Definition(
        kind=kind,
        name=name,  # type: ignore[arg-type] # looked at above, like the following
        tags=tuple(one if isinstance(one, Tag) else tag(one) for one in tags),  # type: ignore[attr-defined]
        value=value,  # type: ignore[arg-type]
        buckets=None if buckets is None else tuple(float(bound) for bound in buckets),  # type: ignore[attr-defined]
        help=help,  # type: ignore[arg-type]
        across=across,  # type: ignore[arg-type]
        place=place,
    )


Complaint = tuple[str, str] | None
"""What is wrong, and how to fix it."""


def name_problem(kind: Kind, name: object) -> Complaint:
    """Return what is wrong with the name of a metric."""
    if not isinstance(name, str) or not _METRIC_NAME.fullmatch(name):
        return "the name must consist of letters, digits and underscores", 'write it like "orders_paid_total"'
    if name.startswith("e11y_"):
        return "names that begin with e11y_ are the library's own", "choose another name"
    if kind == "counter":
        if not name.endswith("_total"):
            return "the name of a counter ends in _total", f'write @counter("{name}_total")'
        if name.removesuffix("_total").endswith(_OWN_SUFFIXES):
            return "the name has two suffixes that Prometheus gives a meaning to", "leave one of them out"
        return None
    suffix = next((suffix for suffix in _OWN_SUFFIXES if name.endswith(suffix)), None)
    if suffix is not None:
        return f"the name of a {kind} must not end in {suffix}, which means something else", "leave the ending out"
    if name.endswith(_MILLISECONDS):
        return "durations are measured in seconds", 'name it "..._seconds" and divide: value=lambda ms: ms / 1000'
    return None


def label_problem(label: object) -> Complaint:
    """Return what is wrong with the name of a label."""
    if not isinstance(label, str) or not _LABEL_NAME.fullmatch(label):
        return "a label consists of letters, digits and underscores", "write it like tag('context.tenant-1', label=...)"
    if label in ("le", "quantile"):
        return f"the label {label!r} is the exposition format's own", 'rename it: tag("...", label="...")'
    return None


def _tags_problem(tags: object) -> Complaint:
    if isinstance(tags, str) or not isinstance(tags, Sequence):
        return "tags must be a list of field names", 'write tags=["currency"]'
    found = [one if isinstance(one, Tag) else tag(one) for one in tags if isinstance(one, (str, Tag))]
    if len(found) != len(tags):
        return "tags must hold names of fields, or tag(...)", 'write tags=["currency", tag("path", relabel=...)]'
    for one in found:
        problem = label_problem(one.label)
        if problem is not None:
            return problem
        name = next((name for name in (one.label, _last(one.source)) if name.lower() in IDENTIFIERS), None)
        if name is not None and one.may_identify:
            return identifier_problem(name, one.source)
    labels = [one.label for one in found]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    return (f"the label {twice!r} stands there twice", "leave one of them out") if twice else None


def identifier_problem(name: str, source: str) -> tuple[str, str]:
    """Return the refusal of a label whose name says that every value is another one."""
    return (
        f"{name!r} is an identifier or free text, and every value of a label is a series of its own",
        f'leave it to the events themselves, turn it into a few values: tag("{source}", relabel=...), '
        f'or vouch for it: tag("{source}", allow=True)',
    )


def _last(source: str) -> str:
    return source.removeprefix(CONTEXT_PREFIX)


def _value_problem(kind: Kind, value: object) -> Complaint:
    if value is None:
        wanted = f'write value="amount", or value=lambda amount: amount / 100: a {kind} needs values'
        return None if kind == "counter" else ("value is missing", wanted)
    if isinstance(value, str):
        return None
    if not callable(value):
        return "value must be the name of a field, or a function of fields", 'write value="amount"'
    try:
        needs = Observe(value).needs or ()
    except (TypeError, ValueError):
        return "value must be a function whose parameters name fields", "write value=lambda amount: amount / 100"
    return None if needs else ("value is a function of nothing", "name the fields it reads as its parameters")


def buckets_problem(buckets: object) -> Complaint:
    """Return what is wrong with the bounds of a histogram."""
    fix = "write buckets=(0.1, 0.5, 1, 5)"
    if buckets is None:
        return None
    if isinstance(buckets, str) or not isinstance(buckets, Sequence) or not buckets:
        return "buckets must be a list of numbers", fix
    for bound in buckets:
        if isinstance(bound, bool) or not isinstance(bound, (int, float)) or not math.isfinite(bound):
            return "buckets must be finite numbers; the one for all the rest is added by itself", fix
    if any(low >= high for low, high in pairwise(buckets)):
        return "buckets must ascend, each larger than the one before", fix
    return None


def _rest_problem(text: object, across: object) -> Complaint:
    if text is not None and not isinstance(text, str):
        return "help must be a text", 'write help="Orders that were paid."'
    if across not in get_args(Across):
        return "across is unknown", f"write it as one of: {', '.join(get_args(Across))}"
    return None
