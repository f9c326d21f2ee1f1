"""The labels of streams: constants of the process, beside the name and the severity of the event.

Each set of label values is a stream of its own, and Loki pays for each: a label whose value differs from
event to event breaks the server. So nothing of an event but its name and its severity becomes a label.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from e11y import ConfigError, E11yError, Severity

NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
"""What Loki accepts as the name of a label (Prometheus data model)."""

LEVELS: Final[Mapping[Severity, str]] = MappingProxyType(
    {
        Severity.DEBUG: "debug",
        Severity.INFO: "info",
        Severity.SUCCESS: "info",
        Severity.WARN: "warn",
        Severity.ERROR: "error",
        Severity.FATAL: "fatal",
    }
)
"""Value of the label ``level``: Grafana colours by it (Grafana, "Logs panel", log level) and knows no ``success``.

It follows from the severity, so it makes no stream of its own.
"""

OWN: Final = ("event_name", "severity", "level")
"""Labels that the adapter sets for each stream."""

MOST_LABELS: Final = 15
MOST_NAME_BYTES: Final = 1024
MOST_VALUE_BYTES: Final = 2048
"""Defaults of Loki's ``limits_config``: ``max_label_names_per_series``, ``max_label_name_length`` and
``max_label_value_length``."""

_PER_EVENT: Final = frozenset(
    {
        "context",
        "metadata",
        "parent_span_id",
        "parent_trace_id",
        "payload",
        "request_id",
        "session_id",
        "span_id",
        "timestamp",
        "trace_id",
        "user_id",
    }
)
_PLACEHOLDER: Final = re.compile(r"[{}]|\$\w|%\(")


def process_labels(given: Mapping[str, str], *, service: str, environment: str) -> dict[str, str]:
    """Return the labels that all streams of the process share.

    Args:
        given: Labels of the settings.
        service: Becomes ``service_name`` unless that is given.
        environment: Becomes ``environment`` unless that is given; only once a service is named, as in the lines.

    Raises:
        ConfigError: Loki would refuse a label, or it is meant to take a value per event. All are told.
    """
    known = {"service_name": service, "environment": environment} if service else {}
    labels = {**known, **given}
    problems: list[E11yError] = [
        ConfigError(f"label {name!r} {trouble}", fix=fix)
        for name, value in labels.items()
        for trouble, fix in [_trouble_of(name, value)]
        if trouble
    ]
    if len(labels) + len(OWN) > MOST_LABELS:
        problems.append(
            ConfigError(
                f"{len(labels) + len(OWN)} labels are more than the {MOST_LABELS} that Loki takes for one stream",
                fix=f"keep at most {MOST_LABELS - len(OWN)}, beside {', '.join(OWN)}, which the adapter sets",
            )
        )
    if problems:
        raise ConfigError.joined(problems)
    return labels


def stream_labels(shared: Mapping[str, str], name: str, severity: Severity) -> dict[str, str]:
    """Return the labels of one stream."""
    return {**shared, "event_name": name, "severity": str(severity), "level": LEVELS[severity]}


def _trouble_of(name: str, value: str) -> tuple[str, str]:
    """Return what is wrong with a label and the cure, or two empty texts."""
    if name in OWN:
        return "is set by the adapter, from each event", "remove it from labels"
    if name in _PER_EVENT:
        return (
            "would take another value for each event",
            "remove it; a context value can be named in structured_metadata",
        )
    if not NAME.fullmatch(name) or name.startswith("__"):
        return "is no name for a label", "use letters, digits and '_', no digit first, not '__' first"
    if len(name) > MOST_NAME_BYTES:
        return f"has a name longer than {MOST_NAME_BYTES} bytes", "shorten it"
    if not value:
        return "has no value", "give it one, or remove it"
    if len(value.encode("utf-8", "replace")) > MOST_VALUE_BYTES:
        return f"has a value longer than {MOST_VALUE_BYTES} bytes", "shorten it"
    if _PLACEHOLDER.search(value):
        return "has a placeholder in its value", "labels are constants: write the value itself"
    return "", ""
