"""The settings of the plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs
from attrs.validators import gt

from e11y.severity import SeverityName
from e11y.units import byte_size, duration

_ALL: tuple[SeverityName, ...] = ("debug", "info", "success", "warn", "error", "fatal")


@attrs.frozen(eq=False)
class DlqSettings:
    """Table ``[tool.e11y.dlq]``.

    Args:
        directory: Where dead letters are kept; relative to where the process was started.
        max_size: Most bytes that all processes keep there together. Then new letters are refused.
        max_age_s: Letters are deleted this long after they were written.
        segment_size: A segment is finished at this size.
        segment_age_s: A segment is finished at this age.
        fsync: What is safe against a crash of the machine: each letter before it counts as kept
            (``"always"``), all but those of the last second, or what the system wrote by itself.
            Against a crash of the process everything always is.
        severities: Which records that an adapter gave up are kept.
        dropped_severities: Which events that a limit dropped are kept.
        ignore_events: Name patterns (``health.*``) of events that are never kept.
        ignore_reasons: First words of reasons (``invalid``, ``shed``) for which nothing is kept.
        predicate: Import path of a function ``(record, adapter, reason) -> bool`` that is asked last.
        log_refused: Whether a line a minute tells what these rules refused.
        storage: Where finished segments are moved, as a URL of fsspec: ``s3://bucket/prefix``.
        storage_options: What fsspec is given for it: keys, ``endpoint_url``, ...
        upload_timeout_s: Longest that the exit of the process waits for the last segment to be moved.
    """

    directory: str = ".e11y/dlq"
    max_size: int = byte_size("256MiB")
    max_age_s: float = duration("30d", validator=gt(0))
    segment_size: int = byte_size("8MiB")
    segment_age_s: float = duration("1h", validator=gt(0))
    fsync: Literal["always", "second", "never"] = "second"
    severities: tuple[SeverityName, ...] = _ALL
    dropped_severities: tuple[SeverityName, ...] = ("error", "fatal")
    ignore_events: tuple[str, ...] = ()
    ignore_reasons: tuple[str, ...] = ()
    predicate: str = ""
    log_refused: bool = False
    storage: str = ""
    storage_options: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    upload_timeout_s: float = duration("2s", validator=gt(0))
