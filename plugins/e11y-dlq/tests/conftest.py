"""What the tests share: a runtime whose adapters do as they are told, and its dead letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest

from e11y import Capabilities, Record, Rejected, Runtime
from e11y.testing import FrozenClock
from e11y_dlq import DeadLetters, DlqPlugin

Answer = BaseException | None


class Told:
    """An adapter that answers each batch with ``answer``: raises it, or takes the batch."""

    def __init__(self, **capabilities: Any) -> None:
        self.capabilities = Capabilities(audit=True, **capabilities)
        self.answer: Answer | Callable[[Sequence[Record]], Answer] = None
        self.records: list[Record] = []

    def write_batch(self, records: Sequence[Record]) -> None:
        answer = self.answer(records) if callable(self.answer) else self.answer
        if answer is not None:
            raise answer
        self.records.extend(records)

    @property
    def lines(self) -> list[bytes]:
        return [record.encoded() for record in self.records]

    def healthy(self) -> bool:
        return True

    def close(self) -> None: ...


@attrs.define
class Bench:
    """A running runtime, its adapters, and what the plugin keeps."""

    runtime: Runtime
    logs: Told
    others: Told
    folder: Path

    @property
    def plugin(self) -> DlqPlugin:
        (plugin,) = [one.instance for one in self.runtime.plugins.plugins if one.name == "dlq"]
        assert isinstance(plugin, DlqPlugin)
        return plugin

    @property
    def letters(self) -> DeadLetters:
        return DeadLetters(self.folder, self.plugin.letters.storage)

    def flush(self) -> Mapping[str, int]:
        """Deliver; return what the plugin counted."""
        assert self.runtime.flush(30).undelivered == {}
        snapshot = self.runtime.ledger.check()
        prefix = "dlq."
        return {name.removeprefix(prefix): n for name, n in snapshot.plugins.items() if name.startswith(prefix)}

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[MakeBench]:
    """Activate a runtime. Arguments are settings of the plugin; ``plugins`` and ``clock`` go to the runtime."""
    with ExitStack() as stack:

        def make(
            *,
            plugins: Sequence[object] = (),
            clock: FrozenClock | None = None,
            tool: Mapping[str, Any] | None = None,
            capabilities: Mapping[str, Any] | None = None,
            **dlq: Any,
        ) -> Bench:
            logs, others = Told(**(capabilities or {})), Told()
            logs.answer = Rejected("too old")
            folder = tmp_path / "letters"
            settings = {
                "plugins": ["dlq"],
                "environment": "production",
                "routes": {"default": ["logs", "others"]},
                "dlq": {"directory": str(folder), **dlq},
                **(tool or {}),
            }
            runtime = Runtime(
                settings,
                plugins=plugins,
                adapters={"logs": logs, "others": others},
                clock=clock,
                environ={},
                directory=tmp_path,
                event_types=(),
            )
            stack.enter_context(runtime)
            return Bench(runtime, logs, others, folder)

        yield make


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """With the plugin as it is without settings, in a folder of the test; ``logs`` refuses everything."""
    return make_bench()
