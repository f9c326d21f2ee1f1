"""Error spikes: noticing that there are many more errors than usual."""

from __future__ import annotations

from e11y_sampling.settings import ErrorSpikeSettings
from e11y_sampling.tally import Tally

_LEARNING = 0.1
"""Share of a new window in the usual number (exponential moving average)."""


class ErrorSpike:
    """Compares the errors of the last window with those that are usual.

    The usual number is learned once for each window that closed, and not while a spike lasts: a baseline that
    every error moves would follow a spike and never notice it.

    Args:
        settings: Thresholds.
        now: Seconds on a clock that never goes back.
    """

    def __init__(self, settings: ErrorSpikeSettings, now: float) -> None:
        self.errors = Tally(settings.window_s, now)
        self.active = False
        self._settings = settings
        self._usual: float | None = None
        self._opened = (now, 0)
        self._until = 0.0

    def update(self, now: float) -> bool:
        """Return whether there is a spike. Called about every second, by one thread."""
        total = self.errors.read(now)
        if self.active and now < self._until:
            return True
        too_many = self._too_many()
        if too_many:
            self._until = now + self._settings.lasts_s
        if too_many or self.active:
            self._opened = (now, total)
        else:
            self._learn(now, total)
        self.active = too_many
        return too_many

    def _too_many(self) -> bool:
        settings = self._settings
        errors, seconds = self.errors.recent()
        per_minute = errors * 60 / max(seconds, settings.window_s)
        if per_minute > settings.per_minute:
            return True
        usual = self._usual
        return usual is not None and per_minute >= settings.minimum_per_minute and per_minute > settings.ratio * usual

    def _learn(self, now: float, total: int) -> None:
        opened, before = self._opened
        if now - opened < self._settings.window_s:
            return
        per_minute = (total - before) * 60 / (now - opened)
        self._usual = per_minute if self._usual is None else self._usual + _LEARNING * (per_minute - self._usual)
        self._opened = (now, total)
