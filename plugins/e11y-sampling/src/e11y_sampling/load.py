"""Load: noticing that the process tracks more events than usual."""

from __future__ import annotations

from e11y_sampling.settings import LoadSettings
from e11y_sampling.tally import Tally


class Load:
    """Chooses a level by events a second.

    Up goes at once. Down goes when the load has been well below the level for a while, so that a load near a
    threshold does not switch to and fro.

    Attributes:
        level: 0: usual; n: the n-th of the settings.

    Args:
        settings: Levels.
        now: Seconds on a clock that never goes back.
    """

    def __init__(self, settings: LoadSettings, now: float) -> None:
        self.events = Tally(settings.window_s, now)
        self.level = 0
        self._settings = settings
        self._calm_since: float | None = None

    def update(self, now: float) -> float:
        """Return the highest rate that the load allows. Called about every second, by one thread."""
        self.events.read(now)
        events, seconds = self.events.recent()
        per_second = events / seconds if seconds else 0.0
        entered = self._level_of(per_second, 1.0)
        left = self._level_of(per_second, 1.0 - self._settings.hysteresis)
        if entered > self.level:
            self.level = entered
            self._calm_since = None
        elif left >= self.level:
            self._calm_since = None
        elif self._calm_since is None:
            self._calm_since = now
        if self._calm_since is not None and now - self._calm_since >= self._settings.settle_s:
            self.level = left
            self._calm_since = None
        return self._settings.levels[self.level - 1].rate if self.level else 1.0

    def _level_of(self, per_second: float, factor: float) -> int:
        return sum(per_second > level.above * factor for level in self._settings.levels)
