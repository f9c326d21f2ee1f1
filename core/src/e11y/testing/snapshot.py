"""Snapshots: what a test tracked, kept as JSON beside it and compared in later runs.

A snapshot holds what the application said and nothing that changes by itself: name, severity, version
and payload of each record; no time, no ids, no context, no metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

import attrs

from e11y.record import Record

_UNSAFE = re.compile(r"[^\w.-]+")


@attrs.frozen
class Snapshots:
    """The snapshots of one test.

    Args:
        folder: ``snapshots/<test file>/`` beside the test file.
        test: Name of the test; names its snapshot where none is given.
        update_command: What to type to write them.
        update: Whether they are written instead of compared.
    """

    folder: Path
    test: str
    update_command: str
    update: bool = False

    def check(self, records: Sequence[Record], name: str | None, ignore: Collection[str]) -> None:
        """Compare ``records`` with the snapshot, or write it.

        Raises:
            AssertionError: They differ, or there is no snapshot; says how to write it.
        """
        file = self.folder / f"{_UNSAFE.sub('_', name or self.test).strip('_')}.json"
        actual = _text([_said(record, ignore) for record in records])
        if self.update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(actual, encoding="utf-8")
            return
        if not file.exists():
            raise AssertionError(f"there is no snapshot {file.name} yet\n  write it: {self.update_command}")
        expected = file.read_text(encoding="utf-8")
        if actual != expected:
            lines = unified_diff(expected.splitlines(), actual.splitlines(), "snapshot", "this run", lineterm="")
            raise AssertionError("\n".join([f"{file.name} differs", *lines, f"  accept it: {self.update_command}"]))


def _said(record: Record, ignore: Collection[str]) -> dict[str, Any]:
    payload = json.loads(record.encoded())["payload"]
    return {
        "event_name": record.name,
        "severity": str(record.severity),
        "version": record.version,
        "payload": {key: value for key, value in payload.items() if key not in ignore},
    }


def _text(said: list[dict[str, Any]]) -> str:
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"
