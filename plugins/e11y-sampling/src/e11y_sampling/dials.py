"""Dials: rates that may be turned while events pass."""

from __future__ import annotations

from e11y_sampling.odds import Odds, odds_of
from e11y_sampling.policy import Rate
from e11y_sampling.settings import SamplingSettings


class Dial:
    """Where a step reads the odds of one rate.

    Attributes:
        rate: As declared.
        odds: At the moment. Replaced as a whole, so a step needs no lock.
        fixed: Whether they never change.
    """

    __slots__ = ("fixed", "odds", "rate")

    def __init__(self, rate: Rate, odds: Odds, *, fixed: bool) -> None:
        self.rate = rate
        self.odds = odds
        self.fixed = fixed


class Dials:
    """All dials of a runtime, one for each rate.

    Args:
        settings: What parents mean, and whether load and spikes turn the dials.
    """

    def __init__(self, settings: SamplingSettings) -> None:
        self._settings = settings
        self._by_rate: dict[Rate, Dial] = {}
        self._cap = 1.0
        self._spike = False

    def of(self, rate: Rate) -> Dial:
        """Return the dial of a rate, the same one each time."""
        found = self._by_rate.get(rate)
        if found is None:
            found = self._by_rate[rate] = Dial(rate, self._odds(rate), fixed=self._is_fixed(rate))
        return found

    def turn(self, *, cap: float, spike: bool) -> None:
        """Turn every dial to what load and errors ask for."""
        if (cap, spike) != (self._cap, self._spike):
            self._cap, self._spike = cap, spike
            for dial in list(self._by_rate.values()):
                dial.odds = self._odds(dial.rate)

    def _odds(self, rate: Rate) -> Odds:
        return odds_of(rate, self._settings, cap=self._cap, spike=self._spike)

    def _is_fixed(self, rate: Rate) -> bool:
        if rate.share == 0.0:
            return True
        lifted = self._settings.error_spike.enabled and rate.share < 1.0
        lowered = self._settings.load.enabled and not rate.firm
        return not lifted and not lowered
