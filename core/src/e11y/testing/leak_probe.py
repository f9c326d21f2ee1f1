"""Looks for a secret in everything that comes out of a runtime."""

from __future__ import annotations

import base64
import io
import logging
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pluggy

from e11y import registry
from e11y.adapter import Adapter, Capabilities
from e11y.errors import Rejected
from e11y.record import Record

if TYPE_CHECKING:
    from e11y.adapters import MemoryAdapter
    from e11y.runtime import Runtime

hookimpl = pluggy.HookimplMarker("e11y")

Written = Callable[[], bytes]
"""Tells everything that an adapter has written, uncompressed."""


@attrs.frozen(eq=False)
class Findings:
    """Where a secret was found, by what it is that shows it; empty when it is nowhere.

    Args:
        records: Adapters and dead letters.
        texts: Log lines, exceptions, warnings, standard error, faults.
        reprs: Of the runtime and its parts, and what ``explain`` tells.
    """

    records: list[str]
    texts: list[str]
    reprs: list[str]


@attrs.frozen(eq=False)
class LeakProbe:
    """Sends calls through a runtime with every way out that core has.

    These are the console in both formats, memory, null, an adapter that refuses everything, and what keeps
    its dead letters.

    Args:
        settings: Of the runtime, as ``e11y.configure`` would be given them.
        plugins: Further plugins, as objects or classes; those that filter must be in ``trusted``.
        adapters: Purpose name -> an adapter and a function that tells what it has written.
        originals: Whether an adapter stands beside them that sees values as they were before zone 2.
    """

    settings: Mapping[str, Any] = attrs.field(factory=dict)
    plugins: Sequence[object] = ()
    adapters: Mapping[str, tuple[Adapter, Written]] = attrs.field(factory=dict)
    originals: bool = False

    def findings(self, secret: str, call: Callable[[], object]) -> Findings:
        """Run ``call`` and return where ``secret`` can be read afterwards.

        Args:
            secret: ASCII, and long enough to stand nowhere by chance.
            call: Tracks events; what it raises is looked at too.
        """
        from e11y.adapters import MemoryAdapter  # noqa: PLC0415 - heavy, and only needed here
        from e11y.runtime import Runtime  # noqa: PLC0415

        memory, keeper = MemoryAdapter(max_records=None), _Keeper()
        adapters = _core_adapters(memory, originals=self.originals)
        adapters.update({name: adapter for name, (adapter, _) in self.adapters.items()})
        settings = {
            "strict_adapters": False,
            "routes": {"default": list(adapters)},
            **self.settings,
        }
        with _captured() as captured:
            runtime = Runtime(
                settings,
                plugins=[keeper, *self.plugins],
                adapters=adapters,
                environ={},
                directory=Path("/"),
                event_types=(),
            )
            with runtime:
                try:
                    call()
                except Exception as error:  # noqa: BLE001 - whatever it says is looked at
                    captured.errors.append("".join(traceback.format_exception(error)) + repr(vars(error)))
                runtime.flush(30)
                runtime.faults.tell(final=True)
                reprs = list(_reprs(runtime, self.plugins, memory))
        records = {"console": captured.out.getvalue()}
        records.update({f"memory, {what}": blob for what, blob in _read(memory.records)})
        records.update({f"dead letter, {what}": blob for what, blob in _read(keeper.kept)})
        records.update({f"adapter {name}": written() for name, (_, written) in self.adapters.items()})
        return Findings(
            records=[place for place, blob in records.items() if is_in(blob, secret)],
            texts=[place for place, blob in captured.texts() if is_in(blob, secret)],
            reprs=[place for place, text in reprs if is_in(text.encode("utf-8", "replace"), secret)],
        )


