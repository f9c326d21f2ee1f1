"""The plugin: for which events it counts, keeps or drops."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from e11y import META, Annotate, Host, Observe, Sample, Schema, Severity, hookimpl
from e11y_sampling.dials import Dials
from e11y_sampling.load import Load
from e11y_sampling.policy import policy_of
from e11y_sampling.settings import SamplingSettings
from e11y_sampling.spike import ErrorSpike
from e11y_sampling.steps import make_step

if TYPE_CHECKING:
    import click

_UPDATE_S = 1.0


class SamplingPlugin:
    """Gives each event type a sampler of its own, or none where every event is kept."""

    Settings = SamplingSettings

    def __init__(self, settings: SamplingSettings, host: Host) -> None:
        self.settings = settings
        self._host = host
        self._random = host.random.random
        self._monotonic = host.clock.monotonic
        self._dials = Dials(settings)
        now = self._monotonic()
        self._spike = ErrorSpike(settings.error_spike, now) if settings.error_spike.enabled else None
        self._load = Load(settings.load, now) if settings.load.enabled else None

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        """Watch errors and load, where that is asked for."""
        if self._spike is not None or self._load is not None:
            host.every(_UPDATE_S, self.adapt)

    @hookimpl
    def e11y_observe(self, schema: Schema) -> Observe | None:
        """Count events for the load, and errors for the spike."""
        events = self._load.events.add if self._load is not None else None
        errors = self._spike.errors.add if self._spike is not None else None
        if errors is None:
            return None if events is None else Observe(events, needs=(), doc="counts events for the load")
        doc = "counts errors for the spike" + (", events for the load" if events else "")
        return Observe(_counting(events, errors), needs=(META.severity,), doc=doc)

    @hookimpl(after="ratelimit")
    def e11y_sample(self, schema: Schema) -> Sample | None:
        """Answer with the step of the type's rates."""
        policy = policy_of(schema, self.settings)
        if policy is None:
            return None
        return make_step(policy, self._dials.of, self._random, by_trace=self.settings.trace_consistent)

    @hookimpl
    def e11y_annotate(self, schema: Schema) -> Annotate | None:
        """Say ``sample_rate`` also where nothing is sampled; core says it where something is."""
        policy = policy_of(schema, self.settings)
        if policy is None or (not schema.audit and self.e11y_sample(schema) is not None):
            return None
        return Annotate({"sample_rate": 1.0}, doc=policy.words)

    @hookimpl
    def e11y_commands(self, group: click.Group) -> None:
        """Add ``e11y sampling``."""
        from e11y_sampling.commands import make_group  # noqa: PLC0415 - only the command line needs it

        group.add_command(make_group(self.settings, self._host))

    def adapt(self) -> None:
        """Turn the rates to errors and load; runs about every second."""
        now = self._monotonic()
        cap = self._load.update(now) if self._load is not None else 1.0
        spike = self._spike.update(now) if self._spike is not None else False
        self._dials.turn(cap=cap, spike=spike)


def _counting(events: Callable[[], int] | None, errors: Callable[[], int]) -> Callable[[Severity], None]:
    """Return what counts every event, and every error, also one that a call makes of an ordinary event."""
    critical = frozenset((Severity.ERROR, Severity.FATAL))
    if events is None:

        def count_errors(severity: Severity) -> None:
            if severity in critical:
                errors()

        return count_errors

    def count_both(severity: Severity) -> None:
        events()
        if severity in critical:
            errors()

    return count_both
