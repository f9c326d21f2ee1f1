"""A response body whose chunks are made inside their request."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Self

from e11y_web.exchange import Exchange


class Body(Iterator[bytes]):
    """Wraps the body of a response: each chunk is made in the request's context, and the end of the body ends it.

    Args:
        chunks: The body. Its ``close``, if it has one, is called by ``close``.
        exchange: The request.
    """

    def __init__(self, chunks: Iterable[bytes], exchange: Exchange) -> None:
        self._exchange = exchange
        self._body = chunks
        self._chunks: Iterator[bytes] | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """Return the next chunk; an exception ends the request at once."""
        exchange = self._exchange
        before = exchange.enter()
        try:
            if self._chunks is None:
                self._chunks = iter(self._body)
            return next(self._chunks)
        except StopIteration:
            exchange.is_complete = True
            raise
        except BaseException as error:
            exchange.end(error)
            raise
        finally:
            exchange.leave(before)

    def close(self) -> None:
        """End the request; a body that was not read to its end had nobody to read it."""
        exchange = self._exchange
        exchange.is_gone = True
        before = exchange.enter()
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            exchange.end(error)
            raise
        finally:
            exchange.leave(before)
            exchange.end()

    def __del__(self) -> None:
        """End a request whose server forgot to close the body, against PEP 3333."""
        self._exchange.is_gone = True
        self._exchange.end()


class AsyncBody(AsyncIterator[bytes]):
    """The same for a body that is made asynchronously, in the task that the request was opened in.

    Args:
        chunks: The body.
        exchange: The request.
    """

    def __init__(self, chunks: AsyncIterable[bytes], exchange: Exchange) -> None:
        self._exchange = exchange
        self._chunks = aiter(chunks)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the next chunk; the last one and an exception end the request."""
        exchange = self._exchange
        before = exchange.enter()
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            exchange.is_complete = True
            exchange.end()
            raise
        except BaseException as error:
            exchange.end(error)
            raise
        finally:
            exchange.leave(before)

    def close(self) -> None:
        """End a request whose body was not read to its end."""
        self._exchange.is_gone = True
        self._exchange.end()

    def __del__(self) -> None:
        """End a request that was given up without closing the response, as Django 5.0 does when a client leaves."""
        self.close()
