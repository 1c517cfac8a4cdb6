"""The start page of those who keep the books says which months are due."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.testing import Browser
from trunkline_billing.models import BillingRun
from trunkline_billing.waiting import months_to_run

pytestmark = pytest.mark.plugins("inventory", "catalog", "billing")
Staff = Callable[..., Browser]


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 10, 5, 12, tzinfo=UTC))


def _run(app: App, period: str, state: str) -> None:
    with app.unit_of_work() as ctx:
        ctx.session.add(BillingRun(period=period, state=state, started_at=ctx.now()))


@pytest.mark.parametrize(
    ("runs", "due"),
    [
        ({}, 0),
        ({"2026-09": "done"}, 0),
        ({"2026-08": "done"}, 1),
        ({"2026-08": "done", "2026-09": "running"}, 1),
        ({"2025-11": "done"}, 10),
    ],
)
def test_months_after_the_last_one_that_was_run_to_its_end_are_due(
    app: App, staff: Staff, runs: dict[str, str], due: int
) -> None:
    for period, state in runs.items():
        _run(app, period, state)
    with app.reading() as ctx:
        assert months_to_run(ctx) == due
    assert ("Months to be invoiced" in staff("accountant").get("/").text) is (due > 0)
    assert "Months to be invoiced" not in staff("cashier").get("/").text
