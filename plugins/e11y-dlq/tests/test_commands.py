"""The command line: the same as the Python API, for people and for machines."""

from __future__ import annotations

import inspect
import io
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import e11y
from e11y.cli.root import make_root
from e11y.testing import free_port, make_record
from e11y_dlq import ReplayReport
from e11y_dlq.output import Progress


def invoke(*arguments: str, status: int = 0) -> Any:
    """Run ``e11y dlq ...`` in this process, as it runs in a process of its own."""
    apart = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}  # click 8.1
    result = CliRunner(**apart).invoke(make_root(), ["dlq", *arguments])
    assert result.exit_code == status, (result.stdout, result.stderr, result.exception)
    return result


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project whose adapters take everything, and its dead letters: two for ``logs``, one invalid."""
    monkeypatch.chdir(tmp_path)
    # A process of its own would know no event type; this one may know those of other tests, and their plugins.
    monkeypatch.setattr("e11y.registry.event_types", list)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.e11y]\nplugins = ["dlq"]\n'
        '[tool.e11y.dlq]\ndirectory = "letters"\n'
        '[tool.e11y.adapters.logs]\ntype = "memory"\n'
        '[tool.e11y.adapters.down]\ntype = "memory"\n'
    )
    (plugin,) = [one.instance for one in e11y.Runtime(event_types=()).plugins.plugins if one.name == "dlq"]
    for n in (1, 2):
        record = make_record(n, {"email": "a@example.com"}, trace=0xAB, span=0xCD + n)
        plugin.e11y_dead_letter(
            record, "logs", "rejected: 400 entry too far behind, and a reason that is longer than a table"
        )
    plugin.e11y_dead_letter(make_record(3, metadata={"withheld": True}), "", "invalid")
    plugin.e11y_stopped()
    yield tmp_path / "letters"
    e11y.configure()


def segment(folder: Path) -> str:
    (file,) = folder.glob("*.jsonl")
    return file.stem


def test_list_shows_no_values(folder: Path) -> None:
    name = segment(folder)
    result = invoke("list", "--adapter", "logs")
    offset = json.loads(invoke("list", "--json").stdout.splitlines()[1])["id"].partition(":")[2]
    assert result.stdout == (
        f"{'ID':<{len(name) + 4}}  TIME                      EVENT       SEVERITY  ADAPTER  FAILURES  REASON\n"
        f"{name}:0    2026-01-31T12:00:00.001Z  kit.sample  error     logs     1         rejected: 400 entry too far behind, and a reason that is ...\n"
        f"{name}:{offset}  2026-01-31T12:00:00.002Z  kit.sample  error     logs     1         rejected: 400 entry too far behind, and a reason that is ...\n"
    )
    assert result.stderr == ""
    assert "example.com" not in invoke("list", "--json").stdout


def test_list_says_when_there_is_nothing_or_more(folder: Path) -> None:
    assert invoke("list", "--adapter", "nobody").stdout == "no dead letters that fit\n"
    result = invoke("list", "--limit", "1", "--json")
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == "there are more; see them with  --limit 10\n"
    invoke("purge", "--all")
    assert invoke("list").stdout == "no dead letters\n"


def test_list_as_json(folder: Path) -> None:
    first = json.loads(invoke("list", "--json").stdout.splitlines()[0])
    failed = first.pop("first_failed")
    assert first.pop("last_failed") == failed
    assert first == {
        "id": f"{segment(folder)}:0",
        "event_name": "kit.sample",
        "version": 1,
        "event_type": "kit.events.Sample",
        "severity": "error",
        "timestamp": "2026-01-31T12:00:00.001Z",
        "trace_id": f"{0xAB:032x}",
        "span_id": f"{0xCD + 1:016x}",
        "adapter": "logs",
        "reason": "rejected: 400 entry too far behind, and a reason that is longer than a table",
        "failures": 1,
        "replayable": True,
    }


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--since", "2026-01-31T12:00:00.002"], 2),
        (["--since", "2026-01-31T13:00:00.002+01:00", "--until", "2026-01-31T12:00:00.003Z"], 1),
        (["--since", "1h"], 0),
        (["--until", "1h"], 3),
        (["--reason", "invalid"], 1),
        (["--reason", "rejected: 4*"], 2),
        (["--adapter", ""], 1),
        (["--event", "kit.*"], 3),
    ],
)  # fmt: skip
def test_options_say_which(folder: Path, options: list[str], found: int) -> None:
    assert len(invoke("list", "--json", *options).stdout.splitlines()) == found


@pytest.mark.parametrize("time", ["soon", "99999999999d", "800000d"])
def test_a_time_that_is_none_is_refused(folder: Path, time: str) -> None:
    """Of the last two, one is longer than any span of time, the other ends before the year 1."""
    error = invoke("list", "--since", time, status=2).stderr
    assert "Invalid value for '--since': write ISO 8601, or how long ago: a number with one of" in error


def test_show_prints_everything_of_one(folder: Path) -> None:
    shown = json.loads(invoke("show", f"{segment(folder)}:0").stdout)
    assert shown["payload"] == {"mark": "kit-mark-00001-end", "email": "a@example.com"}
    assert shown["context"] == {"user_id": "u-1", "request_id": "r-1"}
    assert (shown["resource"], shown["trail"]) == ({"service": "kit"}, [])
    assert shown["metadata"] == {"retention_until": "2026-03-02T12:00:00.000Z"}
    assert invoke("show", "nothing:1", status=1).stderr == (
        "there is no dead letter 'nothing:1'\n"
        f"  where: {folder}\n"
        "  fix:   list them with  e11y dlq list; one that was replayed or purged is gone\n"
    )


def test_stats_for_people(folder: Path) -> None:
    size = sum(file.stat().st_size for file in folder.glob("*.jsonl"))
    lines = invoke("stats").stdout.splitlines()
    assert lines[0] == f"{folder}: 3 dead letters in 1 segment, {size}B"
    assert lines[1].endswith("; 2 hold values to replay")
    assert lines[2:] == [
        "  by adapter", "            2  logs", "            1  -",
        "  by reason", "            2  rejected", "            1  invalid",
        "  by event", "            3  kit.sample",
    ]  # fmt: skip


def test_stats_as_json(folder: Path) -> None:
    stats = json.loads(invoke("stats", "--json").stdout)
    assert stats.pop("oldest") <= stats.pop("newest")
    assert stats == {
        "directory": str(folder),
        "letters": 3,
        "bytes": sum(file.stat().st_size for file in folder.glob("*.jsonl")),
        "segments": 1,
        "by_adapter": {"logs": 2, "": 1},
        "by_reason": {"rejected": 2, "invalid": 1},
        "by_event": {"kit.sample": 3},
        "replayable": 2,
        "damaged": 0,
        "foreign": 0,
    }
    invoke("purge", "--all")
    assert invoke("stats").stdout == f"{folder}: 0 dead letters in 0 segments, 0B\n"
    assert json.loads(invoke("stats", "--json").stdout)["oldest"] is None


@pytest.mark.parametrize(
    ("options", "adapters"),
    [
        (["--adapter", "logs"], {"logs": 2}),
        (["--since", "2026-01-31T12:00:00.002"], {"logs": 1, "": 1}),
        (["--until", "2026-01-31T12:00:00.002"], {"logs": 1}),
        (["--reason", "invalid"], {"": 1}),
        (["--event", "order.*"], {}),
    ],
)  # fmt: skip
def test_stats_count_what_is_meant(folder: Path, options: list[str], adapters: dict[str, int]) -> None:
    stats = json.loads(invoke("stats", "--json", *options).stdout)
    assert (stats["letters"], stats["by_adapter"]) == (sum(adapters.values()), adapters)
    assert (stats["segments"], stats["bytes"]) == (1, sum(file.stat().st_size for file in folder.glob("*.jsonl")))
    assert (stats["oldest"] is None) == (not adapters)


def test_damage_is_told(folder: Path) -> None:
    (file,) = folder.glob("*.jsonl")
    file.write_bytes(
        file.read_bytes() + b"{}\n" + file.read_bytes().splitlines()[0].replace(b'"format":1', b'"format":2') + b"\n"
    )
    told = "skipped: 1 damaged line\nskipped: 1 dead letter of a format of a later e11y-dlq\n"
    assert invoke("list").stderr == told
    assert invoke("stats").stderr == told
    assert invoke("stats", "--adapter", "nobody").stderr == told


def test_a_dry_run_says_what_would_be_sent(folder: Path) -> None:
    assert invoke("replay", "--dry-run", status=1).stdout == (
        "3 dead letters: 2 would be sent, 1 skipped\n"
        "          2  would be sent to logs\n"
        "          1  skipped: holds no values\n"
    )
    assert invoke("replay", "--dry-run", "--to", "down", "--adapter", "logs").stdout == (
        "2 dead letters: 2 would be sent, 0 skipped\n          2  would be sent to down\n"
    )
    assert len(invoke("list", "--json").stdout.splitlines()) == 3


def test_replay_delivers(folder: Path) -> None:
    result = invoke("replay", "--adapter", "logs", "--rate", "1000")
    assert result.stdout == "2 dead letters: 2 delivered, 0 failed again, 0 skipped\n          2  delivered to logs\n"
    assert len(invoke("list", "--json").stdout.splitlines()) == 1
    assert json.loads(invoke("replay", "--json", status=1).stdout) == {
        "dry_run": False, "selected": 1, "delivered": 0, "failed": 0, "skipped": {"holds no values": 1}, "to": {}, "again": {}
    }  # fmt: skip


def test_replay_keeps_to_the_rate_that_was_asked_for(folder: Path) -> None:
    began = time.monotonic()
    invoke("replay", "--adapter", "logs", "--rate", "2")  # the second waits half a second for its turn
    assert time.monotonic() - began >= 0.5


def test_replay_tells_a_terminal_how_far_it_is(folder: Path) -> None:
    """The terminal is a real one: what a command writes elsewhere comes after ten seconds."""
    command = [sys.executable, "-m", "e11y", "dlq", "replay", "--adapter", "logs"]
    terminal, its_side = os.openpty()
    told = b""
    try:
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=its_side, cwd=folder.parent, timeout=60, check=True
            )
        finally:
            os.close(its_side)
        with suppress(OSError):  # the end, once all has come through
            while part := os.read(terminal, 10_000):
                told += part
    finally:
        os.close(terminal)
    assert told.decode().endswith("\r\x1b[K2 of 2 delivered, 0 failed again\r\x1b[K")
    assert done.stdout.decode() == (
        "2 dead letters: 2 delivered, 0 failed again, 0 skipped\n          2  delivered to logs\n"
    )


def test_a_dry_run_transforms(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "dlq_rehearsed.py").write_text(
        "import attrs\n\n\ndef first_to_down(letter):\n"
        "    return attrs.evolve(letter, adapter='down') if letter.id.endswith(':0') else None\n"
    )
    monkeypatch.syspath_prepend(str(folder.parent))
    before = invoke("list", "--json").stdout
    options = ["--dry-run", "--adapter", "logs", "--transform", "dlq_rehearsed:first_to_down"]
    assert invoke("replay", *options, status=1).stdout == (
        "2 dead letters: 1 would be sent, 1 skipped\n"
        "          1  would be sent to down\n"
        "          1  skipped: held back by the transformation\n"
    )
    assert invoke("list", "--json").stdout == before


def test_a_transformation_by_its_import_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "dlq_changes.py").write_text(
        "import attrs\n\ndef to_down(letter):\n    return attrs.evolve(letter, adapter='down')\n"
    )
    monkeypatch.syspath_prepend(str(folder.parent))
    result = invoke("replay", "--adapter", "logs", "--transform", "dlq_changes:to_down")
    assert "          2  delivered to down\n" in result.stdout
    assert invoke("replay", "--transform", "dlq_changes:nothing", status=1).stderr == (
        "'dlq_changes:nothing' leads to no function: AttributeError: module 'dlq_changes' has no attribute 'nothing'\n"
        "  where: --transform\n"
        "  fix:   write it as  package.module:function\n"
    )


@pytest.mark.parametrize(
    "command",
    [["list"], ["show", "20260131T120004-1-0001-ba4762:0"], ["stats"], ["replay"], ["replay", "--dry-run"], ["purge", "--all"]],
    ids=" ".join,
)  # fmt: skip
def test_a_storage_that_is_down_is_told_without_its_credentials(folder: Path, command: list[str]) -> None:
    project = folder.parent / "pyproject.toml"
    storage = f"storage = 'ftp://tester:hunter2@127.0.0.1:{free_port()}/letters'\n"
    project.write_text(project.read_text().replace("[tool.e11y.dlq]\n", f"[tool.e11y.dlq]\n{storage}"))
    result = invoke(*command, status=1)
    assert result.stderr == (
        "the storage of the dead letters cannot be used: ConnectionRefusedError\n"
        "  where: [tool.e11y.dlq] storage\n"
        "  fix:   see whether it is up, and whether  storage_options  are right; no letter is lost meanwhile\n"
    )
    assert "hunter2" not in result.output
    assert len(list(folder.glob("*.jsonl"))) == 1


def test_purge_wants_to_know_which(folder: Path) -> None:
    assert "Error: say which letters, or --all" in invoke("purge", status=2).stderr
    assert invoke("purge", "--reason", "invalid", "--dry-run").stdout == "would be deleted: 1 dead letter\n"
    assert invoke("purge", "--reason", "invalid").stdout == "deleted: 1 dead letter\n"
    assert invoke("purge", "--adapter", "").stdout == "deleted: 0 dead letters\n"
    assert invoke("purge", "--all").stdout == "deleted: 2 dead letters\n"


def test_names_cannot_command_a_terminal(folder: Path) -> None:
    (plugin,) = [one.instance for one in e11y.Runtime(event_types=()).plugins.plugins if one.name == "dlq"]
    plugin.e11y_dead_letter(e11y.Record.of("evil\x1b[2J\nname", {}), "evil\x1b", "\x1b[31mred")
    for command in ("list", "stats"):
        assert "\x1b" not in invoke(command).stdout
        assert "evil\ufffd" in invoke(command).stdout
    plugin.e11y_stopped()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_line_of_a_terminal_or_a_line_now_and_then() -> None:
    now = [0.0]
    report = ReplayReport(selected=1000, delivered=500, failed=1)
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        now[0] = 0.0
        progress = Progress(stream, lambda: now[0])
        for _ in range(11):
            progress(report)
            now[0] += 1.0
        progress.end()
    told = "500 of 1,000 delivered, 1 failed again"
    assert terminal.getvalue() == f"\r\x1b[K{told}" * 11 + "\r\x1b[K"
    assert file.getvalue() == f"{told}\n"
