"""The template plugin: a step that adds the customer's region, beside an adapter that posts to a URL."""

from e11y_example.plugin import ExamplePlugin, ExampleSettings
from e11y_example.webhook import WebhookAdapter, WebhookSettings

__all__ = ["ExamplePlugin", "ExampleSettings", "WebhookAdapter", "WebhookSettings"]
