"""The runtime: owns everything between the event types and the adapters.

One is active per process at a time. Module-level functions of ``e11y`` act on it; a test activates its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from e11y import registry
from e11y.adapter import Adapter
from e11y.adapters import CORE_PLUGINS
from e11y.assembly import lane_settings, make_adapters, make_routing, resource, sees_originals
from e11y.checks.containers import text_bytes
from e11y.clock import Clock, Ids, SystemClock
from e11y.delivery.delivery import Delivery, FlushReport
from e11y.delivery.ledger import Ledger
from e11y.encode import encoder
from e11y.errors import ConfigError, E11yError, Problem
from e11y.event import Event, Variant, functions, unplug
from e11y.faults import LOGGER, Faults
from e11y.host import Fault, Receipt, ScopeReport
from e11y.hosting import RuntimeHost
from e11y.inlet import Inlet
from e11y.outcome import Outcome
from e11y.pipeline.compiler import Compiler, Wiring
from e11y.pipeline.idle import install_idle
from e11y.pipeline.placed import Placed
from e11y.pipeline.plan import Plan
from e11y.plugins import PluginSet, load
from e11y.record import Entry, Layout, Record
from e11y.rejections import Rejections
from e11y.schema import Schema
from e11y.scope_buffers import ScopeBuffers
from e11y.settings import Loaded, Settings
from e11y.settings import load as load_settings
from e11y.severity import SEVERITIES, Severity

_GENERATIONS = count()


class Runtime:
    """Everything of one configuration, from the plugins to the lanes.

    Args:
        settings: What ``configure`` was given; files and environment variables are read beside it.
        plugins: Further plugins, as objects, classes or names.
        adapters: Ready adapters by purpose name, instead of configured ones.
        clock, ids: Time and chance; tests pass their own.
        environ, directory: Where settings are read from; the process's own by default.
        event_types: What is compiled at activation; every known type by default. Others are compiled
            when they are first used.

    Raises:
        ConfigError: The settings or plugins cannot work; tells every problem found.
    """

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        *,
        plugins: Sequence[object] = (),
        adapters: Mapping[str, Adapter] | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
        environ: Mapping[str, str] | None = None,
        directory: Path | None = None,
        event_types: Iterable[type[Event]] | None = None,
    ) -> None:
        self.event_types = event_types
        self.loaded: Loaded = load_settings(
            settings, environ=os.environ if environ is None else environ, directory=directory or Path.cwd()
        )
        self.settings: Settings = self.loaded.settings
        self.clock: Clock = clock or SystemClock()
        self.ids = ids or Ids()
        self.generation = next(_GENERATIONS)
        self.faults = Faults(self.clock, self._tell_fault)
        self.plugins: PluginSet = load(self.loaded, partial(RuntimeHost, self), extra=plugins, core=CORE_PLUGINS)
        for broken in self.plugins.broken:
            LOGGER.error("%s", broken)
        self._given = adapters
        self.adapters: Mapping[str, Adapter] = MappingProxyType(self._own_adapters())
        self.layouts: list[Layout] = []
        self.delivery = Delivery(
            adapters=self.adapters,
            lane_settings=lane_settings(self.settings, self.adapters),
            layouts=self.layouts,
            clock=self.clock,
            ids=self.ids,
            memory_limit=self.settings.memory_limit,
            dead_letter=self._dead_letter,
            on_fault=self.faults.report,
            resource=resource(self.settings),
            originals=sees_originals(self.settings, self.adapters),
        )
        self.ledger: Ledger = self.delivery.ledger
        self._lines = {severity: Inlet(self.delivery.intake, self.ledger, severity) for severity in SEVERITIES}
        self.rejections = Rejections(
            self.plugins.implementations("e11y_dead_letter"),
            self._lines,
            self.ledger,
            self.faults,
            self.clock,
            raises=self.settings.raises_on_invalid,
        )
        self._resumes: dict[int, Callable[[Entry], Outcome]] = {}
        self.scopes = self._make_scopes()
        self.ledger.buffered = self.scopes.buffered
        self.compiler = Compiler(self._wiring(), self.generation)
        self.context_filters = self._context_filters()
        self.pid = os.getpid()
        encoder()  # imported here and now: a fork while a worker imports it would leave the child half a module
        self.state = "new"
        self.delivery_needed = True
        self.delivery.every(1.0, self.faults.tell)

    @classmethod
    def disabled(cls) -> Self:
        """Return a runtime that only counts: what is left when a start failed."""
        return cls({"enabled": False, "plugins": []}, adapters={}, environ={}, directory=Path(os.devnull).parent)

    # Life

    def compile_all(self, event_types: Iterable[type[Event]]) -> None:
        """Compile event types and put their code in place, also for severities that ``at()`` was asked for already.

        Every other variant is compiled when it is called: the adapters of a call may come from values.

        Raises:
            ConfigError: Some cannot work; tells the problems of all of them, and those that plugins find.
        """
        problems: list[E11yError] = []
        for event_type in event_types:
            try:
                self.compile(event_type)
                for variant in functions(event_type):
                    if variant and variant[1] is None:
                        self.compile(event_type, variant)
            except ConfigError as error:
                problems.append(error)
        problems.extend(problem for _, problem in self.problems())
        if problems:
            raise ConfigError.joined(problems)

    def problems(self) -> Iterator[tuple[str, E11yError]]:
        """Yield what plugins find wrong beside single event types, each with the name of the plugin."""
        for plugin, implementation in () if self.is_idle else self.plugins.implementations("e11y_check"):
            try:
                for problem in implementation(host=RuntimeHost(self, plugin)) or ():
                    yield plugin, problem
            except ConfigError as error:
                yield plugin, error
            except Exception as error:  # noqa: BLE001 - a plugin's own code may raise anything
                self.faults.report(plugin, "e11y_check", error)

    def compile(self, event_type: type[Event], variant: Variant = ()) -> None:
        """Put the code of one function in place: the compiled one, or the idle one of a disabled library.

        Raises:
            ConfigError: The type cannot work.
        """
        if self.is_idle:
            install_idle(event_type, variant, self.ledger.disabled.add, self.generation)
        else:
            self.compiler.compile(event_type, variant)

    @property
    def is_idle(self) -> bool:
        """Whether calls are only counted: the library is disabled or has been shut down."""
        return not self.settings.enabled or self.state == "stopped"

    def started(self) -> None:
        """Tell the plugins that events may come.

        Raises:
            ConfigError: A plugin cannot work with this configuration.
        """
        self.state = "started"
        for plugin, implementation in self.plugins.implementations("e11y_started"):
            try:
                implementation(host=RuntimeHost(self, plugin))
            except ConfigError:
                raise
            except Exception as error:  # noqa: BLE001
                self.faults.report(plugin, "e11y_started", error)

    def flush(self, timeout_s: float | None = None) -> FlushReport:
        """Deliver what is queued now; see :func:`e11y.flush`."""
        self.check_process()
        return self.delivery.flush(self._deadline(timeout_s))

    def shutdown(self, timeout_s: float | None = None) -> FlushReport:
        """Deliver what is queued, close the adapters, count what comes later as disabled. Once only."""
        self.check_process()
        if self.state == "stopped":
            return FlushReport(undelivered={}, seconds=0.0)
        self._tell_stopping()
        self.state = "stopped"
        for event_type in registry.all_types():
            unplug(event_type)  # from here on calls are counted as disabled, so that the last drain is the last
        report = self.delivery.shutdown(self._deadline(timeout_s))
        self.scopes.close()
        self.plugins.tell("e11y_stopped", self.faults.report)
        self.faults.tell(final=True)
        return report

    def check_process(self) -> None:
        """Notice that this is a forked child, also when C code forked without telling Python."""
        if os.getpid() != self.pid:
            self.after_fork_in_child()

    def after_fork_in_child(self) -> None:
        """Leave to the parent what is the parent's and begin anew."""
        self.pid = os.getpid()
        self.ids.reseed()
        self.scopes.forget()
        try:
            self.adapters = MappingProxyType(self._own_adapters())
        except Exception as error:  # noqa: BLE001 - the parent's objects are better than none
            self.faults.report("core", "making adapters in a forked child", error)
        self.delivery_needed = True
        self.delivery.after_fork_in_child(self.adapters)
        self.plugins.tell("e11y_forked", self.faults.report)

    def activate(self) -> Self:
        """Make this the active runtime of the process; see :mod:`e11y.active`."""
        from e11y import active  # noqa: PLC0415 - the process-wide part stands on this module

        active.activate(self)
        return self

    def deactivate(self) -> None:
        """Bring back the runtime that was active before, or none."""
        from e11y import active  # noqa: PLC0415

        active.deactivate(self)

    def __enter__(self) -> Self:
        return self.activate()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tell_stopping()  # while events still come here
        self.deactivate()
        self.shutdown()

    # What plugins and the command line ask

    def schemas(self) -> Iterator[Schema]:
        """Return the schema of every event type known by now, with the fields that enrichers add."""
        for event_type in registry.event_types():
            try:
                yield self.compiler.plan(event_type).schema
            except ConfigError as error:
                self.faults.report("core", f"schema of {event_type.__name__}", error)

    def submit(self, records: Sequence[Record], adapter: str) -> Receipt:
        """Hand replayed records to one adapter, past filters, sampling and limits.

        Returns:
            What becomes of them. None is taken once the runtime has stopped.

        Raises:
            ConfigError: No adapter of that name is configured.
        """
        self.check_process()
        if self.is_idle:
            return Receipt()
        self.delivery.start_threads()
        return self.delivery.submit(records, adapter)

    def filter_context(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the context values that may stay; a failing filter lets none through."""
        for plugin, context_filter in self.context_filters:
            try:
                values = context_filter(values)
            except Exception as error:  # noqa: BLE001
                self.faults.report(plugin, "context filter", error)
                return {}
        return values

    # Parts

    def _own_adapters(self) -> dict[str, Adapter]:
        if self._given is not None:
            return dict(self._given)
        return make_adapters(self.loaded, self.plugins, partial(RuntimeHost, self))

    def _make_scopes(self) -> ScopeBuffers:
        scope = self.settings.scope
        return ScopeBuffers(
            max_bytes=scope.buffer_bytes,
            max_records=scope.buffer_records,
            total_bytes=scope.total_bytes,
            flush_on_error=scope.flush_on_error,
            flush_on_statuses=frozenset(scope.flush_on_statuses),
            clock=self.clock,
            ids=self.ids,
            ledger=self.ledger,
            layouts=self.layouts,
            push=self._push,
            resumes=self._resumes,
            finished=self._scope_finished,
            failed=partial(self.faults.report, "core", "end of a scope"),
            check_process=self.check_process,
        )

    def _wiring(self) -> Wiring:
        settings = self.settings
        return Wiring(
            plugins=self.plugins,
            routing=make_routing(
                self.loaded,
                self.adapters,
                configured=self._given is not None or bool(settings.adapters),
                unknown=self._unknown_adapter,
            ),
            layouts=self.layouts,
            line_of=self._lines.__getitem__,
            clock=self.clock,
            ids=self.ids,
            tracked=self.ledger.tracked.add,
            unrouted=self.ledger.unrouted.add,
            withheld=self.ledger.filter_failed.add,
            dropped=self.rejections.dropped,
            keep=self.rejections.keep,
            fault=self._step_failed,
            refuse=self._refuse,
            resumes=self._resumes,
            scopes=self.scopes,
            resource=resource(self.settings),
            retention_s=settings.retention_s,
            buffers=settings.scope.debug_buffer,
            trigger=settings.scope.flush_severity,
            originals=bool(sees_originals(settings, self.adapters)),
            debug_checks=settings.debug_checks,
        )

    def _context_filters(self) -> list[tuple[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]]:
        found = []
        for plugin, implementation in self.plugins.implementations("e11y_filter_context"):
            context_filter = implementation(host=RuntimeHost(self, plugin))
            if context_filter is not None:
                found.append((plugin, context_filter))
        return found

    def _deadline(self, timeout_s: float | None) -> float:
        return self.clock.monotonic() + (self.settings.shutdown_timeout_s if timeout_s is None else timeout_s)

    # What compiled code and workers call

    def _push(self, layout: Layout, entry: Entry) -> Outcome:
        line = self._lines[layout.severity]
        if len(line.queue) > line.soft_limit and line.pressed():
            return Outcome.SHED
        line.push_long(entry, text_bytes(entry))
        return Outcome.ACCEPTED

    def _unknown_adapter(self, operation: str, words: str) -> None:
        self.ledger.plugin_counter("core.unknown_adapter").add()
        self.faults.report("core", operation, words)

    def _step_failed(self, placed: Placed, error: BaseException) -> None:
        self.faults.report(placed.plugin, f"{placed.hook} step", error)

    def _refuse(self, plan: Plan, severity: Severity, problems: list[Problem]) -> Outcome:
        schema = plan.schema
        return self.rejections.refuse(schema.name, schema.qualified_name, severity, problems)

    def _dead_letter(self, record: Record, adapter: str, reason: str) -> bool:
        return self.rejections.dead_letter(record, adapter, reason)

    def _scope_finished(self, report: ScopeReport) -> None:
        self.plugins.tell("e11y_scope_finished", self.faults.report, report=report)

    def _tell_stopping(self) -> None:
        from e11y import active  # noqa: PLC0415 - as in activate

        if self.state == "started" and active.is_active(self):
            self.state = "stopping"
            self.plugins.tell("e11y_stopping", self.faults.report)

    def _tell_fault(self, fault: Fault) -> None:
        def only_counted(plugin: str, hook: str, error: BaseException) -> None:
            del hook, error
            self.ledger.plugin_counter(f"{plugin}.error_hook_failed").add()

        self.plugins.tell("e11y_error", only_counted, fault=fault)
