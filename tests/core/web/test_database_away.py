"""While the database does not answer, people read so and programs are told when to try again."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session, select

from trunkline.app import App
from trunkline.auth.models import UserSession
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins()


@pytest.fixture(params=[OperationalError("SELECT 1", {}, Exception("gone")), PoolTimeout("used up")])
def away(
    app: App, staff: Callable[..., Browser], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Browser:
    """Somebody who was signed in when it happened."""
    browser = staff("administrator")

    def gone(*_kind: str) -> AbstractContextManager[Session]:
        raise request.param

    for way in ("read", "write"):
        monkeypatch.setattr(app.database, way, gone)
    return browser


def test_a_page_says_so_in_the_readers_words_without_asking_the_database(away: Browser) -> None:
    for address in ("/customers", "/sign-in"):
        answer = away.get(address, headers={"Accept-Language": "fr"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert f'href="{address}"' in answer.text
        assert "Traceback" not in answer.text


def test_an_action_says_that_nothing_was_done(away: Browser) -> None:
    answer = away.post("/customers/new", data={"name": "Ana"})
    assert answer.status_code == 503
    assert "nothing was done" in answer.text


def test_programs_get_a_problem_with_the_time_of_the_next_try(away: Browser) -> None:
    answer = away.get("/api/v1/customers", headers={"Authorization": "Bearer x.y.z"})
    assert answer.status_code in (401, 503)
    answer = away.post("/api/v1/auth/login", json={"email": "ana@example.com", "password": "x" * 12})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Unavailable"


def test_an_action_is_answered_though_that_its_session_was_seen_cannot_be_written(
    app: App, staff: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_anything: object) -> None:
        raise PoolTimeout("used up")

    browser = staff("administrator")
    monkeypatch.setattr("trunkline.auth.sessions.TOUCH_EVERY", timedelta(0))
    monkeypatch.setattr("trunkline.auth.sessions._idle_seconds", gone)
    fields = {"kind": "individual", "name": "Ana Silva"}
    made = browser.submit("/customers/new", fields, follow_redirects=False)
    assert made.headers.get("location") == "/customers/C000001", made.text


def test_who_timed_out_reads_that_the_database_is_away_where_it_cannot_keep_their_form(
    app: App, staff: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> AbstractContextManager[Session]:
        raise PoolTimeout("used up")

    browser = staff("administrator")
    token = browser.csrf("/customers/new")
    with app.unit_of_work() as ctx:
        for session in ctx.session.scalars(select(UserSession)):
            session.last_seen_at -= timedelta(days=1)
    monkeypatch.setattr(app.database, "write", gone)
    answer = browser.post("/customers/new", data={"csrf_token": token, "name": "Ana Silva"})
    assert answer.status_code == 503
    assert "nothing was done" in answer.text
