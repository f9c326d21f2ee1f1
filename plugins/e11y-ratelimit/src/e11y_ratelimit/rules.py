"""Which limits hold for an event type."""

from __future__ import annotations

import re
from collections.abc import Sequence

from e11y import Schema
from e11y_ratelimit.settings import EventRule


def event_rule(rules: Sequence[EventRule], schema: Schema) -> EventRule | None:
    """Return the most specific rule for an event type, of equals the first, or ``None``."""
    fitting = [rule for rule in rules if matches(rule.match, schema)]
    return max(fitting, key=lambda rule: _specificity(rule.match), default=None)


def matches(pattern: str, schema: Schema) -> bool:
    """Return whether ``pattern`` fits the whole name of an event, with or without its version.

    ``*`` stands for any characters, everything else for itself: ``order.*`` fits ``order.paid.v2``, and so do
    ``order.paid`` and ``order.paid.v2``.
    """
    regex = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    plain = schema.name.removesuffix(f".v{schema.version}")
    return any(regex.fullmatch(name) for name in (schema.name, plain))


def _specificity(pattern: str) -> tuple[bool, int]:
    return "*" not in pattern, len(pattern.replace("*", ""))
