"""Every hook of e11y, in the order of an event's life.

This file is the table of contents of the whole system. A plugin is a class whose instances implement
some of these functions, marked with ``@hookimpl``. Each pipeline hook is called once per event type, at
start, and answers with a step made for that type, or ``None``; the compiler turns all steps of a type
into one function. pluggy registers and checks plugins; it never runs an event.

A complete plugin:

    import attrs
    from e11y import Enrich, Host, Schema, hookimpl

    @attrs.frozen(eq=False)
    class RegionSettings:
        default: str = "eu"

    class RegionPlugin:
        '''Adds the customer's region to every event that names a customer.'''

        Settings = RegionSettings

        def __init__(self, settings: RegionSettings, host: Host) -> None:
            self.settings = settings

        @hookimpl
        def e11y_enrich(self, schema: Schema) -> Enrich | None:
            if "customer_id" not in schema.fields:
                return None
            return Enrich(self.region_of, needs=("customer_id",), adds={"region": str})

        def region_of(self, customer_id: str) -> str:
            prefix, _, rest = customer_id.partition("-")
            return prefix if rest else self.settings.default

    # pyproject.toml:  [project.entry-points.e11y]  region = "my_package:RegionPlugin"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

from e11y.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import click

    from e11y.adapter import AdapterType
    from e11y.errors import E11yError
    from e11y.host import Fault, Host, MetricFamily, ScopeReport
    from e11y.record import Record
    from e11y.schema import Schema
    from e11y.steps import Annotate, Enrich, Filter, Observe, Route, Sample

HOOK_API = 1
"""Version of this file. Arguments may be added; none is renamed or removed without a deprecation cycle."""

hookspec = pluggy.HookspecMarker("e11y")

ZONES: dict[str, Zone] = {
    "e11y_enrich": Zone.PRE_PROCESSING,
    "e11y_filter_context": Zone.SECURITY,
    "e11y_filter": Zone.SECURITY,
    "e11y_observe": Zone.ROUTING,
    "e11y_sample": Zone.ROUTING,
    "e11y_annotate": Zone.POST_PROCESSING,
    "e11y_route": Zone.ADAPTERS,
    "e11y_export": Zone.ADAPTERS,
    "e11y_dead_letter": Zone.ADAPTERS,
}
"""Zone of each pipeline hook. The other hooks are facts: they tell, nobody acts on their answer."""


@hookspec
def e11y_started(host: Host) -> None:
    """Tells that the runtime is configured.

    Called: once per start, after every plugin was made, before the first event is compiled.
    Args:
        host: What the plugin may use from now on.
    Returns: nothing.
    Errors: a raised ``ConfigError`` stops the start; anything else is reported as the plugin's fault.
    Example: register a collector for the ledger's counters.
    """


@hookspec
def e11y_check(host: Host) -> Iterable[E11yError] | None:
    """Tells what is wrong with what no event type shows by itself: a file of the plugin's own, types beside each other.

    Called: once per start, after the event types were compiled, before ``e11y_started``; and by ``e11y check`` and
        ``e11y doctor``, which start nothing. Must not send anything.
    Args:
        host: What the plugin may use; ``host.schemas()`` are all event types that are known.
    Returns: every problem, in three parts; nothing, or ``None``, when all is well.
    Errors: what is returned stops the start; an exception does too when it is a ``ConfigError``, else it is
        reported as the plugin's fault.
    Example: ``return [ConfigError("version is missing", where="slo.yml, line 1", fix="write  version: 1")]``
    """


@hookspec
def e11y_enrich(schema: Schema) -> Enrich | None:
    """Adds declared fields to the events of a type (zone 1, pre_processing).

    Called: once per event type, before any filter is asked.
    Args:
        schema: The event type as its author declared it, with the fields of earlier enrichers.
    Returns: an ``Enrich`` step, or ``None`` when the type does not concern the plugin.
    Errors: an exception stops the start; one raised by the step is isolated and counted, the fields stay absent.
    Example: ``return Enrich(self.region_of, needs=("customer_id",), adds={"region": str})``
    """


@hookspec
def e11y_filter_context(host: Host) -> Callable[[Mapping[str, Any]], Mapping[str, Any]] | None:
    """Protects context values when they are set (zone 2, security).

    Called: once per start; the returned function runs whenever context changes, never per event.
    Args:
        host: What the plugin may use.
    Returns: a function from the new values to those that may stay, or ``None``.
    Errors: an exception stops the start; one raised by the function drops the new values and is counted.
    Example: ``return lambda values: {k: v for k, v in values.items() if k != "password"}``
    """


@hookspec
def e11y_filter(schema: Schema) -> Filter | None:
    """Signs, masks or removes payload values (zone 2, security). The payload is sealed after it.

    Called: once per event type, after all enrichers.
    Args:
        schema: The event type with the fields that enrichers add.
    Returns: a ``Filter`` step, or ``None``.
    Errors: an exception stops the start; one raised by the step withholds the record (fails closed).
        Only trusted plugins may answer: e11y-pii, e11y-audit, and those named in ``trusted = [...]``.
    Example: ``return Filter({"email": mask})``
    """


@hookspec
def e11y_observe(schema: Schema) -> Observe | None:
    """Sees every accepted event once, before anything is dropped (zone 3, routing).

    Called: once per event type; the step runs on the caller, also for buffered debug events.
    Args:
        schema: The event type as it is after zone 2.
    Returns: an ``Observe`` step, a function whose parameters name what it reads, or ``None``.
    Errors: an exception stops the start; one raised by the step is isolated and counted.
    Example: ``return Observe(self.orders.inc, needs=())``
    """


@hookspec
def e11y_sample(schema: Schema) -> Sample | None:
    """Keeps or drops events (zone 3, routing).

    Called: once per event type; never for audit types. The step does not run for buffered debug events.
    Args:
        schema: The event type as it is after zone 2.
    Returns: a ``Sample`` step, a function whose parameters name what it reads, or ``None``.
    Errors: an exception stops the start; one raised by the step is counted and the event is kept.
    Example: ``return Sample(lambda amount: 1.0 if amount > 100 else TOO_SMALL)``
    """


@hookspec
def e11y_annotate(schema: Schema) -> Annotate | None:
    """Adds metadata (zone 4, post_processing).

    Called: once per event type.
    Args:
        schema: The event type as it is after zone 2.
    Returns: an ``Annotate`` step, a function whose parameters name what it reads, or ``None``. Constants cost
        nothing per event.
    Errors: an exception stops the start; one raised by the step is isolated and counted.
    Example: ``return Annotate({"v": schema.version})``
    """


@hookspec
def e11y_route(schema: Schema) -> Route | tuple[str, ...] | None:
    """Chooses adapters (zone 5, adapters). Answers of all plugins are united; explicit adapters win over them.

    Called: once per event type that names no adapters itself.
    Args:
        schema: The event type as it is after zone 2.
    Returns: adapter names that hold for the whole type, a ``Route`` step, a function whose parameters name what
        it reads, or ``None``.
    Errors: an exception or an unknown name stops the start; a step's exception is isolated and counted.
    Example: ``return ("archive",) if schema.retention_s > 86400 * 365 else None``
    """


@hookspec
def e11y_export() -> AdapterType | None:
    """Offers a kind of adapter (zone 5, adapters).

    Called: once per start.
    Args: none.
    Returns: an ``AdapterType``; settings then may say ``type = "<its name>"``.
    Errors: an exception, or a name that another plugin offers too, stops the start.
    Example: ``return AdapterType(name="loki", settings=LokiSettings, make=LokiAdapter)``
    """


@hookspec
def e11y_dead_letter(record: Record, adapter: str, reason: str) -> bool | None:
    """Keeps a record that could not be delivered (zone 5, adapters).

    Called: on a worker thread, for each record that an adapter gave up, a limit dropped or a check refused.
    Args:
        record: Filtered; an invalid event's record holds names, types and reasons, no values.
        adapter: Purpose name, or an empty text when no adapter was reached.
        reason: A short text, for example ``"rejected: entry too old"``.
    Returns: ``True`` once the record is safe; then the ledger counts it as dead-lettered.
    Errors: an exception is reported, the next plugin is asked, and the record counts as given up if none keeps it.
    Example: ``self.segment.append(record, adapter, reason); return True``
    """


@hookspec
def e11y_scope_finished(report: ScopeReport) -> None:
    """Tells how a scope ended.

    Called: once per scope, at its true end, on the thread that ended it; must not block.
    Args:
        report: Duration, trigger and the counts of its debug records.
    Returns: nothing.
    Errors: isolated and counted.
    Example: ``self.requests.labels(report.name).observe(report.duration_ns / 1e9)``
    """


@hookspec
def e11y_error(fault: Fault) -> None:
    """Tells that something of e11y or of a plugin failed behind the application's back.

    Called: at most once a minute per cause.
    Args:
        fault: Facts only, never values.
    Returns: nothing.
    Errors: isolated and counted, never reported again.
    Example: ``self.faults.labels(fault.source).inc(fault.count)``
    """


@hookspec
def e11y_collect() -> Iterable[MetricFamily] | None:
    """Tells the metrics that the plugin counts by itself.

    Called: whenever somebody looks, for example when Prometheus scrapes; on that thread, perhaps on several at
        once. Which plugin shows them is no concern of the one that counts.
    Args: none.
    Returns: each family with the numbers of this process since it started, or was forked.
    Errors: isolated and counted; the families of the other plugins are shown.
    Example: ``return [MetricFamily("jobs_total", "counter", "Jobs that ended.", ("status",), {("success",): (3,)})]``
    """


@hookspec
def e11y_commands(group: click.Group) -> None:
    """Adds commands to the command line ``e11y``.

    Called: when the command line starts; the runtime is not started by it.
    Args:
        group: The top-level click group.
    Returns: nothing.
    Errors: an exception leaves the plugin's commands out and is told on stderr.
    Example: ``group.add_command(dlq)``
    """


@hookspec
def e11y_forked() -> None:
    """Tells that this is a forked child: what was counted, opened or started belongs to the parent.

    Called: in the child, before its first event, on its only thread. Threads of the plugin do not exist here,
        and locks that they held are never released. Must not block.
    Args: none.
    Returns: nothing.
    Errors: isolated and counted.
    Example: forget counts that were not told yet; the parent tells them.
    """


@hookspec
def e11y_stopping() -> None:
    """Tells that the runtime is about to stop: the last moment to track an event.

    Called: at most once per start, on the thread that stops the runtime, before the last events are
        delivered. Not called for a runtime that is not the active one. Must not block.
    Args: none.
    Returns: nothing.
    Errors: isolated and counted.
    Example: track what was only summed up so far.
    """


@hookspec
def e11y_stopped() -> None:
    """Tells that the runtime stopped.

    Called: once per start, after the last batch was written and every adapter was closed.
    Args: none.
    Returns: nothing.
    Errors: isolated and counted.
    Example: close a file.
    """
