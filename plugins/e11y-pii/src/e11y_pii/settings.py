"""The table ``[tool.e11y.pii]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs
from attrs.validators import gt

from e11y_pii.options import Scan

PatternName = Literal["email", "card", "ssn", "phone", "ipv4", "ipv6", "jwt", "iban"]
"""What the content scan knows by itself."""

ALL_PATTERNS: tuple[PatternName, ...] = ("email", "card", "ssn", "phone", "ipv4", "ipv6", "jwt", "iban")

ContextRule = Literal["mask", "hash", "partial", "redact", "allow"]
"""What may happen to a context value: the strategies of fields that make sense there."""


@attrs.frozen(eq=False)
class PiiSettings:
    r"""Table ``[tool.e11y.pii]``.

    Args:
        hash_key: Key of ``Hash``; better ``"${PII_HASH_KEY}"`` than the key itself.
        keys: Key names to filter beside the built-in ones; ``"=pin"`` stands for this very key alone.
        allow_keys: Keys that are never filtered by name, for example ``"token_count"``.
        context: Context key -> what happens to its value: ``mask``, ``hash``, ``partial``, ``redact``
            or ``allow``. Other context is filtered by key name and scanned.
        patterns: What the scan looks for.
        custom_patterns: Name -> regular expression that the scan looks for too. ``\d`` and ``\w`` stand
            for ASCII only.
        engine: What runs ``custom_patterns``: ``re``; ``re2``, which takes linear time whatever the
            pattern; ``auto``, which is ``re2`` where it is installed and the pattern allows it.
        scan: ``deferred`` scans texts on the preparer's thread; ``call`` while ``track()`` runs.
        max_depth: How deep structures are looked into; what lies below is filtered as a whole.
    """

    hash_key: str = attrs.field(default="", repr=False)
    keys: tuple[str, ...] = ()
    allow_keys: tuple[str, ...] = ()
    context: Mapping[str, ContextRule] = attrs.field(factory=dict)
    patterns: tuple[PatternName, ...] = ALL_PATTERNS
    custom_patterns: Mapping[str, str] = attrs.field(factory=dict)
    engine: Literal["auto", "re", "re2"] = "auto"
    scan: Scan = "deferred"
    max_depth: int = attrs.field(default=10, validator=gt(0))
