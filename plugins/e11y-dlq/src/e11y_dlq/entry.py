"""An entry: one line of a segment, as it is written and as it is read.

    {"format":1,"failures":     1,"failed_ns":...,"reason":"expired: ...      ","crc32":"...",...,"record":{...}}

It is JSON. The record stands at its end in exactly the bytes that were to be sent. What stands before the
checksum has a fixed width, so that a replay that fails writes over it in place; whatever part of that
arrives on the disk, the line stays JSON. The checksum is that of everything behind it: a letter that was
damaged on the disk is never sent. A line that begins with a space is an entry that was removed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from zlib import crc32

from e11y import Record, Severity
from e11y.context import EMPTY, FIRST_KEY, PARENT_SPAN_ID, PARENT_TRACE_ID, SAMPLED, SPAN_ID, TRACE_ID, extended
from e11y_dlq.letter import Letter

FORMAT: Final = 1

REMOVED: Final = b" "
"""First byte of what is no entry any more."""

_SPENT = re.compile(rb'"failures":(?P<failures> *\d+),"failed_ns":(?P<failed_ns> *\d+),"reason":"(?P<reason>[^"]*)"')
_SEAL = re.compile(rb',"crc32":"(?P<crc32>[0-9a-f]{8})"')
_RECORD = b',"record":'
_WIDTH_OF_REASON = 120
_LONGEST_REASON = 500
_IDS = {"trace_id": TRACE_ID, "span_id": SPAN_ID, "parent_span_id": PARENT_SPAN_ID, "parent_trace_id": PARENT_TRACE_ID}
_OF_THE_LINE = frozenset(("timestamp", "severity", "event_name", *_IDS, "payload", "context", "metadata"))
_UNDECIDED: Final = EMPTY[SAMPLED]


class Unreadable(Exception):
    """A line is no entry: torn, damaged, or of another format.

    Args:
        foreign: Whether it is whole, but of a format that this version does not know.
    """

    def __init__(self, *, foreign: bool = False) -> None:
        super().__init__()
        self.foreign = foreign


def line_of(record: Record, adapter: str, reason: str, failed_ns: int) -> bytes:
    """Return the entry of a record, with its line end.

    Args:
        record: As the adapter would have received it.
        adapter: Purpose name, or an empty text.
        reason: Why it was given up.
        failed_ns: When, nanoseconds since 1970-01-01 UTC.

    Raises:
        TypeError: The record has no JSON.
    """
    sent = record.encoded()
    facts: dict[str, Any] = {"first_failed_ns": failed_ns, "adapter": adapter, **_facts(record)}
    if record.trail:
        facts["trail"] = [{**_facts(one), "record": json.loads(one.encoded())} for one in record.trail]
    facts["record_bytes"] = len(sent)
    spent = _spent(1, failed_ns, _printable(reason)[:_LONGEST_REASON].ljust(_WIDTH_OF_REASON))
    rest = b"".join((b",", _json(facts)[1:-1], _RECORD, sent, b"}"))
    return b'{"format":%d,%b,"crc32":"%08x"%b\n' % (FORMAT, spent, crc32(rest), rest)


def read(line: bytes, entry_id: str) -> tuple[Letter, bytes]:
    """Return the letter that a line holds, and the bytes of its record.

    Args:
        line: With its line end.
        entry_id: Of the letter.

    Raises:
        Unreadable: It is none.
    """
    try:
        facts = json.loads(line)
        if facts["format"] != FORMAT:
            raise Unreadable(foreign=True)
        sealed = _SEAL.search(line)
        if sealed is None or int(sealed["crc32"], 16) != crc32(line[sealed.end() : -1]):
            raise Unreadable
        start = len(line) - len(b"}\n") - facts["record_bytes"]
        letter = _letter(facts, entry_id)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable from None
    return letter, line[start : -len(b"}\n")]


def spent_again(line: bytes, failures: int, failed_ns: int, reason: str) -> tuple[int, bytes]:
    """Return what to write over a line whose replay failed: offset in the line, bytes.

    Args:
        line: The entry as it is.
        failures: How often it was given up, this time included.
        failed_ns: When it was given up this time.
        reason: Why; as much of it as there is room for.

    Raises:
        Unreadable: The line is no entry.
    """
    found = _SPENT.search(line)
    if found is None:
        raise Unreadable
    width = len(found["reason"])
    return found.start(), _spent(failures, failed_ns, _printable(reason)[:width].ljust(width))


def _spent(failures: int, failed_ns: int, reason: str) -> bytes:
    counted = min(failures, 999_999)
    return b'"failures":%6d,"failed_ns":%19d,"reason":"%b"' % (counted, failed_ns, reason.encode("ascii"))


def _printable(reason: str) -> str:
    """Return a reason without anything that JSON escapes, so that its length in a line is known."""
    plain = reason.encode("ascii", "replace").decode("ascii").translate({ord('"'): "'", ord("\\"): "/"})
    return "".join(char if char.isprintable() else " " for char in plain)


def _facts(record: Record) -> dict[str, Any]:
    """Return what the line of a record does not say."""
    snapshot = record.snapshot
    scope: dict[str, Any] = {key: f"{snapshot[at]:x}" for key, at in _IDS.items() if snapshot[at]}
    if snapshot[SAMPLED] != _UNDECIDED:
        scope["sampled"] = snapshot[SAMPLED]
    return {"event_type": record.event_type, "version": record.version, "time_ns": record.time_ns, "scope": scope}


def _letter(facts: Mapping[str, Any], entry_id: str) -> Letter:
    return Letter(
        id=entry_id,
        adapter=facts["adapter"],
        reason=facts["reason"].rstrip(),
        failures=facts["failures"],
        first_failed_ns=facts["first_failed_ns"],
        failed_ns=facts["failed_ns"],
        trail=tuple(_trail_record(one) for one in facts.get("trail", ())),
        **_occurrence(facts),
    )


def _trail_record(facts: Mapping[str, Any]) -> Record:
    given = _occurrence(facts)
    trace, span = int(given.pop("trace_id"), 16), int(given.pop("span_id"), 16)
    snapshot = extended(given.pop("scope"), given.pop("context"))
    return Record.of(given.pop("name"), given.pop("payload"), trace=trace, span=span, snapshot=snapshot, **given)


def _occurrence(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a letter and a record of its trail have in common."""
    sent, scope = facts["record"], facts["scope"]
    ids = {at: int(scope[key], 16) for key, at in _IDS.items() if key in scope}
    sampled = scope.get("sampled", _UNDECIDED)
    return {
        "name": sent["event_name"],
        "severity": Severity(sent["severity"]),
        "version": facts["version"],
        "event_type": facts["event_type"],
        "time_ns": facts["time_ns"],
        "trace_id": sent["trace_id"],
        "span_id": sent["span_id"],
        "scope": tuple(sampled if at == SAMPLED else ids.get(at, 0) for at in range(FIRST_KEY)),
        "payload": sent["payload"],
        "context": sent.get("context", {}),
        "metadata": sent.get("metadata", {}),
        "resource": {key: value for key, value in sent.items() if key not in _OF_THE_LINE},
    }


def _json(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
