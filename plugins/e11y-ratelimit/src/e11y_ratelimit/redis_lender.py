"""Refills leases from Redis on a thread of its own, so that no caller ever waits for the network."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from e11y import ConfigError, Host, start_thread
from e11y_ratelimit.lease import Lease
from e11y_ratelimit.script import LEND
from e11y_ratelimit.settings import RedisSettings

if TYPE_CHECKING:
    import redis

_BATCH: Final = 200
_BETWEEN_S: Final = 0.005
_RETRY_S: Final = (0.1, 0.2, 0.5, 1.0)


class RedisLender:
    """Implements ``Lender`` with a Redis server, or one that speaks its protocol (Valkey).

    The thread starts with the first lease that runs low, in the process that uses it. When Redis cannot be
    reached, answers with an error, or takes longer than ``timeout``, the processes are on their own until it
    answers again; the thread asks every second at most.

    Args:
        settings: Of the table ``redis``.
        host: Gives the time, counts and reports.

    Raises:
        ConfigError: redis-py is not installed, or the URL is none.
    """

    def __init__(self, settings: RedisSettings, host: Host) -> None:
        self._settings = settings
        self._host = host
        self._monotonic = host.clock.monotonic
        self._client = _client(settings)
        self._namespace = f"{settings.prefix}:{host.service}:{host.environment}"
        self.reset()

    def reset(self) -> None:
        """Begin without a thread. For new lenders, and in forked children."""
        self.alone = False
        self.answer_by = math.inf
        self._wanted: dict[Lease, None] = {}
        self._asleep = True
        self._stopping = False
        self._failures = 0
        self._thread: threading.Thread | None = None
        self._unstarted = deque((None,))  # who takes it out starts the thread
        # A raw lock as a wake-up call: giving it never waits, so a signal handler may.
        self._call = threading.Lock()
        self._call.acquire()

    def want(self, lease: Lease, now: float) -> None:
        """Note that ``lease`` is running low. Never waits."""
        self._wanted[lease] = None
        if self._asleep:
            self._asleep = False
            self.answer_by = now + self._patience_s
            self._wake()

    def tend(self) -> None:
        """Try again to start the thread, if that failed; called every so often."""
        if self._thread is None and self.alone:
            self.reset()

    def stop(self) -> None:
        """End the thread; wait for it no longer than for one answer."""
        self._stopping = True
        thread = self._thread
        if thread is not None:
            self._wake()
            thread.join(self._patience_s)
        self._client.close()

    @property
    def _patience_s(self) -> float:
        return 2 * self._settings.timeout_s

    def _wake(self) -> None:
        if self._thread is None and not self._stopping:
            self._start()
        try:
            self._call.release()
        except RuntimeError:
            return  # "release unlocked lock": it is awake already

    def _start(self) -> None:
        try:
            self._unstarted.pop()
        except IndexError:
            return
        try:
            self._thread = start_thread(self._run, name="e11y-ratelimit")
        except RuntimeError as error:  # the process ends, or the system has no thread to give
            self.alone = True
            self._host.fault("start of the thread that fetches leases", error)

    def _run(self) -> None:
        while not self._stopping:
            if self._wanted:
                self._call.acquire(timeout=self._refill())  # only stop() calls now
                continue
            self.answer_by = math.inf
            self._asleep = True
            if not self._wanted:  # somebody may have wanted just before it slept, and not have called
                self._call.acquire()
            self._asleep = False

    def _refill(self) -> float:
        """Ask Redis for what is wanted; return for how many seconds not to ask again."""
        wanted, self._wanted = self._wanted, {}
        leases = list(wanted)
        for start in range(0, len(leases), _BATCH):
            self.answer_by = self._monotonic() + self._patience_s
            try:
                self._lend(leases[start : start + _BATCH])
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread goes on and the limits are local
                self._wanted.update(dict.fromkeys(leases[start:]))
                return self._failed(error)
        if self.alone:
            self.alone = False
            self._host.count("redis_recovered")
        self._failures = 0
        return _BETWEEN_S

    def _lend(self, leases: Sequence[Lease]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for lease in leases:
            pipeline.eval(LEND, 1, self._key(lease), lease.limit, round(lease.per_s * 1e6), lease.wish())
        answers = pipeline.execute()
        now = self._monotonic()
        for lease, (tokens, wait_us) in zip(leases, answers, strict=True):
            lease.lend(int(tokens), now + int(wait_us) / 1e6)

    def _key(self, lease: Lease) -> str:
        """Return the key: what a user is known by is hashed, and a limit that was changed is another one."""
        key = f"{self._namespace}:{lease.name}:{lease.limit}/{lease.per_s:g}s"
        if lease.key is None:
            return key
        return f"{key}:{hashlib.blake2b(str(lease.key).encode('utf-8', 'replace'), digest_size=16).hexdigest()}"

    def _failed(self, error: Exception) -> float:
        self.alone = True
        self._host.count("redis_failed")
        self._host.fault("fetching leases from Redis, limits are local until it answers", error)
        self._failures += 1
        return _RETRY_S[min(self._failures, len(_RETRY_S)) - 1]


def _client(settings: RedisSettings) -> redis.Redis:
    """Return a client, which connects when it is used.

    Raises:
        ConfigError: redis-py is not installed, or the URL is none.
    """
    where = "[tool.e11y.ratelimit.redis]"
    try:
        from redis import Redis  # noqa: PLC0415 - an extra
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "limits are to be shared over Redis, but redis-py is not installed",
            where=where,
            fix='pip install "e11y-ratelimit[redis]", or remove the table',
        ) from None
    try:
        return Redis.from_url(
            settings.url,
            socket_timeout=settings.timeout_s,
            socket_connect_timeout=settings.timeout_s,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:  # its text may hold the URL
        pass
    raise ConfigError(
        "setting 'url' is no address of a Redis server",
        where=where,
        fix='write  url = "redis://localhost:6379/0"',
    )
