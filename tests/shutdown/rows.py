"""The rows of the matrix: every way in which a process ends that the tests start and stop."""

from __future__ import annotations

import attrs

UVICORN = ("-m", "uvicorn", "--port", "{port}", "--log-level", "warning")
GUNICORN = ("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "--graceful-timeout", "20")
UVICORN_WORKER = ("--worker-class", "uvicorn_worker.UvicornWorker")
GEVENT = ("--worker-class", "gevent")
WITH_HOOK = (*GEVENT, "--config", "python:gunicorn_hooks")
HYPERCORN = ("-m", "hypercorn", "--bind", "127.0.0.1:{port}", "--log-level", "warning")
# granian, and uWSGI with --lazy-apps, get one worker: they wait for a minute for one that still imports the application
# when the signal comes.
GRANIAN = ("-m", "granian", "--port", "{port}", "--no-log")
UWSGI = ("-c", "import pyuwsgi; pyuwsgi.run()", "--http-socket", "127.0.0.1:{port}", "--master", "--die-on-term")
CELERY = ("-m", "celery", "-A", "celery_app", "--broker", "{broker}", "worker", "-l", "INFO", "--without-mingle")
ASGI, WSGI = "asgi_app:app", "wsgi_app:app"

ATEXIT = "what runs at exit delivers"
LIFESPAN = "the ASGI middleware delivers at the end of the lifespan; an application without one gets one"
SIGTERM = "e11y takes SIGTERM where nobody else does, delivers, and lets the signal go on"
UWSGI_ATEXIT = "uWSGI ends the interpreter of an idle worker in the ordinary way: " + ATEXIT
GREENLETS = "gunicorn's `worker_exit` calls `e11y.shutdown()`: see below, why that is needed"
POOL_CHILD = "children end by `os._exit`; before that Celery sends `worker_process_shutdown`, and e11y-celery delivers"
POOL_WITHIN = "tasks run in the main process, and Celery exits in the ordinary way: " + ATEXIT
FINALIZER = "the child ends by `os._exit`, but runs the finalizers of multiprocessing first, and e11y has one there"


@attrs.frozen
class Row:
    """One way to start and to stop a process.

    Args:
        name: Unique, as it stands in the page.
        command: What follows ``python``; ``{port}`` is where a server has to listen, ``{broker}`` where a worker finds
            its tasks.
        why: Why nothing is lost, or why something is.
        signalled: Name of the signal that ends it; empty: it ends by itself.
        around: Name of the row that shows the way around, where this one loses events. Empty: it loses none.
        loses_on: Versions of Python on which this one loses events, where that depends on it.
        pause_s: Between two requests, for servers that recycle their workers.
    """

    name: str
    command: tuple[str, ...]
    why: str
    signalled: str = attrs.field(default="SIGTERM", kw_only=True)
    around: str = attrs.field(default="", kw_only=True)
    loses_on: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    pause_s: float = attrs.field(default=0.0, kw_only=True)

    @property
    def serves(self) -> bool:
        """Whether it is a server, and events come by requests."""
        return any("{port}" in word for word in self.command)

    def loses(self, version: str) -> bool:
        """Return whether it loses events on a version of Python, for example ``3.12``."""
        return bool(self.around) and (not self.loses_on or version in self.loses_on)

    @property
    def works(self) -> bool:
        """Whether it is a worker, and events come by tasks."""
        return "{broker}" in self.command


def _program(name: str, function: str, why: str, *, signalled: str = "", around: str = "") -> Row:
    return Row(name, ("programs.py", function), why, signalled=signalled, around=around)


def _recycled(name: str, why: str, *command: str) -> Row:
    # uvicorn looks ten times a second whether it has had enough, and closes what it accepted meanwhile.
    return Row(name, command, why, pause_s=0.5 if UVICORN_WORKER[1] in command else 0.12)


ROWS = (
    _program("script that ends", "ends", ATEXIT),
    _program("script that fails", "fails", ATEXIT),
    _program("script, SIGTERM", "waits", SIGTERM, signalled="SIGTERM"),
    _program("script, Ctrl-C", "waits", "KeyboardInterrupt leaves the script; " + ATEXIT, signalled="SIGINT"),
    _program(
        "script, SIGTERM, events only in other threads",
        "thread_tracks",
        "the same, for `e11y.watch_process()` ran on the main thread: no other one may take a signal",
        signalled="SIGTERM",
    ),
    _program("`sys.exit()` in a thread", "exit_in_a_thread", "it ends the thread alone; " + ATEXIT),
    _program("`asyncio.run` with tasks left over", "tasks_left_over", "they are cancelled, then " + ATEXIT),
    _program("`asyncio.run`, SIGTERM", "loop_waits", SIGTERM, signalled="SIGTERM"),
    _program("`os.fork`, child leaves by `sys.exit`", "fork_and_exit", ATEXIT + ", in the child too"),
    _program(
        "`os.fork`, child leaves by `os._exit`",
        "fork_and_os_exit",
        "nothing runs any more in the child: what it holds is lost",
        around="`os.fork`, child calls `e11y.shutdown()` before `os._exit`",
    ),
    _program("`os.fork`, child calls `e11y.shutdown()` before `os._exit`", "fork_and_shut_down", "it says so itself"),
    _program("multiprocessing, fork", "fork", FINALIZER),
    _program("multiprocessing, spawn", "spawn", ATEXIT + ", in each child: it is an interpreter of its own"),
    _program("multiprocessing, forkserver", "forkserver", FINALIZER),
    _program("multiprocessing, `Process.terminate()`", "terminated", SIGTERM),
    _program("multiprocessing, `Pool` as a context manager", "pool", "it sends SIGTERM to its workers: " + SIGTERM),
    _program("`ProcessPoolExecutor`", "executor", FINALIZER),
    Row("uvicorn", (*UVICORN, ASGI), LIFESPAN),
    Row("uvicorn, 2 workers", (*UVICORN, "--workers", "2", ASGI), LIFESPAN),
    Row(
        "uvicorn, `--limit-max-requests`",
        (*UVICORN, "--limit-max-requests", "10", ASGI),
        LIFESPAN,
        signalled="",
    ),
    Row(
        "uvicorn, `--lifespan off`",
        (*UVICORN, "--lifespan", "off", ASGI),
        "uvicorn imports the application before it takes SIGTERM, and raises it again at the end: e11y takes it then",
    ),
    Row(
        "uvicorn, 2 workers, `--lifespan off`",
        (*UVICORN, "--workers", "2", "--lifespan", "off", ASGI),
        "a worker takes SIGTERM before it imports the application, and at the end raises it again with the default "
        "handler: nothing of ours runs in between. Leave the lifespan on, or start uvicorn from a program that calls "
        "`e11y.watch_process()` first",
        around="uvicorn from a program, 2 workers, `lifespan=\"off\"`",
    ),
    Row(
        "uvicorn from a program, 2 workers, `lifespan=\"off\"`",
        ("programs.py", "uvicorn_with_workers", "{port}"),
        "the program calls `e11y.watch_process()` when it is imported, which every worker does before uvicorn "
        "takes SIGTERM: the signal that uvicorn raises again is delivered to e11y",
    ),
    Row("gunicorn sync", (*GUNICORN, WSGI), ATEXIT),
    Row("gunicorn sync, preload", (*GUNICORN, "--preload", WSGI), ATEXIT),
    _recycled("gunicorn sync, `--max-requests`", ATEXIT, *GUNICORN, "--max-requests", "3", WSGI),
    Row("gunicorn gthread", (*GUNICORN, "--threads", "4", WSGI), ATEXIT),
    Row("gunicorn gthread, preload", (*GUNICORN, "--threads", "4", "--preload", WSGI), ATEXIT),
    _recycled(
        "gunicorn gthread, `--max-requests`", ATEXIT, *GUNICORN, "--threads", "2", "--max-requests", "3", WSGI
    ),
    Row("gunicorn, uvicorn workers", (*GUNICORN, *UVICORN_WORKER, ASGI), LIFESPAN),
    Row("gunicorn, uvicorn workers, preload", (*GUNICORN, *UVICORN_WORKER, "--preload", ASGI), LIFESPAN),
    _recycled(
        "gunicorn, uvicorn workers, `--max-requests`",
        LIFESPAN,
        *(*GUNICORN, *UVICORN_WORKER, "--max-requests", "3", ASGI),
    ),
    Row(
        "gunicorn gevent, without the hook",
        (*GUNICORN, *GEVENT, WSGI),
        "an adapter that looks its host up for the first time at exit needs a thread that Python 3.12 refuses to start "
        "then, see below. Beside a dead adapter that thread is mostly there already",
        around="gunicorn gevent, with the hook",
        loses_on=("3.12",),
    ),
    Row("gunicorn gevent, with the hook", (*GUNICORN, *WITH_HOOK, WSGI), GREENLETS),
    Row("gunicorn gevent, preload, with the hook", (*GUNICORN, *WITH_HOOK, "--preload", WSGI), GREENLETS),
    _recycled(
        "gunicorn gevent, `--max-requests`, with the hook",
        GREENLETS,
        *(*GUNICORN, *WITH_HOOK, "--max-requests", "3", WSGI),
    ),
    Row("uWSGI", (*UWSGI, "--processes", "2", "--wsgi", WSGI), UWSGI_ATEXIT),
    Row("uWSGI, `--lazy-apps`", (*UWSGI, "--lazy-apps", "--wsgi", WSGI), UWSGI_ATEXIT),
    Row("uWSGI, `--threads`", (*UWSGI, "--threads", "2", "--wsgi", WSGI), UWSGI_ATEXIT),
    _recycled(
        "uWSGI, `--max-requests`",
        UWSGI_ATEXIT,
        *(*UWSGI, "--max-requests", "4", "--min-worker-lifetime", "0", "--wsgi", WSGI),
    ),
    Row(
        "uWSGI, `--skip-atexit-teardown`",
        (*UWSGI, "--processes", "2", "--skip-atexit-teardown", "--wsgi", WSGI),
        "uWSGI ends its workers without telling Python. Leave the option out, or set `uwsgi.atexit = e11y.shutdown`",
        around="uWSGI, `--skip-atexit-teardown`, with `uwsgi.atexit = e11y.shutdown`",
    ),
    Row(
        "uWSGI, `--skip-atexit-teardown`, with `uwsgi.atexit = e11y.shutdown`",
        (*UWSGI, "--processes", "2", "--skip-atexit-teardown", "--wsgi", "uwsgi_app:app"),
        "uWSGI calls that function also then",
    ),
    Row("waitress", ("-m", "waitress", "--listen", "127.0.0.1:{port}", WSGI), SIGTERM),
    Row("hypercorn", (*HYPERCORN, ASGI), LIFESPAN),
    Row("hypercorn, 2 workers", (*HYPERCORN, "--workers", "2", ASGI), LIFESPAN),
    Row("granian, ASGI", (*GRANIAN, "--interface", "asgi", ASGI), LIFESPAN),
    Row("granian, WSGI", (*GRANIAN, "--interface", "wsgi", WSGI), ATEXIT),
    Row("Celery prefork", (*CELERY, "--pool=prefork", "--concurrency=2"), POOL_CHILD),
    Row(
        "Celery prefork, `--max-tasks-per-child=1`",
        (*CELERY, "--pool=prefork", "--concurrency=2", "--max-tasks-per-child=1"),
        POOL_CHILD,
    ),
    Row("Celery threads", (*CELERY, "--pool=threads", "--concurrency=4"), POOL_WITHIN),
    Row("Celery solo", (*CELERY, "--pool=solo"), POOL_WITHIN),
    Row("Celery gevent", (*CELERY, "--pool=gevent", "--concurrency=4"), POOL_WITHIN),
)  # fmt: skip
