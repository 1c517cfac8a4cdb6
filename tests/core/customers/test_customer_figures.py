"""How many customers came and left, month by month: on the page, in files and over REST the same."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.charts import Chart
from trunkline.customers import figures, operations, queries
from trunkline.customers.merging.operations import merge
from trunkline.customers.merging.schemas import MergeCustomers
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.customers.schemas import RegisterCustomer, SetStatus
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]
PAGE = "/customers/figures"


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def add(app: App, clock: StandingClock) -> Callable[..., str]:
    """Registers a customer at the clock's time and says their number."""

    def register(name: str, **values: Any) -> str:
        with app.unit_of_work() as ctx:
            command = RegisterCustomer.model_validate({"kind": "individual", "name": name, **values})
            number = operations.register(ctx, command).number
            ctx.session.execute(
                update(Customer).where(col(Customer.number) == number).values(created_at=clock())
            )
        return number

    return register


def _become(app: App, number: str, status: str) -> None:
    with app.unit_of_work() as ctx:
        operations.set_status(ctx, number, SetStatus(status=CustomerStatus(status), reason="moved away"))


def _shown(chart: Chart) -> dict[str, dict[str, Any]]:
    """Points that are not nought, by series."""
    return {
        one.key: {
            point.key: chart.plain(value)
            for point, value in zip(chart.points, one.values, strict=True)
            if value
        }
        for one in chart.series
    }


def _by_month(app: App) -> dict[str, dict[str, Any]]:
    with app.reading() as ctx:
        return _shown(figures.by_month(figures.movements(ctx)))


@pytest.mark.both_databases
def test_who_comes_and_leaves_counts_in_the_month_of_the_operators_zone(
    app: App, clock: StandingClock, add: Callable[..., str]
) -> None:
    clock.moment = datetime(2025, 3, 5, tzinfo=UTC)
    founders = [add(f"Founder {n}") for n in range(4)]
    # In São Paulo the last evening of August is September in UTC already.
    clock.moment = datetime(2026, 9, 1, 1, tzinfo=UTC)
    add("Ana")
    clock.moment = datetime(2026, 10, 31, 12, tzinfo=UTC)
    _become(app, founders[0], "closed")
    _become(app, founders[1], "closed")
    clock.moment = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert _by_month(app) == {"new": {"2026-08": 1}, "left": {"2026-10": 2}}
    with app.reading() as ctx:
        assert [str(v) for v in _shown(figures.churn(figures.movements(ctx)))["churn"].values()] == ["0.4000"]


@pytest.mark.both_databases
def test_who_comes_back_has_not_left_and_doubles_never_came(
    app: App, clock: StandingClock, add: Callable[..., str]
) -> None:
    ana, again, prospect = add("Ana"), add("Ana again"), add("Bento", status="pending")
    _become(app, ana, "closed")
    assert _by_month(app) == {"new": {"2026-11": 3}, "left": {"2026-11": 1}}
    clock.pass_time(days=10)
    _become(app, ana, "active")
    with app.unit_of_work() as ctx:
        assert queries.get(ctx, ana).closed_at is None
        operations.archive(ctx, prospect)
        merge(ctx, ana, MergeCustomers(source=again))
    assert _by_month(app) == {"new": {"2026-11": 2}, "left": {"2026-12": 1}}
    with app.reading() as ctx:
        assert list(figures.movements(ctx).there[-2:]) == [0, 2]


def test_who_is_brought_back_from_the_archive_left_when_they_were_closed(
    app: App, clock: StandingClock, add: Callable[..., str]
) -> None:
    number, closed = add("Ana"), clock()
    _become(app, number, "closed")
    clock.pass_time(days=40)
    with app.unit_of_work() as ctx:
        operations.archive(ctx, number)
    with app.unit_of_work() as ctx:
        assert operations.restore(ctx, number).closed_at == closed


def test_page_files_and_rest_say_the_same(
    app: App, staff: Staff, make_client: Callable[[], Browser], add: Callable[..., str]
) -> None:
    add("Ana")
    _become(app, add("Bento"), "closed")
    browser = staff("supervisor")
    assert f'href="{PAGE}"' in browser.get("/customers").text
    page = browser.get(PAGE).text
    for shown in ("New customers and those who left", "Churn rate", "Customers by status", 'class="pie"'):
        assert shown in page
    create_user(app, "api@example.com", "auditor")
    api = make_client()
    token = api.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD}).json()
    api.headers["Authorization"] = f"Bearer {token['access_token']}"
    for name, last in (("by-month", ["2", "1"]), ("churn", [""]), ("by-status", ["1"])):
        rows = list(csv.reader(io.StringIO(browser.get(f"{PAGE}/{name}.csv").text.lstrip("\ufeff"))))
        assert rows[-1][1:] == last
        told = api.get(f"/api/v1/customers/figures/{name}").json()
        assert [len(told["points"]), rows[0][1:]] == [len(rows) - 1, [one["key"] for one in told["series"]]]
        assert ["" if one["values"][-1] is None else str(one["values"][-1]) for one in told["series"]] == last


def test_somebody_who_sees_some_customers_sees_their_figures(
    app: App, staff: Staff, add: Callable[..., str]
) -> None:
    add("Ana")
    dealer = staff("dealer").get(f"{PAGE}/by-month.csv")
    assert dealer.status_code == 200
    assert dealer.text.strip().splitlines()[-1] == "2026-11,0,0"
    assert staff("warehouse").get(PAGE).status_code == 403


def test_counts_that_take_long_wait_until_they_are_asked_for(
    staff: Staff, add: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add("Ana")
    # Nothing is counted in no time at all.
    monkeypatch.setattr("trunkline.customers.figures_pages._PATIENCE", 0.0)
    monkeypatch.setattr("trunkline.db.haste._INSTRUCTIONS", 1)
    browser = staff("supervisor")
    waiting = browser.get(PAGE).text
    assert f'href="{PAGE}?counts=all"' in waiting
    assert "customers-by-month" not in waiting
    assert 'id="customers-by-month"' in browser.get(f"{PAGE}?counts=all").text
