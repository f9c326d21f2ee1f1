"""Prometheus metrics from events: exact whatever is sampled away, bounded whatever labels hold."""

from e11y_metrics.cardinality import LabelReport, cardinality
from e11y_metrics.definition import Tag, tag
from e11y_metrics.direct import metrics
from e11y_metrics.exposition import make_asgi_app, make_wsgi_app, push, registry, start_http_server
from e11y_metrics.option import counter, gauge, histogram
from e11y_metrics.plugin import MetricsPlugin
from e11y_metrics.relabel import path_template, status_class
from e11y_metrics.settings import MetricsSettings

__all__ = [
    "LabelReport",
    "MetricsPlugin",
    "MetricsSettings",
    "Tag",
    "cardinality",
    "counter",
    "gauge",
    "histogram",
    "make_asgi_app",
    "make_wsgi_app",
    "metrics",
    "path_template",
    "push",
    "registry",
    "start_http_server",
    "status_class",
    "tag",
]
