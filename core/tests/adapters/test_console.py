"""The console adapter on what a standard stream may be: terminal, pipe, file, capture, or gone."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from e11y.adapters.console import ConsoleAdapter, ConsolePlugin, ConsoleSettings
from e11y.errors import Partial, Rejected, Retryable
from e11y.severity import Severity
from e11y.testing.standalone_host import StandaloneHost

from .records import record

ONE = record("order.paid", {"order_id": "1", "note": "é\u2028"}, Severity.SUCCESS)
TWO = record("payment.failed", {"order_id": "2"}, Severity.ERROR)

PRETTY_TWO = "12:00:00.250Z 4bf92f35 ERROR   payment.failed           order_id=2\n"


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self) -> bool:
        return True

    @property
    def shown(self) -> bytes:
        written = self.buffer
        assert isinstance(written, io.BytesIO)
        return written.getvalue()


class Full(io.RawIOBase):
    """A raw stream that takes ``room`` bytes and then fails, as a disk or a slow pipe does."""

    def __init__(self, room: int, failure: OSError | None) -> None:
        self.taken = b""
        self.room = room
        self.failure = failure

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int | None:
        part = bytes(data[: self.room])
        if not part:
            if self.failure is None:
                return None
            raise self.failure
        self.taken += part
        self.room -= len(part)
        return len(part)


def line(one: Any) -> bytes:
    return one.encoded() + b"\n"


def on(monkeypatch: pytest.MonkeyPatch, stream: object, name: str = "stdout") -> None:
    monkeypatch.setattr(sys, name, stream)


def on_raw(monkeypatch: pytest.MonkeyPatch, room: int, failure: OSError | None) -> Full:
    raw = Full(room, failure)
    on(monkeypatch, io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8"))
    return raw


def test_a_batch_is_one_json_line_per_record(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleAdapter().write_batch([ONE, TWO])
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(one) for one in lines] == [json.loads(ONE.encoded()), json.loads(TWO.encoded())]


def test_a_terminal_gets_pretty_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    on(monkeypatch, terminal)
    ConsoleAdapter(ConsoleSettings(color="never")).write_batch([TWO])
    assert terminal.shown.decode() == PRETTY_TWO


def test_stderr_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleAdapter(ConsoleSettings(stream="stderr")).write_batch([TWO])
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", line(TWO).decode())


def test_the_format_can_be_chosen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleAdapter(ConsoleSettings(format="pretty")).write_batch([TWO])
    assert capsys.readouterr().out == PRETTY_TWO
    terminal = Terminal()
    on(monkeypatch, terminal)
    ConsoleAdapter(ConsoleSettings(format="json")).write_batch([TWO])
    assert terminal.shown == line(TWO)


@pytest.mark.parametrize(
    ("color", "environ", "terminal", "colored"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_follows_setting_then_environment_then_stream(
    monkeypatch: pytest.MonkeyPatch, color: Any, environ: dict[str, str], terminal: bool, colored: bool
) -> None:
    stream = Terminal()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    on(monkeypatch, stream)
    ConsoleAdapter(ConsoleSettings(format="pretty", color=color), environ).write_batch([TWO])
    assert (b"\x1b[31mERROR" in stream.shown) is colored


def test_the_stream_is_looked_up_for_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = ConsoleAdapter(ConsoleSettings(format="json"))
    for one in (ONE, TWO):
        stream = Terminal()
        on(monkeypatch, stream)
        adapter.write_batch([one])
        assert json.loads(stream.shown) == json.loads(one.encoded())


def test_what_the_stream_cannot_encode_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal("ascii")
    on(monkeypatch, terminal)
    ConsoleAdapter(ConsoleSettings(color="never")).write_batch([record(payload={"who": "Zoë"})])
    assert terminal.shown.endswith(b"who=Zo\\xeb\n")


def test_an_object_that_only_takes_text_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lines:
        def __init__(self) -> None:
            self.texts: list[str] = []

        def write(self, text: str) -> None:
            self.texts.append(text)

    lines = Lines()
    on(monkeypatch, lines)
    adapter = ConsoleAdapter()
    adapter.write_batch([TWO, TWO])
    assert lines.texts == [(line(TWO) * 2).decode()]
    assert adapter.healthy()


def test_a_text_buffer_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.StringIO()
    on(monkeypatch, buffer)
    ConsoleAdapter(ConsoleSettings(format="pretty")).write_batch([record(payload={"who": "Zoë"})])
    assert buffer.getvalue().endswith("who=Zoë\n")


def test_a_closed_stream_may_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, adapter = Terminal(), ConsoleAdapter()
    closed.close()
    for stream in (closed, None):
        on(monkeypatch, stream)
        assert not adapter.healthy()
        with pytest.raises(Retryable, match=r"^stdout is closed$"):
            adapter.write_batch([ONE])
    on(monkeypatch, Terminal())
    adapter.write_batch([ONE])
    assert adapter.healthy()


def test_a_stream_that_was_closed_while_writing_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closing(io.StringIO):
        def write(self, text: str) -> int:
            self.close()
            return super().write(text)

    on(monkeypatch, Closing())
    with pytest.raises(Retryable, match=r"^stdout: ValueError$"):
        ConsoleAdapter().write_batch([ONE])


def test_a_closed_adapter_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    adapter = ConsoleAdapter()
    adapter.close()
    with pytest.raises(Rejected, match="the console adapter is closed"):
        adapter.write_batch([ONE])
    assert (capsys.readouterr().out, adapter.healthy()) == ("", False)
    print("the stream is still open")


def test_a_full_stream_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    on_raw(monkeypatch, 0, OSError(28, "No space left on device"))
    with pytest.raises(Retryable, match=r"^stdout: No space left on device$"):
        ConsoleAdapter().write_batch([ONE, TWO])


def test_a_stream_that_is_not_ready_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    on_raw(monkeypatch, 0, None)
    with pytest.raises(Retryable, match=f"^stdout: {os.strerror(11)}$"):
        ConsoleAdapter().write_batch([ONE])


@pytest.mark.parametrize("beyond", [0, 1, 40])
def test_whole_lines_count_as_delivered_and_torn_ones_are_ended(monkeypatch: pytest.MonkeyPatch, beyond: int) -> None:
    raw = on_raw(monkeypatch, len(line(TWO)) + beyond, None)
    adapter = ConsoleAdapter()
    batch = [TWO, TWO, TWO]
    with pytest.raises(Partial) as caught:
        adapter.write_batch(batch)
    assert {index: str(failure) for index, failure in caught.value.failures.items()} == {
        1: f"stdout: {os.strerror(11)}",
        2: f"stdout: {os.strerror(11)}",
    }
    raw.room = 10_000
    adapter.write_batch([batch[index] for index in caught.value.failures])
    torn = line(TWO)[:beyond] + b"\n" if beyond else b""
    assert raw.taken == line(TWO) + torn + line(TWO) * 2


@pytest.mark.parametrize("room", [0, 1, 5])
def test_a_torn_line_stays_ended_through_further_failures(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    raw = on_raw(monkeypatch, 3, None)
    adapter = ConsoleAdapter()
    for more in (room, 10_000):
        with pytest.raises(Retryable):
            adapter.write_batch([TWO])
        raw.room = more
    adapter.write_batch([TWO])
    assert [text for text in raw.taken.split(b"\n") if len(text) > 10] == [TWO.encoded()]
    assert raw.taken.endswith(b"\n" + line(TWO))


def test_no_payload_value_is_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    on_raw(monkeypatch, 100, OSError(5, "Input/output error"))
    with pytest.raises(Retryable) as caught:
        ConsoleAdapter().write_batch([record(payload={"email": "zoe@example.com"})])
    assert "zoe" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


PROGRAM = """
import sys
from e11y.adapters.console import ConsoleAdapter, ConsoleSettings
from e11y.errors import DeliveryError
from e11y.record import Record

