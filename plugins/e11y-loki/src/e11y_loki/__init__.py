"""Delivers events to Grafana Loki, or to any server that takes Loki's push API."""

from e11y_loki.adapter import LokiAdapter
from e11y_loki.plugin import LokiPlugin
from e11y_loki.settings import LokiSettings

__all__ = ["LokiAdapter", "LokiPlugin", "LokiSettings"]
