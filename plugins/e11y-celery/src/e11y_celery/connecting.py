"""The one line that an application adds."""

from __future__ import annotations


def connect() -> None:
    """Listen to Celery's signals, in this process and in those that are forked from it.

    Call it once, in the module that makes the Celery application: workers, publishers and beat all import that. A
    second call changes nothing. Starts nothing; signals are the same for all Celery applications of a process.
    """
    from e11y_celery.receivers import connect_all  # noqa: PLC0415 - Celery takes a quarter of a second

    connect_all()
