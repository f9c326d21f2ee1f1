"""One sound adapter, and for each promise of the contract one that breaks exactly it.

This file is run by ``test_adapter_contract.py``; pytest does not collect it by itself.
"""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

from e11y.adapter import Adapter, Capabilities
from e11y.errors import Partial, Rejected, Retryable
from e11y.record import Record
from e11y.testing.adapter_contract import AdapterContract, MakeAdapter


@attrs.define(eq=False)
class Destination:
    """Stands for a server: it keeps lines, and it can be down or silent."""

    directory: Path
    lines: list[bytes] = attrs.field(factory=list)
    down: bool = False
    silence: threading.Event | None = None

    def accept(self, line: bytes) -> None:
        if self.down:
            raise ConnectionRefusedError
        if self.silence is not None:
            raise TimeoutError
        self.lines.append(line)


class SoundAdapter:
    capabilities: Any = Capabilities()

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self.closed = False

    def write_batch(self, records: Sequence[Record]) -> Any:
        if self.closed:
            raise Rejected("the adapter is closed")
        for record in records:
            self.destination.accept(record.encoded())

    def healthy(self) -> Any:
        return not self.destination.down

    def close(self) -> None:
        self.closed = True


class Contract(AdapterContract):
    """The contract for ``Subject``; ``breaks`` names the one test that must fail."""

    Subject: ClassVar[type[SoundAdapter]]
    breaks: ClassVar[str]

    @pytest.fixture
    def destination(self, tmp_path: Path) -> Destination:
        return Destination(tmp_path)

    @pytest.fixture
    def make_adapter(self, destination: Destination) -> MakeAdapter:
        def make(host: object) -> Adapter:
            adapter: Adapter = self.Subject(destination)
            return adapter

        return make

    @pytest.fixture
    def break_destination(self, destination: Destination) -> Callable[[], object]:
        return lambda: setattr(destination, "down", True)

    @pytest.fixture
    def silence_destination(self, destination: Destination) -> Callable[[], object]:
        return lambda: setattr(destination, "silence", threading.Event())

    @pytest.fixture
    def arrived(self, destination: Destination) -> Callable[[], bytes]:
        return lambda: b"\n".join(destination.lines)


class TestSound(Contract):
    Subject = SoundAdapter
    breaks = ""


class TestOneAtATime(Contract):
    breaks = ""

    class Subject(SoundAdapter):
        capabilities = Capabilities(batching=False)

        def write_batch(self, records: Sequence[Record]) -> None:
            assert len(records) == 1
            super().write_batch(records)


class TestWithoutAcknowledgement(Contract):
    breaks = ""

    class Subject(SoundAdapter):
        capabilities = Capabilities(acknowledges=False)

        def write_batch(self, records: Sequence[Record]) -> None:
            try:
                super().write_batch(records)
            except ConnectionRefusedError:
                return

        def healthy(self) -> bool:
            return True


class TestOpensAFileWhenMade(Contract):
    breaks = "test_is_made_without_io_or_threads"

    class Subject(SoundAdapter):
        def __init__(self, destination: Destination) -> None:
            super().__init__(destination)
            with (destination.directory / "lines").open("ab"):
                pass


class TestStartsAThreadWhenMade(Contract):
    breaks = "test_is_made_without_io_or_threads"

    class Subject(SoundAdapter):
        def __init__(self, destination: Destination) -> None:
            super().__init__(destination)
            threading.Thread(target=int).start()


class TestDeclaresCapabilitiesAsADict(Contract):
    breaks = "test_declares_its_capabilities"

    class Subject(SoundAdapter):
        capabilities: ClassVar[dict[str, bool]] = {"batching": True}


class TestHasASmallBuffer(Contract):
    breaks = "test_writes_batches_of_any_size"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            if len(records) > 100:
                raise Rejected("too many", split=True)
            super().write_batch(records)


class TestKnowsThreeSeverities(Contract):
    breaks = "test_writes_every_severity_in_one_batch"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            for record in records:
                {"info": 1, "warn": 2, "error": 3}[record.severity]
            super().write_batch(records)


class TestReturnsTrue(Contract):
    breaks = "test_returns_nothing"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> bool:
            super().write_batch(records)
            return True


class TestEncodesByItself(Contract):
    breaks = "test_takes_any_payload"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            for record in records:
                json.dumps(dict(record.payload))
            super().write_batch(records)


