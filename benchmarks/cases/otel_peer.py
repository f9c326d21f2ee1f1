"""The OpenTelemetry SDK's logs: ``Logger.emit`` through the batch processor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.case import Emitter
from benchmarks.sink import sink
from benchmarks.workload import EVENT, Rows


@contextmanager
def batched(directory: Path) -> Iterator[Emitter]:
    """Default batch settings; the exporter writes the SDK's own JSON, so the network is left out."""
    export = import_module("opentelemetry.sdk._logs.export")
    with (
        (directory / "otel.jsonl").open("w") as file,
        _emitting(export.ConsoleLogRecordExporter(file, formatter=_line)) as emitter,
    ):
        yield emitter


@contextmanager
def posted(directory: Path) -> Iterator[Emitter]:
    """Default batch settings; OTLP over HTTP, protobuf and gzip, to a local sink."""
    del directory
    otlp = import_module("opentelemetry.exporter.otlp.proto.http")
    exporter = import_module("opentelemetry.exporter.otlp.proto.http._log_exporter")
    with (
        sink() as url,
        _emitting(exporter.OTLPLogExporter(endpoint=f"{url}/v1/logs", compression=otlp.Compression.Gzip)) as emitter,
    ):
        yield emitter


def _line(record: Any) -> str:
    text: str = record.to_json(indent=None)
    return text + "\n"


@contextmanager
def _emitting(exporter: Any) -> Iterator[Emitter]:
    """Emit through the batch processor to ``exporter``."""
    sdk = import_module("opentelemetry.sdk._logs")
    export = import_module("opentelemetry.sdk._logs.export")
    severity = import_module("opentelemetry._logs").SeverityNumber.INFO
    time_ns = time.time_ns
    provider = sdk.LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(export.BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("benchmark")

    def run(rows: Rows) -> None:
        for order_id, customer_id, amount, currency in rows:
            logger.emit(
                timestamp=time_ns(),
                severity_number=severity,
                severity_text="INFO",
                event_name=EVENT,
                attributes={
                    "order_id": order_id,
                    "customer_id": customer_id,
                    "amount": amount,
                    "currency": currency,
                },
            )

    try:
        yield Emitter(run, drain=provider.force_flush)
    finally:
        provider.shutdown()
