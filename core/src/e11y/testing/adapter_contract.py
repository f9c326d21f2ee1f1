"""What every adapter promises, as a test class that its author inherits.

    class TestWebhook(AdapterContract):
        @pytest.fixture
        def server(self):
            with LoopbackServer() as server:
                yield server

        @pytest.fixture
        def make_adapter(self, server):
            return lambda host: WebhookAdapter(WebhookSettings(url=server.url), host)

        @pytest.fixture
        def break_destination(self, server):
            return server.stop

Only ``make_adapter`` is needed. Each further fixture lets the kit check more; what it cannot check it skips,
with the name of the fixture that is missing.
"""

from __future__ import annotations

import copy
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

import pytest

from e11y.adapter import Adapter, Capabilities
from e11y.errors import ConfigError, Partial, Rejected, Retryable
from e11y.host import Host
from e11y.record import Record
from e11y.severity import SEVERITIES
from e11y.testing.deadline import call_within, error_of
from e11y.testing.io_watch import IoWatch
from e11y.testing.samples import CANARY, HARD_PAYLOADS, make_record, mark
from e11y.testing.standalone_host import StandaloneHost

F = TypeVar("F")

MakeAdapter = Callable[[Host], Adapter]


class AdapterContract:
    """Inherit it in a class whose name starts with ``Test``.

    Class attributes:
        patience_s: How long a single call may take while the destination is silent.
    """

    patience_s: ClassVar[float] = 5.0

    @pytest.fixture
    def make_adapter(self) -> MakeAdapter:
        """Return a function from a host to a new adapter whose destination is up and accepts everything."""
        raise ConfigError(
            "fixture 'make_adapter' is missing",
            where=f"class {type(self).__qualname__}",
            fix="add a pytest fixture 'make_adapter' that returns  lambda host: YourAdapter(settings, host)",
        )

    @pytest.fixture
    def break_destination(self) -> Callable[[], object] | None:
        """Return a function after which the destination cannot be reached."""
        return None

    @pytest.fixture
    def silence_destination(self) -> Callable[[], object] | None:
        """Return a function after which the destination accepts and never answers."""
        return None

    @pytest.fixture
    def arrived(self) -> Callable[[], bytes] | None:
        """Return a function that tells everything the destination has, uncompressed, in the order it came."""
        return None

    @pytest.fixture
    def host(self) -> StandaloneHost:
        """Return what the adapter is made with."""
        return StandaloneHost()

    @pytest.fixture
    def adapter(self, make_adapter: MakeAdapter, host: StandaloneHost) -> Iterator[Adapter]:
        """Return one adapter; closed afterwards."""
        adapter = make_adapter(host)
        yield adapter
        with suppress(Exception):  # closing has a test of its own
            adapter.close()

    def test_is_made_without_io_or_threads(self, make_adapter: MakeAdapter, host: StandaloneHost) -> None:
        make_adapter(host).close()  # what is imported lazily is imported now
        with IoWatch() as watch:
            adapter = make_adapter(host)
        adapter.close()
        assert not watch.seen, f"making it called {watch.seen}; wait with that until the first write_batch"

    def test_declares_its_capabilities(self, adapter: Adapter) -> None:
        assert isinstance(adapter.capabilities, Capabilities), "'capabilities' is not an e11y.Capabilities(...)"

    @pytest.mark.parametrize("size", [1, 2, 500])
    def test_writes_batches_of_any_size(self, adapter: Adapter, size: int) -> None:
        error = error_of(_write, adapter, _batch(size))
        assert error is None, f"{type(error).__name__} for a batch of {size} plain records"

    def test_writes_every_severity_in_one_batch(self, adapter: Adapter) -> None:
        batch = [make_record(number, severity=severity) for number, severity in enumerate(SEVERITIES)]
        error = error_of(_write, adapter, batch)
        assert error is None, f"{type(error).__name__} for a batch of all severities"

    def test_returns_nothing(self, adapter: Adapter) -> None:
        returned: list[object] = [None]
        with suppress(Exception):  # whether it can write has a test of its own
            returned = _write(adapter, _batch(1))
        assert returned == [None], "write_batch returned a value; raise to tell a failure"

    @pytest.mark.parametrize("payload", HARD_PAYLOADS.values(), ids=HARD_PAYLOADS.keys())
    def test_takes_any_payload(self, adapter: Adapter, payload: Mapping[str, Any]) -> None:
        batch = [make_record(1, payload)]
        error = error_of(_write, adapter, batch)
        assert error is None or not _complaint(error, batch), (
            f"{_complaint(error, batch)}; write the record or refuse it with Rejected(reason)"
        )

    def test_leaves_records_and_batch_as_they_were(self, adapter: Adapter) -> None:
        batch = [make_record(number, {"list": [3, 1, 2], "dict": {"a": {"b": 1}}}) for number in range(3)]
        order = list(batch)
        before = [_frozen(record) for record in batch]
        with suppress(Exception):  # whether it can write has a test of its own
            adapter.write_batch(batch if _capabilities(adapter).batching else batch[:1])
        assert [id(record) for record in batch] == [id(record) for record in order], "it changed the batch itself"
        assert [_frozen(record) for record in batch] == before, "it changed a record; other adapters share it"

    def test_delivers_every_record_once_in_order(self, adapter: Adapter, arrived: Callable[[], bytes] | None) -> None:
        read = _given(arrived, "arrived")
        _write(adapter, _batch(20))
        _write(adapter, [make_record(number) for number in range(20, 30)])
        marks = [mark(number).encode() for number in range(30)]
        blobs = [b""]  # what was read last is what is looked at: a destination may be tidied up meanwhile

        def is_complete() -> bool:
            blobs[0] = read()
            return all(each in blobs[0] for each in marks)

        _eventually(is_complete)
        (blob,) = blobs
        counts = [blob.count(each) for each in marks]
        lost = counts.count(0)
        assert counts == [1] * 30, f"of 30 records {lost} did not arrive, {30 - lost - counts.count(1)} came twice"
        places = [blob.index(each) for each in marks]
        assert places == sorted(places), "the records arrived in another order"

    def test_tells_a_failure_by_raising(self, adapter: Adapter, break_destination: Callable[[], object] | None) -> None:
        _break(adapter, break_destination)
        error = error_of(_write, adapter, _batch(2))
        assert error is not None, "write_batch returned although the destination is down: the records are lost"

    def test_asks_for_a_retry_when_the_destination_is_down(
        self, adapter: Adapter, break_destination: Callable[[], object] | None
    ) -> None:
        _break(adapter, break_destination)
        batch = _batch(2)
        error = error_of(_write, adapter, batch)
        if error is not None:  # whether it raises at all has a test of its own
            kind = type(error).__name__
            assert _is_retryable(error), f"{kind} while the destination is down; raise Retryable(reason)"

    def test_gives_up_on_a_silent_destination(
        self, adapter: Adapter, silence_destination: Callable[[], object] | None
    ) -> None:
        _given(silence_destination, "silence_destination")()
        call_within(self.patience_s, error_of, _write, adapter, _batch(1))

    def test_answers_healthy_truthfully_within_a_second(
        self, adapter: Adapter, break_destination: Callable[[], object] | None
    ) -> None:
        assert _health(adapter) is True, "healthy() is not True while the destination is up"
        if break_destination is not None and _capabilities(adapter).acknowledges:
            break_destination()
            down = _health(adapter)
            assert down is False, "healthy() is not False while the destination is down"

    def test_closes_twice(self, make_adapter: MakeAdapter, host: StandaloneHost) -> None:
        adapter = make_adapter(host)
        with suppress(Exception):  # whether it can write has a test of its own
            _write(adapter, _batch(1))
        call_within(self.patience_s, adapter.close)
        call_within(self.patience_s, adapter.close)

    def test_refuses_to_write_once_closed(self, adapter: Adapter) -> None:
        with suppress(Exception):  # closing has a test of its own
            adapter.close()
        error = call_within(self.patience_s, error_of, _write, adapter, _batch(1))
        assert error is not None, "write_batch returned after close(): the records are lost"

    def test_keeps_payload_values_to_itself(
        self,
        adapter: Adapter,
        break_destination: Callable[[], object] | None,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        batch = [make_record(1, {"email": CANARY, "deep": [{"email": CANARY}]})]
        errors = [error_of(_write, adapter, batch)]
        if break_destination is not None:
            break_destination()
            errors.append(error_of(_write, adapter, batch))
        texts = {"its repr": repr(adapter), "its str": str(adapter), "a log line": caplog.text}
        texts["an exception"] = "".join(_texts(error) for error in errors if error is not None)
        assert [where for where, text in texts.items() if CANARY in text] == [], "a payload value was shown"

    def test_works_on_another_thread_than_it_was_made_on(self, adapter: Adapter) -> None:
        here = error_of(_write, adapter, _batch(1))
        there = call_within(self.patience_s, error_of, _write, adapter, _batch(1))
        assert type(there) is type(here), f"{type(there).__name__} on another thread"


def _health(adapter: Adapter) -> object:
    """Return the first answer that comes within a second: a machine that stalls spoils one of three."""
    for _ in range(3):
        started = time.monotonic()
        healthy: object = call_within(5.0, adapter.healthy)
        if time.monotonic() - started <= 1.0:
            return healthy
    raise AssertionError("healthy() takes more than a second")


def _batch(size: int) -> list[Record]:
    return [make_record(number, {"customer": "c-1", "amount": 12.5}) for number in range(size)]


def _write(adapter: Adapter, records: Sequence[Record]) -> list[object]:
    """Write as core does: at once, or one at a time when the adapter asks for that."""
    if _capabilities(adapter).batching:
        return [adapter.write_batch(records)]  # type: ignore[func-returns-value]
    return [adapter.write_batch([record]) for record in records]  # type: ignore[func-returns-value]


def _capabilities(adapter: Adapter) -> Capabilities:
    declared: object = adapter.capabilities
    return declared if isinstance(declared, Capabilities) else Capabilities()  # that has a test of its own


def _given(fixture: F | None, name: str) -> F:
    if fixture is None:
        pytest.skip(f"add the fixture {name!r} to check this")
    return fixture


def _break(adapter: Adapter, break_destination: Callable[[], object] | None) -> None:
    if not _capabilities(adapter).acknowledges:
        pytest.skip("without acknowledgement a destination that is down cannot be noticed")
    broken = _given(break_destination, "break_destination")
    with suppress(Exception):  # a connection that is open already must not hide the failure
        _write(adapter, _batch(1))
    broken()


def _complaint(error: Exception | None, batch: Sequence[Record]) -> str:
    """Return what is wrong with ``error`` as an answer of ``write_batch``, or an empty text."""
    if isinstance(error, Partial):
        wrong = [index for index in error.failures if index not in range(len(batch))]
        kinds = {type(each).__name__ for each in error.failures.values()} - {"Retryable", "Rejected"}
        return f"Partial names indexes {wrong} and kinds {sorted(kinds)}" if wrong or kinds else ""
    if isinstance(error, (Retryable, Rejected, OSError)):
        return ""
    return f"{type(error).__name__} is not Retryable, Rejected or Partial"


def _is_retryable(error: BaseException) -> bool:
    if isinstance(error, Partial):
        return all(isinstance(each, Retryable) for each in error.failures.values())
    return isinstance(error, (Retryable, OSError))


def _frozen(record: Record) -> tuple[object, ...]:
    return (
        (record.name, record.severity, record.version, record.time_ns, record.trace, record.span, record.snapshot),
        copy.deepcopy(dict(record.payload)),
        copy.deepcopy(dict(record.metadata)),
        record.trail,
        record.encoded(),
        record.encoded_body(),
    )


def _texts(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


def _eventually(condition: Callable[[], bool], timeout_s: float = 2.0) -> None:
    """Give a destination without acknowledgement time to read what was sent."""
    pause = threading.Event()
    for _ in range(round(timeout_s / 0.02)):
        if condition():
            return
        pause.wait(0.02)
