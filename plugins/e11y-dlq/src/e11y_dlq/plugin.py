"""The plugin: keeps what core offers it, and adds the commands ``e11y dlq``."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from e11y import Host, Record, Severity, hookimpl
from e11y_dlq.dead_letters import DeadLetters
from e11y_dlq.keeper import Keeper
from e11y_dlq.letter import StoredRecord
from e11y_dlq.rules import Rules, imported
from e11y_dlq.settings import DlqSettings
from e11y_dlq.storage import Storage

if TYPE_CHECKING:
    import click

_TELL_S: Final = 60.0
_FOR_WITHHELD: Final = 0.5
_FOR_ORDINARY: Final = 0.8
_FOR_IMPORTANT: Final = 1.0


class DlqPlugin:
    """Keeps records that could not be delivered in segments of JSON lines, to be replayed.

    When the room fills up, what has no values is refused first, from half of it on; then, from four
    fifths on, what is below ``error`` and has no trait; then everything. What is kept stays until it is
    replayed, purged or too old.

    Args:
        settings: Table ``[tool.e11y.dlq]``.
        host: Of the runtime.

    Raises:
        ConfigError: The storage needs what is not installed.
    """

    Settings = DlqSettings

    def __init__(self, settings: DlqSettings, host: Host) -> None:
        self._settings = settings
        self._host = host
        storage = Storage(settings.storage, settings.storage_options) if settings.storage else None
        self.letters = DeadLetters(Path(settings.directory).absolute(), storage)
        self._rules = Rules(settings, host)
        self._keeper = Keeper(self.letters, settings, host)
        self._refused: Counter[tuple[str, str, str, str]] = Counter()
        self._tell_due_s = host.clock.monotonic() + _TELL_S

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        """Import the predicate, look whether the folder can be written by us and by nobody else, begin to tend it."""
        if self._settings.predicate:
            predicate = imported(self._settings.predicate, "[tool.e11y.dlq] predicate")
            self._rules = Rules(self._settings, host, predicate)
        folder = self.letters.folder
        if not folder.is_writable():
            host.logger.warning("dead letters cannot be kept: %s is not writable", folder.path)
        elif mode := folder.open_mode():
            host.logger.warning("dead letters are in a folder open to others: %s has mode %04o", folder.path, mode)
        host.every(1.0, self._tend)

    @hookimpl
    def e11y_dead_letter(self, record: Record, adapter: str, reason: str) -> bool:
        """Keep a record, unless the rules refuse it or it comes from a replay, so that it is kept already."""
        if isinstance(record, StoredRecord):
            return True
        refusal = self._rules.refusal(record, adapter, reason)
        if refusal:
            word = reason.partition(":")[0]
            self._host.count(re.sub(r"\W+", "_", f"refused_{refusal}_{word}"))
            if self._settings.log_refused:
                self._refused[record.name, adapter, word, refusal] += 1
            return False
        return self._keeper.keep(record, adapter, reason, self._share(record))

    @hookimpl
    def e11y_stopped(self) -> None:
        """Finish what this process wrote."""
        self._keeper.close()
        self._tell_refused()

    @hookimpl
    def e11y_forked(self) -> None:
        """Leave the segment, and what was not told yet, to the parent."""
        self._keeper.abandon()
        self._keeper = Keeper(self.letters, self._settings, self._host)
        self._refused = Counter()

    @hookimpl
    def e11y_commands(self, group: click.Group) -> None:
        """Add the commands ``e11y dlq``."""
        from e11y_dlq.commands import Desk, make_commands  # noqa: PLC0415 - no application needs the command line

        group.add_command(make_commands(Desk(self.letters, self._host.adapters)))

    def _share(self, record: Record) -> float:
        if record.metadata.get("withheld"):
            return _FOR_WITHHELD
        if record.severity >= Severity.ERROR or self._rules.is_wanted(record):
            return _FOR_IMPORTANT
        return _FOR_ORDINARY

    def _tend(self) -> None:
        self._keeper.tend()
        now = self._host.clock.monotonic()
        if now >= self._tell_due_s:
            self._tell_due_s = now + _TELL_S
            self._tell_refused()

    def _tell_refused(self) -> None:
        refused, self._refused = self._refused, Counter()
        for (name, adapter, word, refusal), number in refused.items():
            self._host.logger.info(
                "%d dead letters of %s for %r (%s) were refused by the %s rule", number, name, adapter, word, refusal
            )
