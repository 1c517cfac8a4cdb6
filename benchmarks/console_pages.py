"""Whole pages, for `benchmarks.console`, as a browser asks for them: what they cost, and how often a page asks the database.

The web application answers in this process, without a network; its threads and the database's connections are counted together.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.console_figures import Count, Question
from benchmarks.operator_at_size import People

if TYPE_CHECKING:
    from starlette.responses import Response

    from trunkline.app import App
    from trunkline.web.pages import Page

_CUSTOMER_LIMIT, _LIST_LIMIT, _SHELL_QUERIES = 5.0, 60.0, 4
_EMAIL, _PASSWORD = "bench@example.com", "correct horse battery staple"
#: So many customers are opened.
_OPENED = 60
#: PostgreSQL plans a statement anew five times before it keeps a plan, as every process that serves pages has it do once.
_WARMED = 40


def _loop_of_a_server() -> asyncio.AbstractEventLoop:
    """A loop that one task keeps running, as a server's does: the threads that answer live as long as that task.

    Asked page by page, each page would pay for a thread of its own.
    """
    loop, runs = asyncio.new_event_loop(), threading.Event()

    async def for_ever() -> None:
        runs.set()
        await asyncio.Event().wait()

    threading.Thread(target=loop.run_until_complete, args=(for_ever(),), daemon=True).start()
    runs.wait()
    return loop


class _Visitor:
    """An administrator who is signed in."""

    def __init__(self, app: "App") -> None:
        from trunkline.auth import sign_in
        from trunkline.auth.sessions import RequestFacts
        from trunkline.web.app import make_web

        facts = RequestFacts("127.0.0.1", "benchmark")
        self.token = sign_in.open_session(
            app, sign_in.prove(app, _administrator(app), _PASSWORD, facts), facts
        )
        self.asgi = make_web(app, rest_later=True)
        self._loop = _loop_of_a_server()

    def add(self, path: str, handler: "Callable[[Page], Response]") -> None:
        """A page of the benchmark's own, before all others."""
        from starlette.routing import Route

        from trunkline.web.endpoint import endpoint
        from trunkline.web.pages import SIGNED_IN, PageRoute

        route = PageRoute(path, ("GET",), handler, SIGNED_IN)
        self.asgi.router.routes.insert(0, Route(path, endpoint(self.asgi.state.web, route)))

    def get(self, path: str) -> int:
        """Ask for a page; its length in bytes. Raises RuntimeError for anything but a page."""
        status, size = asyncio.run_coroutine_threadsafe(self._answer(path), self._loop).result()
        if status != 200:
            raise RuntimeError(f"{path} answers {status}")
        return size

    async def _answer(self, path: str) -> tuple[int, int]:
        status, size = 0, 0

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))

        where, _sign, query = path.partition("?")
        await self.asgi(self.scope(where, query), receive, send)
        return status, size

    def scope(self, path: str, query: str = "") -> dict[str, Any]:
        """What a server would say of the request."""
        from trunkline.web.cookies import PLAIN_NAME

        headers = [(b"host", b"localhost"), (b"cookie", f"{PLAIN_NAME}={self.token}".encode())]
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": headers,
        }
        return {**scope, "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 5)}


def _administrator(app: "App") -> str:
    from sqlmodel import col, select

    from trunkline.auth.models import User
    from trunkline.auth.operations import create_staff_user

    with app.reading() as ctx:
        there = ctx.session.scalars(select(col(User.id)).where(col(User.email) == _EMAIL)).first()
    if there is None:
        create_staff_user(app, _EMAIL, "administrator", _PASSWORD)
    return _EMAIL


def pages(app: "App", size: int) -> Sequence[Question]:
    """Customers' pages all over the table, and the first page of every list.

    A page without contents is their floor: what it takes more than elsewhere, the machine was slower at that time.
    """
    visitor = _Visitor(app)

    def page(figure: str, limit: float, path: str) -> Question:
        return Question(figure, limit, lambda _app: visitor.get(path), path, threads=True)

    step = max(1, size // _OPENED)
    opened = [f"/customers/C{place:06d}" for place in range(1, size + 1, step)]
    for _ in range(_WARMED):
        visitor.get(opened[0])
    questions = [page("page of a customer", _CUSTOMER_LIMIT, path) for path in opened[:_OPENED]]
    visitor.add("/bench/floor", lambda shown: shown.render("staff.html"))
    questions += [page("floor: a page without contents", _CUSTOMER_LIMIT, "/bench/floor")] * 3
    people = [People().at(place) for place in range(7, size, step)]
    questions += [
        page("page found by number", _LIST_LIMIT, f"/search?q={one.phone[3:]}") for one in people[:10]
    ]
    return questions + [
        page("pages of lists, drawn", _LIST_LIMIT, one.path) for _name, one in sorted(app.lists.items())
    ]


# How often the shell asks


def counts(kind: str, app: "App") -> list[Count]:
    """Queries of a page without contents of its own, with what every page asks of who is there.

    A contribution is a badge of the menu, or a slot in what surrounds every page, of those that the visitor may see. Only the
    driver of SQLite tells of every statement; the pages are the same on both.
    """
    if not app.database.is_sqlite:
        return []
    visitor = _Visitor(app)
    asked, contributions = list[str](), list[str]()

    def shell(page: "Page") -> "Response":
        contributions[:] = _contributions(page)
        # What the process remembers for a moment is asked again: this is the dearest page.
        page.web._badges.clear()
        return page.render("staff.html")

    visitor.add("/bench/shell", shell)
    visitor.get("/bench/shell")
    with _told(app, asked):
        visitor.get("/bench/shell")
    queries = [
        one
        for one in asked
        if one.split(None, 1)[0].upper() in ("SELECT", "WITH", "UPDATE", "INSERT", "DELETE")
    ]
    limit = _SHELL_QUERIES + len(contributions)
    note = f"of which one each for {', '.join(contributions)}" if contributions else ""
    return [Count(f"{kind}: queries of the shell on a page without contents", len(queries), limit, note)]


def _contributions(page: "Page") -> list[str]:
    shown, _active = page.web._shown(page)
    badges = [f"badge of {item.path}" for _plugin, item in shown if item.badge is not None]
    slots = [
        f"{place} {slot.name}"
        for place in ("top.actions", "page.banner")
        for _plugin, slot in page.ctx.app.slots.get(place, [])
        if page.can(slot.permission)
    ]
    return badges + slots


@contextmanager
def _told(app: "App", asked: list[str]) -> Iterator[None]:
    """Every statement that SQLite runs in the block. The driver itself tells: what is prepared does not go through SQLAlchemy."""
    from sqlalchemy import event

    watched: list[Any] = []

    def watch(connection: Any, *_rest: object) -> None:
        watched.append(connection)
        connection.set_trace_callback(asked.append)

    event.listen(app.database.engine, "checkout", watch)
    try:
        yield
    finally:
        event.remove(app.database.engine, "checkout", watch)
        for connection in watched:
            connection.set_trace_callback(None)
