"""Programs without a server, one function each: ``python programs.py NAME``.

One that waits for a signal says ``ready`` once everything is tracked.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from recorder import tick

import e11y

PAUSE_S = 0.05


def ends() -> None:
    tick(0, 100)
    time.sleep(PAUSE_S)


def fails() -> None:
    tick(0, 100)
    time.sleep(PAUSE_S)
    raise LookupError("as expected")


def waits() -> None:
    tick(0, 100)
    _wait()


def thread_tracks() -> None:
    e11y.watch_process()
    thread = threading.Thread(target=tick, args=(0, 100))
    thread.start()
    thread.join()
    _wait()


def exit_in_a_thread() -> None:
    def work() -> None:
        tick(0, 100)
        time.sleep(PAUSE_S)
        sys.exit(3)

    threading.Thread(target=work).start()


def tasks_left_over() -> None:
    async def left() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            tick(50, 50)

    async def main() -> None:
        task = asyncio.create_task(left())
        await asyncio.sleep(PAUSE_S)
        tick(0, 50)
        assert not task.done()

    asyncio.run(main())


def loop_waits() -> None:
    async def main() -> None:
        tick(0, 100)
        print("ready", flush=True)
        await asyncio.sleep(3600)

    asyncio.run(main())


def fork_and_exit() -> None:
    _fork(sys.exit)


def fork_and_os_exit() -> None:
    _fork(lambda: os._exit(0))


def fork_and_shut_down() -> None:
    def leave() -> None:
        e11y.shutdown()
        os._exit(0)

    _fork(leave)


def fork() -> None:
    _children("fork")


def spawn() -> None:
    _children("spawn")


def forkserver() -> None:
    _children("forkserver")


def terminated() -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    tick(0, 50)
    child = context.Process(target=_track_and_wait, args=(ready,))
    child.start()
    ready.wait(20)
    time.sleep(PAUSE_S)
    child.terminate()
    child.join()


def pool() -> None:
    tick(0, 20)
    with multiprocessing.get_context("fork").Pool(2) as workers:
        workers.starmap(tick, [(first, 20) for first in range(20, 100, 20)])


def executor() -> None:
    tick(0, 20)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as workers:
        list(workers.map(tick, range(20, 100, 20), [20] * 4))


def uvicorn_with_workers() -> None:
    import uvicorn

    uvicorn.run("asgi_app:app", port=int(sys.argv[2]), workers=2, lifespan="off", log_level="warning")


def _wait() -> None:
    print("ready", flush=True)
    while True:  # a signal just before it slept for good would not wake it: Python's handler runs between two calls
        time.sleep(0.1)


def _fork(leave: Callable[[], object]) -> None:
    tick(0, 50)
    child = os.fork()
    if not child:
        tick(50, 50)
        time.sleep(PAUSE_S)
        leave()
    os.waitpid(child, 0)


def _children(method: str) -> None:
    tick(0, 40)
    context = multiprocessing.get_context(method)
    children = [context.Process(target=tick, args=(first, 30)) for first in (40, 70)]
    for child in children:
        child.start()
    for child in children:
        child.join()


def _track_and_wait(ready: threading.Event) -> None:
    tick(50, 50)
    ready.set()
    time.sleep(3600)


if sys.argv[1] == "uvicorn_with_workers":
    e11y.watch_process()  # workers are spawned and import this file: SIGTERM is ours before uvicorn takes it over

if __name__ == "__main__":
    globals()[sys.argv[1]]()
