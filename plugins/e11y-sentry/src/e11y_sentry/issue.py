"""A record as a Sentry event.

https://develop.sentry.dev/sdk/data-model/event-payloads/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from e11y import Record, Severity
from e11y_sentry.excerpt import excerpt, line_of
from e11y_sentry.option import SentryOption, field_of
from e11y_sentry.raised import Raised
from e11y_sentry.settings import SentrySettings
from e11y_sentry.stack import exception_values

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEVELS = {Severity.SUCCESS: "info", Severity.WARN: "warning"}
_MOST_TAG = 200
_MOST_MESSAGE = 8192
_ID_HALF = (1 << 64) - 1


def event_id(record: Record) -> str:
    """Return an id that follows from the record's own ids: what is sent twice, Sentry keeps once."""
    return f"{record.trace & _ID_HALF:016x}{record.span:016x}"


def make_issue(
    record: Record, raised: Sequence[Raised], rule: SentryOption, settings: SentrySettings
) -> dict[str, Any]:
    """Return the event that Sentry receives for ``record``, in plain JSON values.

    Args:
        record: With its trail.
        raised: The exceptions that were being handled, if any.
        rule: What the event type says.
        settings: What the adapter's table says.
    """
    line = line_of(record)
    payload: dict[str, Any] = line["payload"]
    context: dict[str, Any] = line.get("context", {})
    metadata: dict[str, Any] = line.get("metadata", {})
    event: dict[str, Any] = {
        "event_id": event_id(record),
        "timestamp": _moment(record),
        "level": _level(record),
        "platform": "python",
        "logger": "e11y",
        "logentry": {"formatted": _message(record, payload if settings.include_payload else {})},
        "fingerprint": _fingerprint(record, raised, rule, payload, metadata),
        "tags": _tags(record, {**context, **payload}, (*settings.tags, *rule.tags)),
        "contexts": _contexts(record, payload, metadata, settings),
    }
    if raised:
        event["exception"] = {"values": exception_values(raised, source_context=settings.source_context)}
    user = {("id" if key == "user_id" else key): _short(context[key]) for key in settings.user if key in context}
    if user:
        event["user"] = user
    crumbs = _breadcrumbs(record, settings)
    if crumbs:
        event["breadcrumbs"] = {"values": crumbs}
    return event


def _contexts(
    record: Record, payload: Mapping[str, Any], metadata: Mapping[str, Any], settings: SentrySettings
) -> dict[str, Any]:
    trace = {"trace_id": record.trace_id, "span_id": record.span_id}
    if record.parent_span_id is not None:
        trace["parent_span_id"] = record.parent_span_id
    about: dict[str, Any] = {"type": "e11y", "event_name": record.name, "version": record.version}
    if record.event_type:
        about["event_type"] = record.event_type
    if record.parent_trace_id is not None:
        about["parent_trace_id"] = record.parent_trace_id
    about.update({name: metadata[name] for name in ("sample_rate", "duration_ms") if name in metadata})
    contexts: dict[str, Any] = {"trace": trace, "e11y": about}
    if settings.include_payload and payload:
        # Not "extra": sentry-sdk cuts that to ten entries and Sentry itself calls it deprecated.
        contexts["payload"] = excerpt(payload, settings.max_payload_size)
    return contexts


def _breadcrumbs(record: Record, settings: SentrySettings) -> list[dict[str, Any]]:
    trail = [one for one in record.trail if one.severity >= settings.breadcrumb_severity]
    trail.sort(key=lambda one: one.time_ns)
    newest = trail[-settings.max_breadcrumbs :] if settings.max_breadcrumbs else []
    return [_breadcrumb(one, settings) for one in newest]


def _breadcrumb(record: Record, settings: SentrySettings) -> dict[str, Any]:
    payload = line_of(record)["payload"] if settings.include_payload else {}
    crumb: dict[str, Any] = {
        "type": "default",
        "category": record.name,
        "level": _level(record),
        "timestamp": _moment(record),
    }
    message = _text_of(payload, "error_message", "message")
    if message:
        crumb["message"] = message[: settings.max_breadcrumb_size]
    if payload:
        crumb["data"] = excerpt(payload, settings.max_breadcrumb_size)
    return crumb


def _fingerprint(
    record: Record,
    raised: Sequence[Raised],
    rule: SentryOption,
    payload: Mapping[str, Any],
    metadata: Mapping[str, Any],
) -> list[str]:
    if not rule.fingerprint:
        # A timed body that failed says so itself; it is all that is left of the exception in a dead letter.
        kind = f"{raised[0].module}.{raised[0].type}" if raised else _text_of(metadata, "exception_type")
        return [record.name, kind] if kind else [record.name]
    return [_part(part, payload) for part in rule.fingerprint]


def _part(part: str, payload: Mapping[str, Any]) -> str:
    field = field_of(part)
    return part if field is None else _short(payload.get(field, ""))


def _tags(record: Record, known: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    tags = {name: _short(known[name]) for name in names if isinstance(known.get(name), (str, int, float))}
    tags.update(event_name=_short(record.name), severity=str(record.severity))
    service = record.layout.resource.get("service")
    if service:
        tags["service"] = _short(service)
    return {name: value for name, value in tags.items() if value}


def _short(value: Any) -> str:
    """Return a value as the one short line that Sentry takes as a tag."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return " ".join(text.split())[:_MOST_TAG]


def _message(record: Record, payload: Mapping[str, Any]) -> str:
    return (_text_of(payload, "error_message", "message") or record.name)[:_MOST_MESSAGE]


def _text_of(values: Mapping[str, Any], *names: str) -> str:
    """Return the first text under one of ``names``, or an empty one."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _level(record: Record) -> str:
    return _LEVELS.get(record.severity, str(record.severity))


def _moment(record: Record) -> str:
    """Return the time of the event in microseconds, which is as fine as Sentry keeps it."""
    moment = _EPOCH + timedelta(microseconds=record.time_ns // 1000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
