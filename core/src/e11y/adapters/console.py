"""The console adapter: readable lines on a terminal, JSON lines anywhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import attrs

from e11y.adapter import AdapterType, Capabilities
from e11y.adapters.escape import escape_json
from e11y.adapters.pretty import pretty
from e11y.adapters.stream import StandardStream, StreamName
from e11y.errors import Partial, Rejected, Retryable
from e11y.plugins import hookimpl
from e11y.record import Record

if TYPE_CHECKING:
    from e11y.host import Host


@attrs.frozen(eq=False)
class ConsoleSettings:
    """Settings of the console adapter.

    Args:
        format: ``pretty`` for eyes, ``json`` for machines (one object per line); ``auto`` is pretty on a
            terminal.
        stream: Where to write.
        color: For pretty lines. ``auto`` colours on a terminal, unless the environment says ``NO_COLOR``
            (no-color.org), ``FORCE_COLOR`` (force-color.org) or ``TERM=dumb``.
    """

    format: Literal["auto", "pretty", "json"] = "auto"
    stream: StreamName = "stdout"
    color: Literal["auto", "always", "never"] = "auto"


class ConsoleAdapter:
    """Writes each batch to ``sys.stdout`` or ``sys.stderr``, as a rule with one write.

    The stream is looked up for every batch, so that redirection and test capture see the records.

    Args:
        settings: What to write, and where to.
        environ: Environment variables; read once.
    """

    def __init__(self, settings: ConsoleSettings | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self.capabilities = Capabilities()
        self._settings = settings or ConsoleSettings()
        self._color = _color_asked_for(self._settings.color, environ)
        self._torn = False
        self._closed = False

    def write_batch(self, records: Sequence[Record]) -> None:
        """Write one line per record.

        Raises:
            Rejected: The reader of a pipe is gone, the process has no such stream, or the adapter is closed.
            Retryable: The stream took nothing now: it is full, or closed until somebody replaces it.
            Partial: It took some of the lines; the others are retryable.
        """
        name = self._settings.stream
        if self._closed:
            raise Rejected("the console adapter is closed")
        stream = StandardStream(name)
        if not stream.is_open:
            raise Retryable(f"{name} is closed")
        lines = self._lines(records, stream)
        lines[0] = b"\n" + lines[0] if self._torn else lines[0]
        data = b"".join(lines)
        sent = 0
        try:
            write = stream.writer()
            while sent < len(data):
                sent += write(data[sent:])
        except BrokenPipeError:
            raise Rejected(f"the reader of {name} is gone") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise self._failed(lines, sent, f"{name}: {reason}") from None
        self._torn = False

    def healthy(self) -> bool:
        """Return whether the stream is open."""
        return not self._closed and StandardStream(self._settings.stream).is_open

    def close(self) -> None:
        """Stop writing. The stream stays open: it belongs to the process."""
        self._closed = True

    def _lines(self, records: Sequence[Record], stream: StandardStream) -> list[bytes]:
        terminal = stream.is_terminal
        if self._settings.format == "json" or (self._settings.format == "auto" and not terminal):
            return [escape_json(record.encoded()) + b"\n" for record in records]
        color = terminal if self._color is None else self._color
        encoding = stream.encoding
        return [(pretty(record, color=color) + "\n").encode(encoding, "backslashreplace") for record in records]

    def _failed(self, lines: Sequence[bytes], sent: int, reason: str) -> Retryable | Partial:
        """Return the error for a batch of which only the first ``sent`` bytes were written."""
        failure = Retryable(reason)
        whole = 0
        rest = sent
        while rest >= len(lines[whole]):
            rest -= len(lines[whole])
            whole += 1
        if sent:
            self._torn = rest > 0  # the next line must not continue half a line
        return Partial(dict.fromkeys(range(whole, len(lines)), failure)) if whole else failure


class ConsolePlugin:
    """Offers the adapter type ``console``."""

    name = "console"

    @hookimpl
    def e11y_export(self) -> AdapterType:
        return AdapterType(name=self.name, settings=ConsoleSettings, make=_make)


def _make(settings: ConsoleSettings, host: Host) -> ConsoleAdapter:
    del host
    return ConsoleAdapter(settings)


def _color_asked_for(setting: str, environ: Mapping[str, str]) -> bool | None:
    """Return whether to colour; ``None``: the stream decides. The setting is stronger than the environment."""
    if setting != "auto":
        return setting == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return False if environ.get("TERM") == "dumb" else None
