"""Parts of an application, such as a count of requests: one of each, also when many ask first at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from trunkline.app import App

pytestmark = pytest.mark.plugins()


class Part:
    """Takes a moment to be made, and asks for a further part meanwhile."""

    def __init__(self, app: App) -> None:
        self.further = app.part(Further)
        threading.Event().wait(0.05)


class Further:
    def __init__(self, app: App) -> None: ...


def test_many_who_ask_first_at_once_get_the_same_part(app: App) -> None:
    together = threading.Barrier(6)

    def ask(_n: int) -> Part:
        together.wait()
        return app.part(Part)

    with ThreadPoolExecutor(6) as threads:
        found = set(threads.map(ask, range(6)))
    assert len(found) == 1
    assert found.pop().further is app.part(Further)


def test_a_commit_has_what_was_remembered_asked_again(app: App) -> None:
    before = app.database.commits
    with app.reading():
        pass
    assert app.database.commits == before
    with app.unit_of_work() as ctx:
        ctx.session.connection()
    assert app.database.commits != before
