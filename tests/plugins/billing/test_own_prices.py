"""A service costs what an index made of its price: from its day on, to the cent, and what was invoiced stays as it was."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.billing.conftest import World
from tests.plugins.billing.test_plan_changes import become, bill, charges, failing_late, share
from trunkline.errors import Refused
from trunkline.money import Money
from trunkline.testing import work_until_idle
from trunkline_billing import queries
from trunkline_billing.documents import invoice_pdf
from trunkline_billing.operations.charges import stop_charging
from trunkline_billing.schemas import InvoiceView
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries as offers
from trunkline_catalog.operations.service_prices import AdjustPrices, adjust_prices, adjusted
from trunkline_catalog.schemas import SetPrice

OLD = 49_900_000
#: 4.83 % more, to the cent.
NEW = 52_310_000


def adjust(world: World, since: datetime, points: int = 483) -> int:
    with world.app.unit_of_work() as ctx:
        return adjust_prices(ctx, [offers.service(ctx, "S000001")], AdjustPrices(None, "IPCA", points, since))


def first_moment(day: int, month: int = 11) -> datetime:
    """Midnight in São Paulo."""
    return datetime(2026, month, day, 3, tzinfo=UTC)


def invoice(world: World, number: str) -> InvoiceView:
    with world.app.reading() as ctx:
        return queries.invoice(ctx, number)


def numbers(world: World) -> list[str]:
    with world.app.reading() as ctx:
        return sorted(one.number for one in queries.invoices_of(ctx, 1))


@pytest.mark.both_databases
def test_a_month_before_its_day_costs_the_old_price_and_each_after_it_the_new_one(world: World) -> None:
    world.at(2026, 10, 20, 15)
    assert adjust(world, first_moment(1)) == 1
    world.at(2026, 11, 1, 9)
    bill(world, "2026-10")
    world.at(2026, 12, 1, 9)
    bill(world, "2026-11")
    assert charges(world) == [("Mobile 10 GB", 1, 31, OLD), ("Mobile 10 GB", 1, 30, NEW)]
    before, after = (invoice(world, number).lines[-1] for number in numbers(world))
    assert before.note == ""
    assert after.note == "IPCA +4.83% since 1 Nov 2026"
    with world.app.reading() as ctx:
        assert queries.subscriptions_of(ctx, 1)[0].monthly == Money(NEW, "BRL")


@pytest.mark.both_databases
def test_the_month_in_which_it_falls_is_shared_by_days_and_what_is_invoiced_is_given_back(
    world: World,
) -> None:
    world.at(2026, 11, 1, 9)
    bill(world, "2026-10")
    [first] = numbers(world)
    kept = invoice(world, first)
    with world.app.unit_of_work() as ctx:
        printed = invoice_pdf(ctx, first)
    world.at(2026, 11, 20, 15)
    assert adjust(world, first_moment(16, 10)) == 1
    assert charges(world) == [
        ("Mobile 10 GB", 1, 31, OLD),
        ("Mobile 10 GB, given back", 1, 31, -OLD),
        ("Mobile 10 GB", 1, 15, share(OLD, 15)),
        ("Mobile 10 GB", 16, 31, share(NEW, 16)),
    ]
    now = invoice(world, first)
    assert (now.lines, now.total, now.due_date) == (kept.lines, kept.total, kept.due_date)
    with world.app.unit_of_work() as ctx:
        assert invoice_pdf(ctx, first) == printed
    # Without the copy that was kept it is made anew, byte by byte the same.
    for path in (world.app.config.data / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    with world.app.unit_of_work() as ctx:
        assert invoice_pdf(ctx, first) == printed
    world.at(2026, 12, 1, 9)
    bill(world, "2026-11")
    second = invoice(world, numbers(world)[-1])
    cents = [-49_900_000, 24_150_000, 27_000_000, NEW]
    assert sorted(line.net.micros for line in second.lines) == sorted(cents)
    assert second.net.micros == sum(cents)
    assert second.total.micros == second.net.micros + second.tax.micros
    with world.app.reading() as ctx:
        assert sum(line.balance.micros for line in queries.trial_balance(ctx)) == 0


@pytest.mark.parametrize("day", [1, 31])
def test_at_the_borders_of_a_month_not_a_day_is_lost(world: World, day: int) -> None:
    world.at(2026, 10, 5, 15)
    adjust(world, first_moment(day, 10))
    world.at(2026, 11, 1, 9)
    bill(world, "2026-10")
    days = [last - first + 1 for _name, first, last, _amount in charges(world)]
    amounts = [amount for _name, _first, _last, amount in charges(world)]
    assert (days, amounts) == (([31], [NEW]) if day == 1 else ([30, 1], [share(OLD, 30), share(NEW, 1)]))


def test_the_next_one_adjusts_what_the_first_made(world: World) -> None:
    assert (adjust(world, first_moment(1)), adjust(world, first_moment(1, 12))) == (1, 1)
    with world.app.reading() as ctx:
        service = offers.service(ctx, "S000001")
        own = offers.own_prices(ctx, [service.id])[service.id]
        prices = [
            offers.monthly_at(ctx, service, own, first_moment(day, month)).micros
            for day, month in ((31, 10), (1, 11), (1, 12))
        ]
    assert prices == [OLD, NEW, 54_840_000]


def test_the_price_list_does_not_reach_what_was_adjusted(world: World) -> None:
    adjust(world, first_moment(1))
    with world.app.unit_of_work() as ctx:
        catalog.set_price(
            ctx,
            "mobile_10",
            SetPrice(monthly_price=Decimal("59.90"), setup_price=Decimal(10), effective_from=first_moment(1)),
        )
    world.at(2026, 12, 1, 9)
    bill(world, "2026-11")
    assert charges(world, first=date(2026, 11, 1)) == [("Mobile 10 GB", 1, 30, NEW)]


def test_a_service_that_ends_in_its_month_pays_both_prices_to_its_last_day(world: World) -> None:
    adjust(world, first_moment(11))
    world.at(2026, 11, 20, 15)
    with world.app.unit_of_work() as ctx:
        stop_charging(ctx, world.services[0], ctx.now())
    world.at(2026, 12, 1, 9)
    bill(world, "2026-11")
    assert charges(world, first=date(2026, 11, 1)) == [
        ("Mobile 10 GB", 1, 10, share(OLD, 10, 30)),
        ("Mobile 10 GB", 11, 20, share(NEW, 10, 30)),
    ]


def test_no_price_falls_by_the_whole_of_it(world: World) -> None:
    with pytest.raises(Refused) as refusal:
        adjust(world, first_moment(1), -10_000)
    assert refusal.value.field == "basis_points"


@given(
    cents=st.integers(0, 10_000_000),
    points=st.integers(-9_999, 100_000),
    currency=st.sampled_from([("BRL", 2), ("JPY", 0), ("KWD", 3)]),
)
def test_an_adjusted_price_is_the_exact_one_rounded_half_up_once(
    cents: int, points: int, currency: tuple[str, int]
) -> None:
    code, digits = currency
    exact = Decimal(cents).scaleb(-digits) * (Decimal(10_000 + points) / Decimal(10_000))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    assert adjusted(cents * 10 ** (6 - digits), points, code) == int(rounded.scaleb(6))


@pytest.mark.both_databases
def test_a_change_of_plan_ends_the_indexed_price_for_good_and_the_days_before_keep_it(plans: World) -> None:
    adjust(plans, first_moment(6, 10))
    plans.at(2026, 10, 16, 15)
    become(plans)
    work_until_idle(plans.app)
    plans.at(2026, 11, 1, 9)
    bill(plans, "2026-10")
    assert charges(plans) == [
        ("Mobile 10 GB", 1, 5, share(OLD, 5)),
        ("Mobile 10 GB", 6, 15, share(NEW, 10)),
        ("Mobile 30 GB", 16, 31, share(79_900_000, 16)),
    ]
    notes = [line.note for line in invoice(plans, numbers(plans)[0]).lines if line.kind == "monthly"]
    assert notes == ["", "IPCA +4.83% since 6 Oct 2026", ""]
    # What it was before costs what the price list says now: the index had adjusted another time of it.
    plans.at(2026, 11, 11, 15)
    become(plans, "mobile_10")
    work_until_idle(plans.app)
    plans.at(2026, 12, 1, 9)
    bill(plans, "2026-11")
    assert charges(plans, first=date(2026, 11, 1)) == [
        ("Mobile 30 GB", 1, 10, share(79_900_000, 10, 30)),
        ("Mobile 10 GB", 11, 30, share(OLD, 20, 30)),
    ]
    with plans.app.reading() as ctx:
        assert queries.subscriptions_of(ctx, 1)[0].monthly == Money(OLD, "BRL")


def test_a_plan_that_is_left_and_taken_again_on_one_day_costs_its_list_price_from_that_day(
    plans: World,
) -> None:
    adjust(plans, first_moment(6, 10))
    for hour, code in ((14, "mobile_30"), (15, "mobile_10")):
        plans.at(2026, 10, 16, hour)
        become(plans, code)
        work_until_idle(plans.app)
    plans.at(2026, 11, 1, 9)
    bill(plans, "2026-10")
    assert charges(plans) == [
        ("Mobile 10 GB", 1, 5, share(OLD, 5)),
        ("Mobile 10 GB", 6, 15, share(NEW, 10)),
        ("Mobile 10 GB", 16, 31, share(OLD, 16)),
    ]


def test_a_price_that_was_to_come_does_not_reach_another_plan(plans: World) -> None:
    adjust(plans, first_moment(1))
    for day, code in ((16, "mobile_30"), (20, "mobile_10")):
        plans.at(2026, 10, day, 15)
        become(plans, code)
        work_until_idle(plans.app)
    plans.at(2026, 12, 1, 9)
    bill(plans, "2026-11")
    assert charges(plans, first=date(2026, 11, 1)) == [("Mobile 10 GB", 1, 30, OLD)]


def test_a_change_of_plan_that_fails_leaves_the_indexed_price(plans: World) -> None:
    adjust(plans, first_moment(6, 10))
    plans.at(2026, 10, 16, 15)
    with failing_late(plans.app):
        become(plans)
        work_until_idle(plans.app)
    plans.at(2026, 11, 1, 9)
    bill(plans, "2026-10")
    assert charges(plans) == [
        ("Mobile 10 GB", 1, 5, share(OLD, 5)),
        ("Mobile 10 GB", 6, 31, share(NEW, 26)),
    ]
