"""What an exception that left the application says: that the client is gone, or what went wrong."""

from __future__ import annotations

from collections.abc import Iterator


def is_disconnect(error: BaseException, lost: BaseException | None) -> bool:
    """Return whether ``error`` is nothing but the news that the client is gone.

    Args:
        error: What left the application.
        lost: What the server's ``send`` raised because the client is gone (``OSError``, ASGI 2.4), if it did.
    """
    return all(_tells_so(one, lost) for one in _leaves(error))


def kind_of(error: BaseException) -> str:
    """Return the name of the exception's class; of a group around one exception, that of the one.

    Task groups wrap what happens in them: Starlette streams in one, and older versions let the group out.
    """
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return type(error).__name__


def _tells_so(error: BaseException, lost: BaseException | None) -> bool:
    if lost is not None and (error is lost or error.__context__ is lost or error.__cause__ is lost):
        return True
    # Starlette's and FastAPI's; known by name, since no framework is imported here.
    return any(kind.__name__ == "ClientDisconnect" for kind in type(error).__mro__)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error
