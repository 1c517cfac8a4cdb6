"""The route of an address by its first word: asking some 460 routes one by one took longer than many a page's own work."""

from collections.abc import Sequence
from typing import Any

from starlette.convertors import PathConvertor
from starlette.routing import BaseRoute, Match, Mount, Route, Router
from starlette.types import Lifespan, Receive, Scope, Send


class ByFirstWord(Router):
    """A router that first looks among the routes whose addresses begin with the same word, in their order.

    Of those, the ones with another number of words are left out. What none takes, by its address or by its method, is put to all
    routes, one after the other.
    """

    def __init__(self, routes: Sequence[BaseRoute], lifespan: Lifespan[Any] | None = None) -> None:
        super().__init__(routes, lifespan=lifespan)
        self._by_word: dict[str, list[Mount | Route]] = {}
        for route in routes:
            if isinstance(route, (Mount, Route)) and "{" not in (word := _first_word(route.path)):
                self._by_word.setdefault(word, []).append(route)
        #: By the first word and the number of slashes.
        self._by_length: dict[tuple[str, int], list[Mount | Route]] = {
            (word, slashes): [one for one in theirs if _may_take(one, slashes)]
            for word, theirs in self._by_word.items()
            for slashes in {route.path.count("/") for route in theirs}
        }

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that takes the request answer it."""
        if scope["type"] == "http" and not scope.get("root_path"):
            path = scope["path"]
            word = _first_word(path)
            for route in self._by_length.get((word, path.count("/")), self._by_word.get(word, [])):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.setdefault("router", self)
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await super().app(scope, receive, send)


def _may_take(route: Mount | Route, slashes: int) -> bool:
    """Whether a route may take addresses with so many slashes."""
    if isinstance(route, Mount) or any(
        isinstance(one, PathConvertor) for one in route.param_convertors.values()
    ):
        return True
    return route.path.count("/") == slashes


def _first_word(path: str) -> str:
    return path[1:].partition("/")[0]
