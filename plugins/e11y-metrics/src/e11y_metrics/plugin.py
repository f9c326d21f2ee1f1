"""The plugin: observes events, keeps the sums, shows them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import Metric
from prometheus_client.registry import Collector

from e11y import ConfigError, Host, Observe, Schema, hookimpl, start_thread
from e11y_metrics.ledger_metrics import label_metrics, ledger_metrics
from e11y_metrics.meter import Meter
from e11y_metrics.plugin_metrics import NameTaken, metric_of
from e11y_metrics.process import enter, leave
from e11y_metrics.settings import MetricsSettings

if TYPE_CHECKING:
    import click

    from e11y_metrics.share import Share

_SETTLE_S = 0.25


class _Collector:
    """Shows the metrics of one runtime, of its other plugins and of its ledger to prometheus-client."""

    def __init__(self, meter: Meter, host: Host) -> None:
        self._meter = meter
        self._host = host

    def collect(self) -> Iterable[Metric]:
        own = self._meter.collect()
        yield from own
        taken = {metric.name for metric in own}
        for family in self._host.families():
            try:
                metric = metric_of(family)
            except Exception as error:  # noqa: BLE001 - one family that is no family would cost the whole scrape
                self._host.fault(f"showing {family.name} of a plugin", error)
                continue
            if metric.name in taken:  # a name that is exposed twice would cost the whole scrape
                self._host.fault(f"showing {family.name} of a plugin", NameTaken())
                continue
            taken.add(metric.name)
            yield metric
        yield from label_metrics(self._meter.labels())
        yield from ledger_metrics(self._host.ledger())


class MetricsPlugin:
    """Adds every accepted event to the metrics of its type, before anything is dropped."""

    Settings = MetricsSettings

    def __init__(self, settings: MetricsSettings, host: Host) -> None:
        self.meter = Meter(settings, host)
        self.collector: Collector = _Collector(self.meter, host)
        self.share = self._make_share(settings)
        self.ended = False
        self._settings = settings
        self._host = host
        self._writing = threading.Lock()

    def _make_share(self, settings: MetricsSettings) -> Share | None:
        if settings.directory is None:
            return None
        try:
            from e11y_metrics.share import Share  # noqa: PLC0415 - locks of files, which not every system has
        except ImportError as error:
            raise ConfigError(
                f"processes cannot share their metrics on this system: {error}",
                where="[tool.e11y.metrics] directory",
                fix="remove it, and let each process be scraped by itself",
            ) from None
        return Share(Path(settings.directory), self.collector.collect, self.meter.labels)

    @hookimpl
    def e11y_observe(self, schema: Schema) -> Observe | None:
        """Answer with a step for the types that declare metrics; the others pay nothing."""
        return self.meter.observer(schema)

    @hookimpl
    def e11y_check(self, host: Host) -> Iterable[ConfigError]:
        """Tell which metrics of event types have the name of one that another plugin counts."""
        return self.meter.reserve({family.name: f"plugin {family.plugin!r}" for family in host.families()})

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        """Show the metrics, and have them added up."""
        self.ended = False
        enter(self)
        host.every(_SETTLE_S, self._settle)
        if self.share is not None:
            host.every(self._settings.interval_s, self._share_soon)

    @hookimpl
    def e11y_forked(self) -> None:
        """Leave to the parent what was counted before."""
        self._writing = threading.Lock()
        self.meter.forget()
        if self.share is not None:
            self.share.forget()

    @hookimpl
    def e11y_stopped(self) -> None:
        """Leave the last numbers to the other processes."""
        self.ended = True
        self._settle()
        if self.share is not None:
            self._guarded("sharing the last numbers", self.share.finish)
        leave(self)

    @hookimpl
    def e11y_commands(self, group: click.Group) -> None:
        """Add ``e11y metrics``."""
        from e11y_metrics.commands import make_group  # noqa: PLC0415 - only the command line needs it

        group.add_command(make_group(self._host))

    def _settle(self) -> None:
        self.meter.journal.settle()
        while self.meter.notices:
            self._host.logger.warning("metrics: %s", self.meter.notices.popleft())

    def _share_soon(self) -> None:
        """Write on a thread of its own: the one that calls this must not wait for a disk."""
        start_thread(self._write_share, name="e11y-metrics share")

    def _write_share(self) -> None:
        if self.share is not None and self._writing.acquire(blocking=False):
            try:
                self._guarded("sharing numbers with other processes", self.share.write)
            finally:
                self._writing.release()

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a full disk must not end anything
            self._host.fault(what, error)
