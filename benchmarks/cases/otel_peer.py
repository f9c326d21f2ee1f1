"""The OpenTelemetry SDK's logs: ``Logger.emit`` through the batch processor into a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from benchmarks.case import Emitter
from benchmarks.workload import EVENT, Rows


@contextmanager
def batched(directory: Path) -> Iterator[Emitter]:
    """Default batch settings; the exporter writes the SDK's own JSON, so the network is left out."""
    sdk = import_module("opentelemetry.sdk._logs")
    export = import_module("opentelemetry.sdk._logs.export")
    severity = import_module("opentelemetry._logs").SeverityNumber.INFO
    time_ns = time.time_ns
    with (directory / "otel.jsonl").open("w") as file:
        exporter = export.ConsoleLogRecordExporter(file, formatter=lambda record: record.to_json(indent=None) + "\n")
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
