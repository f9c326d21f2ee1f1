"""The five stations of an event: in fixed order, with fixed rights."""

from __future__ import annotations

from enum import StrEnum

TRUSTED_IN_SECURITY = frozenset({"pii", "audit"})
"""Plugins that may stand in the security zone without being named in ``trusted = [...]``."""


class Zone(StrEnum):
    """A station on the way of an event. Members are declared in the order events pass them."""

    PRE_PROCESSING = "pre_processing"
    SECURITY = "security"
    ROUTING = "routing"
    POST_PROCESSING = "post_processing"
    ADAPTERS = "adapters"

    @property
    def rights(self) -> str:
        """What a step of this zone may do, in one sentence."""
        return _RIGHTS[self]


_RIGHTS = {
    Zone.PRE_PROCESSING: "reads everything, adds declared fields",
    Zone.SECURITY: "reads everything, replaces or removes payload values; the payload is sealed after it",
    Zone.ROUTING: "reads the sealed event, counts it, keeps or drops it",
    Zone.POST_PROCESSING: "reads the sealed event, adds metadata",
    Zone.ADAPTERS: "reads the sealed event, chooses adapters and delivers",
}
