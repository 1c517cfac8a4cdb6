"""Two who do the same thing at once: whoever comes second is answered by what the first has done, not with an error."""

import threading
from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from tests.core.waiting import PATIENCE, until_somebody_waits
from trunkline.app import App
from trunkline.auth.models import User, UserKind
from trunkline.customers.models import Customer
from trunkline.db import numbers
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]


def test_a_program_that_sends_a_request_twice_at_once_gets_one_answer_twice(
    app: App, make_client: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    create_user(app, "api@example.com", "administrator")
    login = {"email": "api@example.com", "password": PASSWORD}
    token = make_client().post("/api/v1/auth/login", json=login).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "one"}
    usual, began, answers = numbers.next_number, threading.Event(), []

    def take(session: Session, kind: str, reseller_id: int | None = None) -> str:
        number = usual(session, kind, reseller_id)
        if not began.is_set():
            began.set()
            until_somebody_waits(app)
        return number

    def send() -> None:
        body = {"kind": "individual", "name": "Ana Silva"}
        answers.append(make_client().post("/api/v1/customers", json=body, headers=headers))

    monkeypatch.setattr("trunkline.customers.operations.next_number", take)
    threads = [threading.Thread(target=send) for _ in range(2)]
    threads[0].start()
    assert began.wait(PATIENCE)
    threads[1].start()
    for thread in threads:
        thread.join(PATIENCE)
    assert [answer.status_code for answer in answers] == [201, 201], [answer.text for answer in answers]
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count("true") == 1
    with app.reading() as ctx:
        assert [one.name for one in ctx.session.scalars(select(Customer))] == ["Ana Silva"]


def test_who_invites_somebody_in_the_moment_in_which_another_does_reads_so(
    app: App, staff: Callable[..., Browser]
) -> None:
    browser, answers = staff("administrator"), []
    form = {"email": "bia@example.com", "name": "Bia", "language": "en", "roles": "agent"}

    def send() -> None:
        answers.append(browser.submit("/users/new", form))

    sending = threading.Thread(target=send)
    with app.unit_of_work() as ctx:
        ctx.session.add(User(email="bia@example.com", name="Bia", kind=UserKind.STAFF, language="en"))
        ctx.session.flush()
        sending.start()
        until_somebody_waits(app)
    sending.join(PATIENCE)
    (answer,) = answers
    assert answer.status_code in (409, 422)
    assert "can sign in already" in answer.text