class TestNamesRecordsThatAreNotThere(Contract):
    breaks = "test_takes_any_payload"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            if "text" in records[0].payload:
                raise Partial({len(records): Rejected("the wrong index")})
            super().write_batch(records)


class TestTakesValuesOut(Contract):
    breaks = "test_leaves_records_and_batch_as_they_were"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            super().write_batch(records)
            for record in records:
                record.payload.get("dict", {}).clear()


class TestSortsTheBatch(Contract):
    breaks = "test_leaves_records_and_batch_as_they_were"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            super().write_batch(records)
            assert isinstance(records, list)
            records.reverse()


class TestWritesBackwards(Contract):
    breaks = "test_delivers_every_record_once_in_order"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            super().write_batch(records[::-1])


class TestSkipsTheLast(Contract):
    breaks = "test_delivers_every_record_once_in_order"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            super().write_batch(records[:-1] or records)


class TestWritesTwice(Contract):
    breaks = "test_delivers_every_record_once_in_order"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            super().write_batch(records)
            super().write_batch(records)


class TestSwallowsFailures(Contract):
    breaks = "test_tells_a_failure_by_raising"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            try:
                super().write_batch(records)
            except OSError:
                return


class TestRejectsWhileDown(Contract):
    breaks = "test_asks_for_a_retry_when_the_destination_is_down"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            try:
                super().write_batch(records)
            except OSError:
                raise Partial({0: Rejected("down"), 1: Retryable("down")}) from None


class TestRaisesItsOwnKind(Contract):
    breaks = "test_asks_for_a_retry_when_the_destination_is_down"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            try:
                super().write_batch(records)
            except OSError:
                raise RuntimeError("down") from None


class TestWaitsWithoutEnd(Contract):
    breaks = "test_gives_up_on_a_silent_destination"
    patience_s = 2.0

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            if self.destination.silence is not None:
                self.destination.silence.wait()
            super().write_batch(records)


class TestIsAlwaysHealthy(Contract):
    breaks = "test_answers_healthy_truthfully_within_a_second"

    class Subject(SoundAdapter):
        def healthy(self) -> bool:
            return True


class TestRaisesInsteadOfUnhealthy(Contract):
    breaks = "test_answers_healthy_truthfully_within_a_second"

    class Subject(SoundAdapter):
        def healthy(self) -> bool:
            if self.destination.down:
                raise ConnectionRefusedError
            return True


class TestThinksAboutItsHealth(Contract):
    breaks = "test_answers_healthy_truthfully_within_a_second"

    class Subject(SoundAdapter):
        def healthy(self) -> bool:
            threading.Event().wait(1.2)
            return True


class TestClosesOnce(Contract):
    breaks = "test_closes_twice"

    class Subject(SoundAdapter):
        def close(self) -> None:
            if self.closed:
                raise RuntimeError("closed already")
            super().close()


class TestWritesAfterClose(Contract):
    breaks = "test_refuses_to_write_once_closed"

    class Subject(SoundAdapter):
        def close(self) -> None:
            """Go on as if nothing had happened."""


class TestHangsAfterClose(Contract):
    breaks = "test_refuses_to_write_once_closed"
    patience_s = 2.0

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            if self.closed:
                threading.Event().wait()
            super().write_batch(records)


class TestShowsTheLastRecord(Contract):
    breaks = "test_keeps_payload_values_to_itself"

    class Subject(SoundAdapter):
        last: object = None

        def write_batch(self, records: Sequence[Record]) -> None:
            self.last = dict(records[-1].payload)
            super().write_batch(records)

        def __repr__(self) -> str:
            return f"<adapter after {self.last}>"


class TestLogsWhatItWrites(Contract):
    breaks = "test_keeps_payload_values_to_itself"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            logging.getLogger("loud").debug("writing %s", records[0].encoded())
            super().write_batch(records)


class TestQuotesWhatItCouldNotWrite(Contract):
    breaks = "test_keeps_payload_values_to_itself"

    class Subject(SoundAdapter):
        def write_batch(self, records: Sequence[Record]) -> None:
            try:
                super().write_batch(records)
            except OSError:
                raise Retryable(f"could not write {dict(records[0].payload)}") from None


class TestRemembersItsThread(Contract):
    breaks = "test_works_on_another_thread_than_it_was_made_on"

    class Subject(SoundAdapter):
        def __init__(self, destination: Destination) -> None:
            super().__init__(destination)
            self.local = threading.local()
            self.local.prefix = b""

        def write_batch(self, records: Sequence[Record]) -> None:
            assert self.local.prefix == b""
            super().write_batch(records)
