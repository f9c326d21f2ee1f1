"""The lifespan of an ASGI application: e11y starts before it and delivers at its end.

uvicorn raises the signal that stopped it once more, with the default handler in place, so nothing that runs at exit
is reached: the end of the lifespan is the last moment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import e11y
from e11y_web.plugin import WebPlugin

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


async def run_lifespan(web: WebPlugin, app: App, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """Run the lifespan of ``app``, or one in its place if it has none (Django's handler, bare callables).

    e11y is shut down when the last application of the process ends. That blocks for at most ``shutdown_timeout``.
    """
    was_asked = False
    web.lifespans += 1
    is_open = True

    def close() -> None:
        nonlocal is_open
        if is_open:
            is_open = False
            web.lifespans -= 1
            if not web.lifespans:
                e11y.shutdown()

    async def noting_receive() -> Message:
        nonlocal was_asked
        was_asked = True
        return await receive()

    async def delivering_send(message: Message) -> None:
        if message["type"].startswith("lifespan.shutdown."):
            close()
        await send(message)

    try:
        try:
            await app(scope, noting_receive, delivering_send)
        except Exception:
            if was_asked:
                raise
        if not was_asked:  # it refused the scope before it asked for the first message
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await delivering_send({"type": "lifespan.shutdown.complete"})
    finally:
        close()
