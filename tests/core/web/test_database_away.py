"""While the database does not answer, people read so and programs are told when to try again."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from trunkline.app import App
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