def is_in(blob: bytes, secret: str) -> bool:
    """Return whether ``secret`` stands in ``blob``: as it is, or inside base64 at any place."""
    raw = secret.encode("ascii")
    forms = [raw, raw.hex().encode()]
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        forms.append(encoded[4 if shift else 0 : len(encoded) // 4 * 4 - 4])
    return any(form in blob for form in forms)


class _Captured:
    """What was said while a runtime was active."""

    def __init__(self) -> None:
        self.out = io.BytesIO()
        self.err = io.BytesIO()
        self.errors: list[str] = []
        self.logged: list[str] = []
        self.warned: list[warnings.WarningMessage] = []

    def texts(self) -> Iterator[tuple[str, bytes]]:
        yield "an exception", "".join(self.errors).encode("utf-8", "replace")
        yield "a log line", "\n".join(self.logged).encode("utf-8", "replace")
        yield "a warning", "\n".join(str(one.message) for one in self.warned).encode("utf-8", "replace")
        yield "standard error", self.err.getvalue()


class _LogLines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter().format(record) + repr(record.args))


@contextmanager
def _captured() -> Iterator[_Captured]:
    captured = _Captured()
    handler, root = _LogLines(captured.logged), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    out, err = (io.TextIOWrapper(one, encoding="utf-8", write_through=True) for one in (captured.out, captured.err))
    try:
        with warnings.catch_warnings(record=True) as warned, redirect_stdout(out), redirect_stderr(err):
            warnings.simplefilter("always")
            yield captured
            captured.warned = list(warned)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for stream in (out, err):
            stream.detach()


def _core_adapters(memory: Adapter, *, originals: bool) -> dict[str, Adapter]:
    from e11y.adapters import ConsoleAdapter, ConsoleSettings, MemoryAdapter, NullAdapter  # noqa: PLC0415

    adapters: dict[str, Adapter] = {
        "memory": memory,
        "pretty": ConsoleAdapter(ConsoleSettings(format="pretty")),
        "json": ConsoleAdapter(ConsoleSettings(format="json")),
        "null": NullAdapter(),
        "refuses": _Refusing(Capabilities(audit=True)),
    }
    if originals:
        vault = MemoryAdapter()
        vault.capabilities = Capabilities(audit=True, originals=True)
        adapters["vault"] = vault
        adapters["refuses originals"] = _Refusing(Capabilities(audit=True, originals=True))
    return adapters


class _Refusing:
    """Refuses every record, so that each becomes a dead letter."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities

    def write_batch(self, records: Sequence[Record]) -> None:
        raise Rejected("not wanted")

    def healthy(self) -> bool:
        return True

    def close(self) -> None:
        pass


class _Keeper:
    """Keeps dead letters."""

    name = "leak-probe"

    def __init__(self) -> None:
        self.kept: list[Record] = []

    @hookimpl
    def e11y_dead_letter(self, record: Record, adapter: str, reason: str) -> bool:
        del adapter, reason
        self.kept.append(record)
        return True


def _read(records: Sequence[Record]) -> Iterator[tuple[str, bytes]]:
    """Yield everything that can be had of records."""
    yield "encoded", b"\n".join(record.encoded() for record in records)
    yield "body", b"\n".join(record.encoded_body() for record in records)
    yield "pickled", b"".join(pickle.dumps(record) for record in records)
    parts = [
        [dict(one.payload), dict(one.context), dict(one.metadata)]
        for record in records
        for one in (record, *record.trail)
    ]
    yield "values", repr(parts).encode("utf-8", "replace")
    yield "repr", repr(records).encode("utf-8", "replace")


def _reprs(runtime: Runtime, plugins: Sequence[object], memory: MemoryAdapter) -> Iterator[tuple[str, str]]:
    from e11y.pipeline.explain import describe  # noqa: PLC0415

    yield "the runtime", repr(runtime) + repr(runtime.settings) + repr(runtime.adapters)
    yield "the ledger", str(runtime.ledger.snapshot())
    loaded = [runtime.plugins.plugin(name) for name, _ in runtime.plugins.implementations("e11y_filter")]
    yield "a plugin", repr([*plugins, *loaded])
    for event_type in {record.event_type for record in memory.records}:
        found = registry.find(event_type)
        if found is not None:
            plan = runtime.compiler.plan(found)
            yield "explain", repr(describe(plan, runtime.compiler.shape(plan, ()))) + repr(plan)
            yield "the generated source", runtime.compiler.source(found)
