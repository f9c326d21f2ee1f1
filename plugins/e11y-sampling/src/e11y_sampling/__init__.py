"""Sampling: keeps a share of the events, and writes down which share."""

from e11y_sampling.options import Sampling, sample, sample_when
from e11y_sampling.plugin import SamplingPlugin
from e11y_sampling.settings import ErrorSpikeSettings, LoadLevel, LoadSettings, SamplingSettings, SeverityRates

__all__ = [
    "ErrorSpikeSettings",
    "LoadLevel",
    "LoadSettings",
    "Sampling",
    "SamplingPlugin",
    "SamplingSettings",
    "SeverityRates",
    "sample",
    "sample_when",
]
