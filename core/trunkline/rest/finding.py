"""Finding the REST route that answers: routes of a first word are made when the first request for one of them comes.

Making a route costs a millisecond and 40 kB, and there are some hundreds; few programs use more than a handful of words.
"""

import threading
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from fastapi.routing import APIRoute

    from trunkline.app import App
    from trunkline.rest.routing import RestRoutes, TableOf


class DeclaredRoutes(BaseRoute):
    """Every declared REST route, `groups` beside their plugins. A group that cannot be made is named and left out."""

    def __init__(self, app: "App", groups: "list[tuple[str, RestRoutes]]") -> None:
        self._app = app
        self._groups = groups
        self._words = {_first_word(group.prefix) for _plugin, group in groups}
        self._made: dict[str, list[APIRoute]] = {}
        self._broken: set[int] = set()
        self._making = threading.Lock()

    def every(self) -> "list[APIRoute]":
        """All routes in the order of their declarations. Takes a third of a second the first time."""
        with self._making:
            return [route for plugin, group in self._groups for route in self._of(plugin, group)]

    def tables(self) -> "dict[str, TableOf]":
        """The tables that lists answer with, by address."""
        return {
            f"{group.prefix}{route.path}": route.table
            for _plugin, group in self._groups
            if id(group) not in self._broken
            for route in group.routes
            if route.table is not None
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Any request under one of our words: what no route takes is refused by `handle`."""
        ours = scope["type"] == "http" and _word_of(scope) in self._words
        return (Match.FULL, {}) if ours else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that takes the request answer it. Raises HTTPException 404 or, naming the methods, 405."""
        allowed: set[str] = set()
        for route in await self._likely(_word_of(scope)):
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                await route.handle(scope, receive, send)
                return
            if match is Match.PARTIAL:
                allowed |= route.methods or set()
        if allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        raise HTTPException(404)

    async def _likely(self, word: str) -> "list[APIRoute]":
        if word not in self._made:
            await run_in_threadpool(self._make, word)
        return self._made[word]

    def _make(self, word: str) -> None:
        with self._making:
            self._made[word] = [
                route
                for plugin, group in self._groups
                if _first_word(group.prefix) == word
                for route in self._of(plugin, group)
            ]

    def _of(self, plugin: str, group: "RestRoutes") -> "list[APIRoute]":
        if id(group) in self._broken:
            return []
        try:
            return group.made()
        except Exception as error:  # a plugin's code may raise anything
            self._broken.add(id(group))
            self._app.hooks.failed(plugin, f"REST routes {group.prefix}", error)
            return []


def _word_of(scope: Scope) -> str:
    return _first_word(scope["path"].removeprefix(scope.get("root_path", "")))


def _first_word(path: str) -> str:
    return path[1:].partition("/")[0]
