"""What rotated files need: to be compressed, and to be deleted in time."""

from __future__ import annotations

import threading

from e11y import Host
from e11y_file.archive import Archive, Rotated
from e11y_file.compression import compress, repair
from e11y_file.log_file import LogFile
from e11y_file.retention import delete, superfluous
from e11y_file.settings import FileSettings


class Tidying:
    """Brings the rotated files of a log file into the state that the settings ask for, as often as it runs.

    It looks at what is there, not at what was rotated here: so it also finishes what another process, or the
    one before, left undone.

    Args:
        file: The log file.
        settings: ``compress`` and the limits count.
        host: Clock, counters, faults.
    """

    def __init__(self, file: LogFile, settings: FileSettings, host: Host) -> None:
        self._file = file
        self._settings = settings
        self._host = host

    def run(self, stopping: threading.Event) -> None:
        """Repair, compress, delete; break off when ``stopping`` is set.

        Raises:
            OSError: The directory cannot be read.
        """
        archive = Archive(self._file.target)
        for rotated in archive.unfinished(compress=self._settings.compress):
            if stopping.is_set():
                return
            try:
                self._tend(rotated, stopping)
            except OSError as error:
                self._host.fault(f"compression of {rotated.plain} ({error.strerror})", error)
        if self._settings.limits_rotated:
            for rotated in superfluous(archive.all(), self._settings, self._host.clock.time_ns()):
                try:
                    delete(rotated)
                except OSError as error:
                    self._host.fault(f"deletion of {rotated.plain} ({error.strerror})", error)
                else:
                    self._host.count("deleted_files")

    def _tend(self, rotated: Rotated, stopping: threading.Event) -> None:
        repair(rotated)
        if self._settings.compress and compress(rotated, stopping.is_set):
            self._host.count("compressed_files")
