"""The list of contracts: its orders, what ends within some days, what is not accepted as it is now, and its file."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from tests.clock import StandingClock
from tests.core.contracts.agreeing import OTHER_TEXT, add_customer, agreed, attach, draft
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.contracts import operations, queries
from trunkline.contracts.schemas import EditContract, TerminateContract
from trunkline.contracts.tables import contracts_table
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins()


@pytest.fixture
def clock() -> Clock:
    return StandingClock(datetime(2026, 6, 15, 15, 0, tzinfo=UTC))


@pytest.fixture
def three(app: App) -> dict[str, str]:
    """Bento's runs to 31 July, Ana's to 30 January; Ana's other one would run to 2028, and notice was given to 15 August."""
    bento = add_customer(app, name="Bento Lima", email="bento@example.com")
    ana = add_customer(app)
    found = {
        "notice": agreed(app, ana, title="Notice given", term_months=24),
        "july": agreed(app, bento, title="Ends in July", starts_on=date(2025, 8, 1)),
        "january": agreed(app, ana, title="Ends in January"),
    }
    with app.unit_of_work() as ctx:
        wish = TerminateContract(on=date(2026, 8, 15), reason="Moves away")
        operations.terminate(ctx, found["notice"], wish)
    return found


def listed(app: App, **params: str) -> list[str]:
    with app.reading() as ctx:
        view = contracts_table(ctx).load(ctx.session, queries.list_contracts(ctx), params)
        return [row["number"] for row in view.rows]


@pytest.mark.both_databases
def test_the_list_sorts_by_the_last_day_of_notice_or_term_by_customer_and_by_status(
    app: App, three: dict[str, str]
) -> None:
    drafted = draft(app, "C000002", starts_on=None, title="A draft")
    in_time = [three["july"], three["notice"], three["january"]]
    # What has no last day yet comes last both ways.
    assert listed(app, sort="last_day") == [*in_time, drafted]
    assert listed(app, sort="-last_day") == [*reversed(in_time), drafted]
    by_customer = [three["july"], three["notice"], three["january"], drafted]
    assert listed(app, sort="customer_id") == by_customer
    assert listed(app, sort="-status")[0] == drafted


@pytest.mark.both_databases
def test_what_ends_within_some_days_is_found_by_its_notice_as_well_as_by_its_term(
    app: App, three: dict[str, str]
) -> None:
    assert listed(app, ends_in_max="46", sort="last_day") == [three["july"]]
    assert listed(app, ends_in_max="45") == []
    assert listed(app, ends_in_max="61", sort="last_day") == [three["july"], three["notice"]]
    assert listed(app, ends_in_min="47", ends_in_max="100") == [three["notice"]]
    assert listed(app, view="ends_soon") == [three["july"]]
    assert listed(app, last_day_from="2026-08-01", sort="last_day") == [three["notice"], three["january"]]
    assert listed(app, ends_in_max="999999999999") == [three["january"], three["july"], three["notice"]]
    with app.unit_of_work() as ctx:
        operations.keep(ctx, three["notice"])
    assert listed(app, ends_in_max="61") == [three["july"]]


def test_what_is_not_accepted_as_it_is_now_is_found_until_it_is_accepted(
    app: App, three: dict[str, str]
) -> None:
    assert listed(app, accepted="0") == []
    attach(app, three["july"], OTHER_TEXT)
    with app.unit_of_work() as ctx:
        terms = {"title": "Ends in January", "starts_on": date(2026, 1, 31), "term_months": 12}
        dearer = EditContract.model_validate({**terms, "notice_days": 30})
        operations.edit(ctx, three["january"], dearer)
    assert listed(app, accepted="0") == [three["january"], three["july"]]
    assert listed(app, accepted="1") == [three["notice"]]
    with app.unit_of_work() as ctx:
        operations.edit(ctx, three["january"], EditContract.model_validate(terms))
    # Terms that were accepted once are accepted again when they come back.
    assert listed(app, accepted="0") == [three["july"]]


def test_the_page_offers_them_and_its_file_has_what_it_shows(
    app: App, staff: Callable[..., Browser], three: dict[str, str]
) -> None:
    client = staff("supervisor")
    page = client.get("/contracts?ends_in_max=61&sort=last_day").text
    assert "Ends in days" in page
    assert page.index("Ends in July") < page.index("Notice given")
    assert "Ends in January" not in page
    written = client.get("/contracts?ends_in_max=61&sort=last_day&export=csv").text.splitlines()
    assert [("2026-07-31" in written[1]), ("2026-08-15" in written[2]), len(written)] == [True, True, 3]