def write(count):
    try:
        ConsoleAdapter(ConsoleSettings()).write_batch([Record.of("a.b", {"text": "x" * 1000})] * count)
    except DeliveryError as error:
        print(type(error).__name__, error, file=sys.stderr)
"""


def run(code: str, **given: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", PROGRAM + code], stderr=subprocess.PIPE, check=False, **given)


def test_a_reader_that_is_gone_is_told_and_does_not_spoil_the_exit() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = run("write(100); write(1)", stdout=writing)
    finally:
        os.close(writing)
    assert ended.stderr.decode().splitlines() == ["Rejected the reader of stdout is gone"] * 2
    assert ended.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full, which Linux has")
def test_a_full_device_is_told() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = run("write(3)", stdout=full)
    assert ended.stderr.decode().splitlines() == ["Retryable stdout: No space left on device"]
    assert ended.returncode == 0


def test_records_and_prints_keep_their_order_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("wb") as out:
        ended = run("print('one'); write(1); print('two'); write(2); print('three')", stdout=out)
    assert (ended.returncode, ended.stderr) == (0, b"")
    kinds = ["record" if text.startswith("{") else text for text in path.read_text().splitlines()]
    assert kinds == ["one", "record", "two", "record", "record", "three"]


def test_a_process_without_the_stream_is_told() -> None:
    ended = run("sys.stdout = None; write(1)")
    assert ended.stderr.decode().splitlines() == ["Retryable stdout is closed"]


def test_a_real_terminal_gets_coloured_lines() -> None:
    pty = pytest.importorskip("pty", reason="needs pseudo-terminals, which POSIX has")
    ours, theirs = pty.openpty()
    try:
        environ = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
        ended = run("write(1)", stdout=theirs, env={**environ, "TERM": "xterm"})
        shown = os.read(ours, 4096)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert shown.startswith(b"\x1b[2m00:00:00.000Z\x1b[0m \x1b[2m00000000\x1b[0m \x1b[36mINFO   \x1b[0m \x1b[1ma.b")


def test_the_plugin_offers_it_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    offered = ConsolePlugin().e11y_export()
    batch: Sequence[Any] = [TWO]
    offered.make(ConsoleSettings(stream="stderr"), StandaloneHost()).write_batch(batch)
    assert (offered.name, offered.settings, capsys.readouterr().err) == ("console", ConsoleSettings, line(TWO).decode())
