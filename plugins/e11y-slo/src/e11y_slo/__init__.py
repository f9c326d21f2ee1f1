"""Service level objectives: counted exactly, with rules, tests and a dashboard made from them."""

from e11y_slo.option import slo
from e11y_slo.plugin import SloPlugin
from e11y_slo.settings import SloSettings

__all__ = ["SloPlugin", "SloSettings", "slo"]
