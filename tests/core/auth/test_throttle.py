"""Brakes on guessing: they grow, hold across processes, and say nothing about who exists."""

import threading

import pytest

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.auth import sign_in
from trunkline.auth.sessions import RequestFacts
from trunkline.auth.throttle import SignInThrottle
from trunkline.errors import TooManyRequests, Unauthenticated
from trunkline.jobs.wake import Silent
from trunkline.settings import operations as settings
from trunkline.testing import PASSWORD, create_user

pytestmark = pytest.mark.plugins()

HERE = RequestFacts("192.0.2.7", "Mozilla/5.0")


def free_attempts(app: App, per_account: int, per_address: int = 50) -> None:
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"attempts_per_account": per_account, "attempts_per_address": per_address})


def fail(app: App, email: str, facts: RequestFacts = HERE) -> str:
    """What a wrong password is answered."""
    with pytest.raises((Unauthenticated, TooManyRequests)) as refused:
        sign_in.prove(app, email, "not the password", facts)
    return refused.value.message


@pytest.mark.both_databases
def test_an_account_waits_longer_after_each_further_failure_an_hour_at_most(
    app: App, clock: StandingClock
) -> None:
    create_user(app, "ana@example.com", "cashier")
    free_attempts(app, 3)
    for _n in range(3):
        assert fail(app, "ana@example.com") == "The e-mail address or the password is wrong."
    waits = []
    for _n in range(8):
        message = fail(app, "ana@example.com")
        waits.append(int(message.split()[6]))
        clock.pass_time(minutes=waits[-1], seconds=1)
        assert fail(app, "ana@example.com") == "The e-mail address or the password is wrong."
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.both_databases
def test_another_process_sees_the_same_counts(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    free_attempts(app, 3)
    for _n in range(3):
        fail(app, "ana@example.com")
    other = App.start(app.config, clock=app.clock, waker=Silent())
    with pytest.raises(TooManyRequests):
        sign_in.prove(other, "ana@example.com", PASSWORD, HERE)
    other.close()


@pytest.mark.both_databases
def test_many_attempts_at_once_do_not_slip_through(app: App) -> None:
    free_attempts(app, 3)
    answers: list[str] = []

    def attempt() -> None:
        answers.append(fail(app, "ana@example.com"))

    threads = [threading.Thread(target=attempt) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.startswith("Too many") for answer in answers) == [False] * 3 + [True] * 5


def test_an_account_that_does_not_exist_has_to_wait_as_well(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    free_attempts(app, 3)
    known = [fail(app, "ana@example.com") for _n in range(5)]
    unknown = [fail(app, "nobody@example.com") for _n in range(5)]
    assert unknown == known


def test_the_right_password_forgets_the_failures_before(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    free_attempts(app, 3)
    for _n in range(3):
        fail(app, "ana@example.com")
        fail(app, "ana@example.com")
        assert sign_in.prove(app, "ana@example.com", PASSWORD, HERE).user_id


def test_an_address_that_goes_on_waits_longer_the_next_time(app: App, clock: StandingClock) -> None:
    free_attempts(app, 100, per_address=5)
    waits = []
    for closing in range(3):
        for n in range(5):
            assert fail(app, f"user{closing}-{n}@example.com").startswith("The e-mail")
        waits.append(int(fail(app, "another@example.com").split()[6]))
        clock.pass_time(minutes=waits[-1], seconds=1)
    assert waits == [1, 2, 4]


def test_somebody_released_by_an_administrator_need_not_wait(app: App) -> None:
    create_user(app, "ana@example.com", "cashier")
    free_attempts(app, 3)
    for _n in range(3):
        fail(app, "ana@example.com")
    throttle = app.part(SignInThrottle)
    assert throttle.waits_until("ana@example.com") is not None
    throttle.succeeded("ana@example.com")
    assert throttle.waits_until("ana@example.com") is None
    sign_in.prove(app, "ana@example.com", PASSWORD, HERE)
