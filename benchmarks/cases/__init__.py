"""The cases: e11y, its yardsticks, its peers. This table is the only place that lists them.

A case imports what it measures only when it is opened, so that each process holds nothing but its own
subject and the yardsticks.
"""

from __future__ import annotations

from benchmarks.case import Case
from benchmarks.cases import (
    asgi,
    destinations,
    loguru_peer,
    numbers,
    otel_peer,
    ours,
    protected,
    stdlib_peer,
    structlog_peer,
    yardsticks,
)

_E11Y = ("e11y",)
_OTLP = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_OTEL_ASGI = ("opentelemetry.sdk", "opentelemetry.instrumentation.asgi")
_FOUR = ("e11y", "e11y_pii", "e11y_ratelimit", "e11y_sampling", "e11y_versioning")

CASES: dict[str, Case] = {
    case.name: case
    for case in (
        Case("loop", "the loop alone", yardsticks.loop),
        Case("empty", "empty function, same signature", yardsticks.empty),
        Case("floor", "floor: written by hand for this event", yardsticks.floor),
        Case("empty-keyword", "empty function, fields by keyword only", yardsticks.empty_keyword),
        Case("floor-keyword", "floor, fields by keyword only", yardsticks.floor_keyword),
        Case("e11y-track", "e11y track()", ours.track, _E11Y),
        Case("e11y-held", "e11y track(), consumer held back", ours.held, _E11Y),
        Case("e11y-unconcerned", "e11y + 5 plugins not concerned", ours.unconcerned, _E11Y),
        Case("e11y-concerned", "e11y + 5 plugins concerned", ours.concerned, _E11Y),
        Case("e11y-protected", "e11y + pii, ratelimit, sampling, versioning", protected.concerned, _FOUR),
        Case("e11y-opted-out", "e11y + the same four, opted out", protected.opted_out, _FOUR),
        Case("e11y-buffered", "e11y debug in a scope, buffered", ours.buffered, _E11Y),
        Case("e11y-disabled", "e11y disabled", ours.disabled, _E11Y),
        Case("e11y-invalid", "e11y invalid event, reported", ours.invalid, _E11Y),
        Case("e11y-file", "e11y into a file", destinations.file, ("e11y", "e11y_file")),
        Case("e11y-rotated", "e11y into a file, rotated and compressed", destinations.rotated, ("e11y", "e11y_file")),
        Case("e11y-loki", "e11y to Loki's push API", destinations.loki, ("e11y", "e11y_loki")),
        Case("e11y-asgi", "e11y-web around an ASGI application", asgi.quiet, ("e11y", "e11y_web")),
        Case("e11y-asgi-debug", "e11y-web, 20 debug events buffered", asgi.debugging, ("e11y", "e11y_web")),
        Case("e11y-counted", "e11y counter and histogram", numbers.ours, ("e11y", "e11y_metrics")),
        Case("structlog-filtered", "structlog below its level", structlog_peer.filtered, ("structlog", "orjson")),
        Case("structlog", "structlog, fastest documented", structlog_peer.emit, ("structlog", "orjson")),
        Case(
            "structlog-redacting",
            "structlog, redacting keys and texts",
            structlog_peer.redacting,
            ("structlog", "orjson"),
        ),
        Case("otel", "OpenTelemetry SDK, batch, file", otel_peer.batched, ("opentelemetry.sdk",)),
        Case("otel-otlp", "OpenTelemetry SDK, batch, OTLP over HTTP", otel_peer.posted, _OTLP),
        Case(
            "stdlib-orjson", "logging + python-json-logger (orjson)", stdlib_peer.orjson, ("pythonjsonlogger", "orjson")
        ),
        Case("stdlib", "logging + python-json-logger (json)", stdlib_peer.json, ("pythonjsonlogger",)),
        Case("loguru", "loguru, serialize=True", loguru_peer.serialized, ("loguru",)),
        Case("otel-asgi", "OpenTelemetry around an ASGI application", asgi.opentelemetry, _OTEL_ASGI),
        Case("otel-asgi-lean", "the same, without a span per message", asgi.leaner, _OTEL_ASGI),
        Case("prometheus-client", "prometheus-client's own calls", numbers.prometheus_client, ("prometheus_client",)),
    )
}
