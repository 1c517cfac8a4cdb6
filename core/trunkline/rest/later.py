"""The REST application, put together when the first program asks: no page needs it."""

import threading
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from trunkline.rest.document import Document

if TYPE_CHECKING:
    from fastapi import FastAPI

    from trunkline.app import App


class LaterRest:
    """An ASGI application that is made once, by the first request, which waits for it.

    What is wrong with a plugin's routes is named when one of them is first asked for, or the document of all.
    """

    def __init__(self, app: "App", *, document_apart: bool = False) -> None:
        self._app = app
        self._made: FastAPI | None = None
        self._making = threading.Lock()
        self._document = Document(app, apart=document_apart)

    def make_all(self) -> None:
        """Make it and each of its routes now."""
        from trunkline.rest.app import routes_of

        self._make()
        self._app.part(routes_of).every()

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return self._document.read()

    def _make(self) -> "FastAPI":
        with self._making:
            if self._made is None:
                from trunkline.rest.app import make_rest

                self._made = make_rest(self._app, self._document)
            return self._made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        api = self._made
        if api is None:
            api = await run_in_threadpool(self._make)
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
