"""What the library says about itself: the ledger, read when somebody looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.samples import Sample

from e11y import LedgerSnapshot
from e11y_metrics.shared_family import LabelNote, mark

Row = tuple[tuple[str, ...], float]


def ledger_metrics(snapshot: LedgerSnapshot) -> Iterator[Metric]:
    """Yield the metrics of one reading of the ledger. Label sets are constant."""
    yield _counter(
        "e11y_events_tracked",
        "Events that track() was called for, by what became of them; those under way are not among them.",
        ("result",),
        _results(snapshot),
    )
    yield _counter(
        "e11y_events_dropped",
        "Events that a sampler, a limit or a full debug buffer gave up.",
        ("reason",),
        [((reason,), amount) for reason, amount in snapshot.dropped.items()],
    )
    yield _gauge("e11y_buffer_size", "Events that wait for the preparer.", (), [((), snapshot.in_intake)])
    yield _gauge(
        "e11y_ephemeral_buffer_size", "Debug events that wait for their scope to end.", (), [((), snapshot.buffered)]
    )
    yield from _lane_metrics(snapshot)
    yield _counter(
        "e11y_dlq_saved",
        "Dead letters that were kept; adapter is empty for events that reached no lane.",
        ("adapter",),
        [
            *(((name,), lane.dead_lettered) for name, lane in snapshot.lanes.items()),
            (("",), snapshot.letters_kept),
        ],
    )
    yield _counter(
        "e11y_dlq_replayed",
        "Dead letters that entered the lane of an adapter once more.",
        ("adapter",),
        [((name,), lane.replayed) for name, lane in snapshot.lanes.items()],
    )
    yield _counter("e11y_dlq_lost", "Dead letters of such events that nobody kept.", (), [((), snapshot.letters_lost)])
    yield _counter(
        "e11y_plugin_events", "What plugins count for themselves.", ("plugin", "name"), _plugin_rows(snapshot.plugins)
    )


def _results(snapshot: LedgerSnapshot) -> Iterable[Row]:
    for result in ("routed", "invalid", "disabled", "filter_failed", "discarded", "unrouted", "shed"):
        yield (result,), getattr(snapshot, result)
    yield ("dropped",), sum(snapshot.dropped.values())


def _lane_metrics(snapshot: LedgerSnapshot) -> Iterator[Metric]:
    lanes = snapshot.lanes
    writes: list[Row] = []
    for name, lane in lanes.items():
        ends = (("delivered", lane.delivered), ("handed_over", lane.handed_over), ("dead_lettered", lane.dead_lettered))
        writes.extend(((name, status, ""), amount) for status, amount in ends)
        writes.extend(((name, "given_up", reason), amount) for reason, amount in lane.given_up.items())
    yield _counter(
        "e11y_adapter_writes",
        "Records that left the lane of an adapter; reason says why they were given up.",
        ("adapter", "status", "reason"),
        writes,
    )
    yield _counter(
        "e11y_retry_attempt",
        "Attempts after the first.",
        ("adapter",),
        [((name,), lane.retries) for name, lane in lanes.items()],
    )
    yield _gauge(
        "e11y_adapter_queue_size",
        "Records that wait in a lane or are being written.",
        ("adapter",),
        [((name,), lane.in_lane) for name, lane in lanes.items()],
    )
    yield _gauge(
        "e11y_adapter_queue_bytes",
        "Memory of these records.",
        ("adapter",),
        [((name,), lane.bytes_held) for name, lane in lanes.items()],
    )
    yield _gauge(
        "e11y_circuit_breaker_state",
        "0 closed, 1 half-open, 2 open.",
        ("adapter",),
        [((name,), lane.breaker) for name, lane in lanes.items()],
        across="max",
    )


def _plugin_rows(counts: Mapping[str, int]) -> Iterable[Row]:
    for counted, amount in counts.items():
        plugin, _, name = counted.partition(".")
        yield (plugin, name), amount


def _counter(name: str, text: str, labels: tuple[str, ...], rows: Iterable[Row]) -> Metric:
    return _metric(Metric(name, text, "counter"), f"{name}_total", labels, rows)


def _gauge(name: str, text: str, labels: tuple[str, ...], rows: Iterable[Row], *, across: str = "sum") -> Metric:
    return mark(_metric(Metric(name, text, "gauge"), name, labels, rows), across=across, limits={})


def _metric(metric: Metric, name: str, labels: tuple[str, ...], rows: Iterable[Row]) -> Metric:
    metric.samples.extend(Sample(name, dict(zip(labels, values, strict=True)), value) for values, value in rows)
    return mark(metric, limits={})


def label_metrics(notes: Iterable[LabelNote]) -> Iterator[Metric]:
    """Yield the metrics about labels."""
    rows = [(note.metric, note.label, note.values, note.overflow) for note in notes]
    labels = ("metric", "label")
    yield _counter(
        "e11y_cardinality_overflow",
        "Values that became '[OTHER]', because their label was over its limit.",
        labels,
        [((metric, label), overflow) for metric, label, _, overflow in rows],
    )
    yield _gauge(
        "e11y_cardinality_current",
        "Values of a label.",
        labels,
        [((metric, label), values) for metric, label, values, _ in rows],
        across="max",
    )
