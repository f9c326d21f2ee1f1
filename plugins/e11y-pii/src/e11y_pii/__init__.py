"""Keeps personal data out of what leaves the process.

from e11y_pii import Hash, Mask, pii

class OrderPaid(Event):
    order_id: str
    email: Annotated[str, Hash]
    note: str
"""

from e11y_pii.options import Allow, Hash, Mask, Partial, Redact, Truncate, pii
from e11y_pii.plugin import PiiPlugin
from e11y_pii.scanner import FILTERED
from e11y_pii.settings import PiiSettings

__all__ = [
    "FILTERED",
    "Allow",
    "Hash",
    "Mask",
    "Partial",
    "PiiPlugin",
    "PiiSettings",
    "Redact",
    "Truncate",
    "pii",
]
