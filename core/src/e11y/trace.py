"""Trace context at the edges of the process: read from inbound headers, written to outbound ones.

Inside the process ids are integers (see ``context``); here they are text. Whatever comes in is
untrusted: it is bounded, its characters are checked, and what does not fit is ignored, never an error.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import quote, unquote

import attrs

from e11y.clock import Ids
from e11y.context import CURRENT, SAMPLED, SPAN_ID, TRACE_ID, Frame

Source = Literal["traceparent", "x-trace-id", "x-request-id", "x-correlation-id", "generated"]
"""Where a trace id came from: the name of the header, or ``generated``."""

LEGACY_HEADERS: Final[tuple[Source, ...]] = ("x-trace-id", "x-request-id", "x-correlation-id")
"""Headers asked for an id when there is no valid ``traceparent``, in this order."""

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX_ID = re.compile(r"[0-9a-f]{32}")
_LEGACY_ID = re.compile(r"[!-~]{1,200}")
_TRACESTATE = re.compile(r"[\t -~]{1,512}")
_BAGGAGE = re.compile(r"[\t -~]{1,8192}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_MAX_TRACEPARENT_CHARS = 512
_MAX_TRACESTATE_MEMBERS = 32
_MAX_BAGGAGE_BYTES = 8192
_MAX_BAGGAGE_MEMBERS = 180
_SAMPLED_BIT = 0x01


@attrs.frozen
class Trace:
    """The trace that a unit of work belongs to.

    Args:
        trace_id: 128 bits, never zero.
        span_id: Span of the caller, the parent of what happens here; 0 when there is none.
        sampled: The caller's decision; ``None`` when nobody decided.
        tracestate: W3C ``tracestate`` as it came, for passing on; it belongs to the vendors.
        baggage: The allowed entries of W3C ``baggage``, decoded.
        source: Where the trace id came from.
        parent_trace_id: Trace that started this job, which has a trace of its own; 0 when there is none.
    """

    trace_id: int
    span_id: int = 0
    sampled: bool | None = None
    tracestate: str = ""
    baggage: Mapping[str, str] = attrs.field(default=MappingProxyType({}), hash=False)
    source: Source = "generated"
    parent_trace_id: int = 0


def parse_traceparent(text: str) -> Trace | None:
    """Return what a ``traceparent`` header says, or ``None`` when it is not valid.

    Source: W3C Trace Context, 3.2 (format) and 4.3 (versions). Ids are lowercase hex and not all zero;
    version ``ff`` is refused; version ``00`` has exactly four parts; of a higher version the first four
    are read. ``sampled`` is bit 0 of the flags, whatever the other bits say.

    >>> parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").sampled
    True
    """
    if len(text) > _MAX_TRACEPARENT_CHARS:
        return None
    found = _TRACEPARENT.fullmatch(text)
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest is not None):
        return None
    trace, span = int(trace_id, 16), int(span_id, 16)
    if not trace or not span:
        return None
    return Trace(trace, span, sampled=bool(int(flags, 16) & _SAMPLED_BIT), source="traceparent")


def format_traceparent(trace_id: int, span_id: int, sampled: bool | None) -> str:
    """Return a version 00 ``traceparent`` (W3C Trace Context, 3.2).

    The flags are ``00`` only when ``sampled`` is exactly ``False``: undecided traces travel as sampled.
    """
    return f"00-{trace_id:032x}-{span_id:016x}-{'00' if sampled is False else '01'}"


def parse_legacy_id(text: str) -> int | None:
    """Return the trace id that an ``X-Request-ID`` or its like stands for, or ``None``.

    A UUID loses its dashes, 32 hex digits are taken as they are, any other id becomes the first 32 hex
    digits of its SHA-256, so that the outgoing ``traceparent`` is valid and the same for every hop.
    Refused: more than 200 characters, anything but visible ASCII, ids that come out as zero.
    """
    if not _LEGACY_ID.fullmatch(text):
        return None
    lowered = text.lower()
    if _UUID.fullmatch(lowered):
        lowered = lowered.replace("-", "")
    if not _HEX_ID.fullmatch(lowered):
        lowered = hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
    return int(lowered, 16) or None


def parse_tracestate(text: str) -> str:
    """Return ``tracestate`` untouched, or an empty text when it may not travel on.

    Source: W3C Trace Context, 3.3.1: at most 32 members; 512 characters must be kept, and more may be
    dropped. Anything but printable ASCII is refused, since it could not be sent as a header.
    """
    if not _TRACESTATE.fullmatch(text):
        return ""
    members = sum(1 for member in text.split(",") if member.strip())
    return text if 0 < members <= _MAX_TRACESTATE_MEMBERS else ""


def parse_baggage(text: str, keys: Collection[str]) -> dict[str, str]:
    """Return the entries of a ``baggage`` header whose key is in ``keys``, decoded.

    Source: W3C Baggage, 3.3 (format, percent-encoded UTF-8, invalid sequences become U+FFFD). Properties
    are not kept; of a repeated key the last one counts. A header over 8192 bytes or 180 members is
    dropped whole; a value with control characters is dropped alone.
    """
    if not keys or not _BAGGAGE.fullmatch(text):
        return {}
    members = text.split(",")
    if len(members) > _MAX_BAGGAGE_MEMBERS:
        return {}
    return {key: value for key, value in map(_baggage_member, members) if key in keys and not _CONTROL.search(value)}


def format_baggage(entries: Mapping[str, str]) -> str:
    """Return ``entries`` as a ``baggage`` header, or an empty text.

    Source: W3C Baggage, 3.3. Keys that are no token (RFC 7230, 3.2.6) are left out, and so is what goes
    beyond 8192 bytes or 180 members.
    """
    kept: list[str] = []
    used = -1
    for member in _baggage_members(entries):
        used += 1 + len(member)
        if used > _MAX_BAGGAGE_BYTES or len(kept) == _MAX_BAGGAGE_MEMBERS:
            break
        kept.append(member)
    return ",".join(kept)


def extract(
    headers: Mapping[str, str],
    *,
    legacy: bool = True,
    baggage_keys: Collection[str] = (),
    ids: Ids | None = None,
) -> Trace:
    """Return the trace that inbound ``headers`` ask for, or a new one.

    The first valid source wins: ``traceparent``, ``X-Trace-ID``, ``X-Request-ID``, ``X-Correlation-ID``,
    a generated id. No header can make this raise. Of a header given twice the first counts.

    Args:
        headers: Names in any case, values as text.
        legacy: Whether the three ``X-`` headers count.
        baggage_keys: Keys of ``baggage`` that may come in; all others are dropped.
        ids: Makes the generated id; ``None`` asks the operating system.
    """
    wanted = _wanted(headers)
    baggage = MappingProxyType(parse_baggage(wanted.get("baggage", ""), baggage_keys))
    parent = parse_traceparent(wanted.get("traceparent", ""))
    if parent is not None:
        # W3C Trace Context, 3.3: without a valid traceparent, tracestate must not be read at all.
        return attrs.evolve(parent, tracestate=parse_tracestate(wanted.get("tracestate", "")), baggage=baggage)
    for source in LEGACY_HEADERS if legacy else ():
        trace_id = parse_legacy_id(wanted.get(source, ""))
        if trace_id is not None:
            return Trace(trace_id, baggage=baggage, source=source)
    return Trace(ids.trace_id() if ids else secrets.randbits(128) or 1, baggage=baggage)


def inject(
    headers: MutableMapping[str, str],
    frame: Frame | None = None,
    *,
    ids: Ids | None = None,
) -> None:
    """Add ``traceparent``, ``tracestate`` and ``baggage`` to the headers of an outgoing call.

    A header that is already there, in any case, is never changed; beside a foreign ``traceparent`` no
    ``tracestate`` is added, because the two belong together. Without a trace only baggage is added.

    Args:
        headers: Of the outgoing request; changed in place.
        frame: The context to send; ``None`` takes the current one.
        ids: Makes a span id when the context has none; ``None`` asks the operating system.
    """
    frame = CURRENT.get() if frame is None else frame
    present = {name.lower() for name in headers}
    trace_id = frame.snapshot[TRACE_ID]
    if trace_id and "traceparent" not in present:
        span_id = frame.snapshot[SPAN_ID] or (ids.span_id() if ids else secrets.randbits(64) or 1)
        sampled = False if frame.snapshot[SAMPLED] == 0 else None
        headers["traceparent"] = format_traceparent(trace_id, span_id, sampled)
        if frame.tracestate and "tracestate" not in present:
            headers["tracestate"] = frame.tracestate
    if frame.baggage and "baggage" not in present:
        baggage = format_baggage(frame.baggage)
        if baggage:
            headers["baggage"] = baggage


HEADERS: Final = frozenset({"traceparent", "tracestate", "baggage", *LEGACY_HEADERS})
"""Lowercase names of all headers that ``extract`` reads."""


def _wanted(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that are read here, by lowercase name, without white space around the values."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        lowered = name.lower()
        if lowered in HEADERS:
            found.setdefault(lowered, value.strip(" \t"))
    return found


def _baggage_member(member: str) -> tuple[str, str]:
    key, _, rest = member.partition("=")
    value = rest.partition(";")[0].strip(" \t")
    return key.strip(" \t"), unquote(value, errors="replace")


def _baggage_members(entries: Mapping[str, str]) -> Iterator[str]:
    for key, value in entries.items():
        if _TOKEN.fullmatch(key):
            yield f"{key}={quote(value, safe='', errors='replace')}"
