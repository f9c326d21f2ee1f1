"""The plugin: counts requests, jobs and events toward objectives, and shows the sums."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from e11y import E11yError, Host, MetricFamily, Observe, Schema, ScopeReport, hookimpl
from e11y.journal import Journal
from e11y_slo import lint
from e11y_slo.exported import CATALOGUE
from e11y_slo.registration import SHOWN
from e11y_slo.results import Results
from e11y_slo.served import Served
from e11y_slo.settings import SloSettings
from e11y_slo.slo_file import SloFile

if TYPE_CHECKING:
    import click

_SETTLE_S = 0.25


class SloPlugin:
    """Counts what serves the users, and what they came for, before anything is dropped."""

    Settings = SloSettings

    def __init__(self, settings: SloSettings, host: Host) -> None:
        self.settings = settings
        self.journal = Journal()
        self.served = Served(settings, self.journal, self._notice)
        self.results = Results(self.journal, host, settings.limit, self._notice)
        self.file = SloFile(settings.file)
        self._host = host
        self._notices: deque[str] = deque(maxlen=100)

    @hookimpl
    def e11y_observe(self, schema: Schema) -> Observe | None:
        """Answer with a step for the types that have ``@slo``; the others pay nothing."""
        return self.results.observer(schema)

    @hookimpl
    def e11y_check(self, host: Host) -> Iterable[E11yError]:
        """Tell what is wrong with ``slo.yml``, and with it and the event types together."""
        document = self.file.document()
        found: list[E11yError] = []
        if document is not None:
            schemas = list(host.schemas())
            found.extend([*lint.misfits(document, schemas), *lint.strangers(document, schemas)])
        if self.settings.strict:
            return [*found, *lint.undeclared(host.schemas())]
        for problem in found:
            host.logger.warning("slo: %s", problem)
        return ()

    @hookimpl
    def e11y_scope_finished(self, report: ScopeReport) -> None:
        """Write down how a request or a job ended."""
        self.served.note(report)

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        """Show the sums, and have them added up."""
        host.every(_SETTLE_S, self._settle)
        if host.is_active("metrics"):  # it shows what e11y_collect tells
            SHOWN.hide()
        else:
            SHOWN.enter(self.e11y_collect)

    @hookimpl
    def e11y_collect(self) -> Iterable[MetricFamily]:
        """Tell what was counted until now."""
        self.journal.settle()
        with self.journal.lock:
            tallies = (*self.served.tallies, self.results.counts, self.results.seconds)
            return [tally.family() for tally in tallies]

    @hookimpl
    def e11y_forked(self) -> None:
        """Leave to the parent what was counted before."""
        self.journal.forget()
        self.served.forget()
        self.results.forget()
        self._notices.clear()

    @hookimpl
    def e11y_stopped(self) -> None:
        """Let another runtime show its numbers."""
        self._settle()
        SHOWN.leave(self.e11y_collect)

    @hookimpl
    def e11y_commands(self, group: click.Group) -> None:
        """Add ``e11y slo``."""
        from e11y_slo.commands import make_group  # noqa: PLC0415 - only the command line needs it

        group.add_command(make_group(self.settings, self.file, self._host))

    def _settle(self) -> None:
        self.journal.settle()
        while self._notices:
            self._host.logger.warning("slo: %s", self._notices.popleft())

    def _notice(self, label: str, values: int) -> None:
        limit = self.settings.limit
        metric = next(one.name for one in CATALOGUE if label in one.labels)
        what = f"label {label!r} of metric {metric!r}"
        if values <= limit:
            self._notices.append(f"{what} has {values} of {limit} values; further ones will become '[OTHER]'")
        else:
            self._notices.append(f"{what} is over its limit of {limit} values: further ones are '[OTHER]'")
