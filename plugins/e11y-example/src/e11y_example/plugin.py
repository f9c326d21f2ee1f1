"""The plugin: what it offers to core, and for which events."""

from __future__ import annotations

import attrs

from e11y import AdapterType, Enrich, Host, Schema, hookimpl
from e11y_example.webhook import WebhookAdapter, WebhookSettings


@attrs.frozen(eq=False)
class ExampleSettings:
    """Table ``[tool.e11y.example]``.

    Args:
        home_region: Region of customers whose id does not name one.
    """

    home_region: str = "eu"


class ExamplePlugin:
    """Adds ``region`` to every event that has a ``customer_id``; offers the adapter type ``example``."""

    Settings = ExampleSettings

    def __init__(self, settings: ExampleSettings, host: Host) -> None:
        del host  # clock, counters and a logger, for plugins that need them
        self.settings = settings

    @hookimpl
    def e11y_enrich(self, schema: Schema) -> Enrich | None:
        """Answer with a step for the events it concerns; the others pay nothing."""
        customer = schema.fields.get("customer_id")
        if customer is None or customer.type is not str or "region" in schema.fields:
            return None
        return Enrich(self.region_of, needs=("customer_id",), adds={"region": str})

    @hookimpl
    def e11y_export(self) -> AdapterType:
        """Let settings say ``type = "example"``."""
        return AdapterType(name="example", settings=WebhookSettings, make=WebhookAdapter)

    def region_of(self, customer_id: str) -> str:
        """Return ``us`` for ``us-1042``, and the home region for ``1042``."""
        region, dash, _ = customer_id.partition("-")
        return region if dash else self.settings.home_region
