"""A plugin of the shop's own: the ledger as a file, when all is delivered."""

from __future__ import annotations

import json
from pathlib import Path

import attrs

import e11y
from e11y import Host, hookimpl


@attrs.frozen(eq=False)
class LedgerFileSettings:
    """Table ``[tool.e11y.ledger_file]``.

    Args:
        path: Where to write it; empty: nowhere.
    """

    path: str = ""


class LedgerFile:
    """Writes the ledger of a process at its end, whichever server ends it."""

    name = "ledger_file"
    Settings = LedgerFileSettings

    def __init__(self, settings: LedgerFileSettings, host: Host) -> None:
        self._path = settings.path

    @hookimpl
    def e11y_stopped(self) -> None:
        """Write the fields of the ledger, with its table, if it balances."""
        if self._path:
            balanced = e11y.ledger().check()
            text = json.dumps({"table": str(balanced), **attrs.asdict(balanced)})
            Path(self._path).write_text(text, encoding="utf-8")
