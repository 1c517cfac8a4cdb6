"""What the days bring to contracts, each thing once."""

from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, select

from tests.clock import StandingClock
from tests.core.contracts.agreeing import agreed
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.contracts import operations
from trunkline.contracts.daily import run
from trunkline.contracts.models import Contract
from trunkline.contracts.schemas import TerminateContract
from trunkline.errors import Refused
from trunkline.events.models import OutboxEvent
from trunkline.plugin import hookimpl

pytestmark = pytest.mark.plugins()


@pytest.fixture
def clock() -> Clock:
    return StandingClock(datetime(2026, 6, 15, 15, 0, tzinfo=UTC))


def night(app: App) -> list[str]:
    """Run what the days bring, twice; returns the new events."""
    with app.unit_of_work() as ctx:
        last = ctx.session.scalar(select(col(OutboxEvent.id)).order_by(col(OutboxEvent.id).desc()).limit(1))
    for _turn in range(2):
        with app.unit_of_work() as ctx:
            run(ctx)
    with app.unit_of_work() as ctx:
        names = select(col(OutboxEvent.name)).where(
            col(OutboxEvent.id) > (last or 0), col(OutboxEvent.entity) == "contract"
        )
        return list(ctx.session.scalars(names.order_by(col(OutboxEvent.id))))


def state(app: App, number: str) -> tuple[str, date | None, int]:
    with app.unit_of_work() as ctx:
        found = ctx.load_by(Contract, Contract.number, number)
        return found.status, found.ends_on, found.renewals


@pytest.mark.both_databases
def test_the_end_is_announced_once_and_comes_after_the_last_day(app: App, clock: StandingClock) -> None:
    number = agreed(app, starts_on=date(2026, 1, 31), term_months=7)
    assert state(app, number) == ("active", date(2026, 8, 30), 0)
    assert night(app) == []
    clock.moment = datetime(2026, 7, 1, 15, 0, tzinfo=UTC)
    assert night(app) == ["contract.ends_soon"]
    clock.moment = datetime(2026, 8, 30, 15, 0, tzinfo=UTC)
    assert night(app) == []
    clock.moment = datetime(2026, 8, 31, 15, 0, tzinfo=UTC)
    assert night(app) == ["contract.ended"]
    assert state(app, number)[0] == "ended"


def test_a_term_is_followed_by_as_many_as_have_begun(app: App, clock: StandingClock) -> None:
    number = agreed(app, starts_on=date(2022, 5, 31), term_months=12, renewal="same_term")
    assert night(app) == ["contract.renewed"]
    assert state(app, number) == ("active", date(2027, 5, 30), 4)


def test_a_contract_that_goes_on_without_an_end_is_free_to_leave(app: App, clock: StandingClock) -> None:
    terms = {"renewal": "open_ended", "penalty": "fixed", "penalty_amount": "90"}
    number = agreed(app, starts_on=date(2026, 1, 1), term_months=6, **terms)
    clock.moment = datetime(2026, 7, 1, 15, 0, tzinfo=UTC)
    assert "contract.renewed" in night(app)
    assert state(app, number) == ("active", None, 0)
    with app.unit_of_work() as ctx:
        operations.terminate(ctx, number, TerminateContract(reason="Moves away"))
    with app.unit_of_work() as ctx:
        found = ctx.load_by(Contract, Contract.number, number)
        assert (found.status, found.termination_penalty_minor) == ("terminated", 0)


def test_an_indexation_is_announced_thirty_days_before(app: App, clock: StandingClock) -> None:
    agreed(app, indexation="index", index_name="CPI", next_indexation_on=date(2026, 7, 20), term_months=None)
    assert night(app) == []
    clock.moment = datetime(2026, 6, 20, 15, 0, tzinfo=UTC)
    assert night(app) == ["contract.indexation_due"]


def test_one_that_cannot_be_ended_keeps_no_other_waiting(app: App, clock: StandingClock) -> None:
    class Charges:
        stuck = ""

        @hookimpl
        def contract_terminating(self, contract: Contract) -> None:
            if contract.number == self.stuck:
                raise Refused("There is no account to charge.")

    plugin = Charges()
    numbers = [agreed(app, notice_days=10, term_months=None) for _ in range(2)]
    plugin.stuck = numbers[0]
    app.hooks.manager.register(plugin, "charges")
    for number in numbers:
        with app.unit_of_work() as ctx:
            operations.terminate(ctx, number, TerminateContract(reason="Moves away"))
    clock.moment = datetime(2026, 6, 25, 15, 0, tzinfo=UTC)
    assert night(app) == ["contract.terminated"]
    assert [state(app, number)[0] for number in numbers] == ["active", "terminated"]
    with pytest.raises(Refused, match="no account"), app.unit_of_work() as ctx:
        operations.end_now(ctx, numbers[0])
    plugin.stuck = ""
    with app.unit_of_work() as ctx:
        operations.end_now(ctx, numbers[0])
    assert state(app, numbers[0])[0] == "terminated"
