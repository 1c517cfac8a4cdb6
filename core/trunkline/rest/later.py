"""The REST application, put together after the first page can be served: it takes a quarter of a start and no page needs it."""

import threading
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from trunkline.assembling import assembling

if TYPE_CHECKING:
    from fastapi import FastAPI

    from trunkline.app import App

#: Whoever signs in first has the processor to themselves for so long.
_SECONDS_AFTER_START = 1.0


class LaterRest:
    """An ASGI application that is made once, by `begin_soon`'s thread or by the first request, which waits for it.

    What is wrong with a plugin's routes is named when it is made, a second after the start at the latest.
    """

    def __init__(self, app: "App") -> None:
        self._app = app
        self._made: FastAPI | None = None
        self._making = threading.Lock()

    def begin_soon(self) -> None:
        """Make it in a moment, beside the first pages."""
        timer = threading.Timer(_SECONDS_AFTER_START, self._make_for_good)
        timer.daemon = True
        timer.start()

    def _make_for_good(self) -> None:
        with assembling():
            self.made()

    def made(self) -> "FastAPI":
        """The application, made now when it is not yet. Takes half a second the first time."""
        with self._making:
            if self._made is None:
                from trunkline.rest.app import make_rest

                self._made = make_rest(self._app)
            return self._made

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return self.made().openapi()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        api = self._made
        if api is None:
            api = await run_in_threadpool(self.made)
        answered = False

        async def noticing(message: Message) -> None:
            nonlocal answered
            await send(message)
            answered = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            await api(scope, receive, noticing)
        except Exception:
            # The framework raises again what it has answered as a 500. That is in the log with the request's id, and the server
            # would write it down once more and cut the connection off, on which the next request may be under way.
            if not answered:
                raise
