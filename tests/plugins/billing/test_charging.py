"""Starting, stopping and taking back charges, and the job of an order line."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tests.plugins.billing.conftest import World
from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Refused
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.money import Money
from trunkline.plugin import StepKind, hookimpl
from trunkline.testing import work_until_idle
from trunkline_billing import operations, queries
from trunkline_billing.operations import ChargeService
from trunkline_billing.periods import Period, charged_days, prorated
from trunkline_billing.schemas import OpenAccount
from trunkline_billing.tax import NamedRate, percent_text, tax_on
from trunkline_catalog import operations as catalog
from trunkline_catalog.schemas import CreateProduct, LineStep, PlaceOrder, RecordExistingService
from trunkline_inventory import operations as stock


def charges(app: App) -> list[tuple[str, str, str]]:
    """(kind, state, amount) of every charge in order."""
    with app.reading() as ctx:
        rows = ctx.session.execute(text("SELECT kind, state, amount_micros FROM billing_charge ORDER BY id"))
        return [(row.kind, row.state, str(Money(int(row.amount_micros), "BRL"))) for row in rows]


@pytest.mark.parametrize(
    ("monthly", "days", "of", "micros"),
    [
        (49_900_000, 31, 31, 49_900_000),
        (49_900_000, 10, 30, 16_633_333),
        (49_900_000, 1, 28, 1_782_143),
        (1, 1, 2, 1),
        (1, 1, 3, 0),
    ],
)
def test_a_part_of_a_month_is_charged_by_days_exactly(monthly: int, days: int, of: int, micros: int) -> None:
    assert prorated(monthly, days, of) == micros


@given(st.integers(0, 10**12), st.integers(1, 31))
def test_the_parts_of_a_month_differ_from_the_whole_by_rounding_only(monthly: int, days: int) -> None:
    assert abs(prorated(monthly, days, 31) + prorated(monthly, 31 - days, 31) - monthly) <= 1


@given(st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.dates(date(2024, 1, 1), date(2027, 12, 31)))
def test_every_day_of_a_service_falls_into_just_one_month(one: date, other: date) -> None:
    first, last = min(one, other), max(one, other)
    month, counted = Period.of(first), 0
    while month.first_day <= last:
        days = charged_days(month, first, last)
        assert days is not None
        counted += (days[1] - days[0]).days + 1
        month = month.next
    assert counted == (last - first).days + 1


@given(st.integers(-(10**12), 10**12), st.integers(0, 1_000_000))
def test_a_tax_is_whole_cents_within_half_a_cent_and_changes_sign_with_its_base(net: int, rate: int) -> None:
    tax = tax_on(net, rate, "BRL")
    assert tax % 10_000 == 0
    assert abs(tax * 1_000_000 - net * rate) * 2 <= 10_000 * 1_000_000
    assert tax_on(-net, rate, "BRL") == -tax


def test_a_tax_line_is_read_as_people_write_it() -> None:
    assert NamedRate.parse("ICMS 17") == NamedRate("ICMS", 170_000)
    assert NamedRate.parse("PIS 0,65 %") == NamedRate("PIS", 6_500)
    assert [percent_text(rate) for rate in (0, 1, 6_500, 100_000, 170_000, 1_000_000)] == [
        "0",
        "0.0001",
        "0.65",
        "10",
        "17",
        "100",
    ]
    for wrong in ("ICMS", "17", "ICMS 101", "ICMS 0.00001", "ICMS NaN"):
        with pytest.raises(Refused):
            NamedRate.parse(wrong)


def order_one(world: World, number: str = "+551199120777") -> None:
    with world.app.unit_of_work() as ctx:
        stock.add_items(ctx, "number", [{"number": number}])
        catalog.place_order(
            ctx,
            PlaceOrder.model_validate(
                {"customer_number": "C000001", "lines": [{"product_code": "mobile_10"}]}
            ),
        )


@pytest.mark.both_databases
def test_an_order_is_charged_setup_and_the_rest_of_the_month_once(world: World) -> None:
    order_one(world)
    work_until_idle(world.app)
    # 5 to 31 October are 27 of 31 days.
    assert charges(world.app)[-2:] == [("setup", "open", "10.00"), ("monthly", "open", "43.46129")]
    with world.app.reading() as ctx:
        opened = ctx.session.execute(text("SELECT engine, opened_by FROM billing_charging_account")).all()
    assert [(row.engine, row.opened_by.split(":")[1]) for row in opened] == [
        ("embedded", "billing.open_charging_account")
    ]
    world.at(2026, 11, 2, 9)
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-10")
    assert [kind for kind, _state, _amount in charges(world.app)].count("setup") == 1


@pytest.mark.both_databases
def test_what_was_charged_is_taken_back_when_a_later_step_fails_and_a_retry_charges_again(
    world: World,
) -> None:
    broken = {"now": True}

    def do(step: StepContext) -> None:
        if broken["now"]:
            raise StepFailed("The radio is silent.")

    class Radio:
        @staticmethod
        @hookimpl
        def catalog_line_steps(line: object) -> list[LineStep]:
            from trunkline.jobs.operations import PlannedStep

            return [LineStep(75, PlannedStep("radio.touch"))]

    world.app.step_kinds["radio.touch"] = StepKind("radio.touch", "Touch", do, lambda step: None)
    world.app.hooks.manager.register(Radio, "radio")
    try:
        before = charges(world.app)
        order_one(world)
        work_until_idle(world.app)
        assert [state for _kind, state, _amount in charges(world.app)[len(before) :]] == ["void", "void"]
        with world.app.reading() as ctx:
            assert queries.unbilled(ctx, 1).micros == 0
            assert (
                ctx.session.execute(text("SELECT count(*) FROM billing_charging_account")).scalar_one() == 1
            )
    finally:
        world.app.hooks.manager.unregister(name="radio")


def test_charging_twice_is_charging_once(world: World) -> None:
    with world.app.unit_of_work() as ctx:
        once = operations.charge_service(ctx, ChargeService(world.services[0], ctx.now()))
        again = operations.charge_service(ctx, ChargeService(world.services[0], ctx.now()))
        assert once.id == again.id
    assert charges(world.app) == []


def test_a_service_that_ends_is_charged_to_its_last_day(world: World) -> None:
    order_one(world)
    work_until_idle(world.app)
    world.at(2026, 10, 14, 15)
    with world.app.unit_of_work() as ctx:
        operations.stop_charging(ctx, 2, ctx.now())
    # 5 to 14 October are 10 of 31 days; the whole rest had been charged.
    assert charges(world.app)[-2:] == [("monthly", "void", "43.46129"), ("monthly", "open", "16.096774")]
    world.at(2026, 12, 2, 9)
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-10")
        operations.run_billing(ctx, "2026-11")
        kinds = ctx.session.execute(
            text("SELECT count(*) FROM billing_charge WHERE service_id = 2 AND state <> 'void'")
        )
        assert kinds.scalar_one() == 2


def test_a_service_that_could_not_be_ended_is_charged_to_the_end_of_the_month_again(world: World) -> None:
    order_one(world)
    work_until_idle(world.app)
    world.at(2026, 10, 14, 15)
    with world.app.unit_of_work() as ctx:
        operations.stop_charging(ctx, 2, ctx.now())
        operations.continue_charging(ctx, 2)
    assert charges(world.app)[-1] == ("monthly", "open", "43.46129")
    world.at(2026, 12, 2, 9)
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, "2026-10")
        operations.run_billing(ctx, "2026-11")
    assert [
        amount for kind, state, amount in charges(world.app) if (kind, state) == ("monthly", "invoiced")
    ].count("49.90") == 3


def test_a_service_recorded_as_it_was_is_charged_by_the_worker_without_setup(world: World) -> None:
    with world.app.unit_of_work() as ctx:
        stock.add_items(ctx, "number", [{"number": "+551199120888"}])
        service = catalog.record_existing_service(
            ctx,
            RecordExistingService(
                customer_number="C000001",
                product_code="mobile_10",
                activated_at=datetime(2026, 10, 2, 15, tzinfo=UTC),
            ),
        )
    work_until_idle(world.app)
    with world.app.reading() as ctx:
        found = [one for one in queries.subscriptions_of(ctx, 1) if one.service_id == service.id]
    assert [one.starts_at for one in found] == [datetime(2026, 10, 2, 15, tzinfo=UTC)]
    assert [kind for kind, _state, _amount in charges(world.app)] == ["monthly"]


def test_a_registered_customer_gets_an_account(app: App) -> None:
    with app.unit_of_work() as ctx:
        customer = customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Bia")).key
    work_until_idle(app)
    with app.reading() as ctx:
        assert [account.number for account in queries.accounts_of(ctx, customer)] == ["A000001"]


def test_a_product_in_another_currency_is_refused_for_the_account(world: World) -> None:
    with world.app.unit_of_work() as ctx:
        catalog.create_product(
            ctx,
            CreateProduct(
                code="dollars",
                name="Dollars",
                monthly_price=Decimal(1),
                currency="USD",
                effective_from=datetime(2025, 1, 1, tzinfo=UTC),
            ),
        )
        service = catalog.record_existing_service(
            ctx,
            RecordExistingService(customer_number="C000001", product_code="dollars", activated_at=ctx.now()),
        )
        with pytest.raises(Refused, match="priced in USD, account A000001 is kept in BRL"):
            operations.charge_service(ctx, ChargeService(service.id, ctx.now()))


def test_a_second_account_is_not_the_default_one(world: World) -> None:
    with world.app.unit_of_work() as ctx:
        second = operations.open_account(ctx, OpenAccount(customer_id=1, name="Office", currency="USD"))
        assert (second.is_default, second.currency) == (False, "USD")
        assert operations.default_account(ctx, 1).number == world.accounts[0]
        with pytest.raises(Refused, match="no tax scheme"):
            operations.open_account(ctx, OpenAccount(customer_id=1, tax_scheme="Nowhere"))


More = Callable[[int], World]


@pytest.mark.both_databases
def test_a_run_killed_anywhere_and_run_again_invoices_everybody_once(
    more: More, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trunkline_billing.operations import invoicing, runs

    world = more(6)
    world.at(2026, 11, 2, 9)
    chunks = {"left": 1}

    def killed_after_issuing(*arguments: Any, **named: Any) -> object:
        issued = issue_for(*arguments, **named)
        if chunks["left"] == 0:
            raise KeyboardInterrupt
        chunks["left"] -= 1
        return issued

    issue_for = invoicing.issue_for
    with monkeypatch.context() as patch:
        patch.setattr(runs, "issue_for", killed_after_issuing)
        with pytest.raises(KeyboardInterrupt):
            in_chunks(world.app, "2026-10", 2)
    with world.app.reading() as ctx:
        assert [run.state for run in ctx.session.execute(queries.run_select(ctx))] == ["running"]
        assert invoices(world.app) == 2
    assert in_chunks(world.app, "2026-10", 2) == 5
    assert operations.run_period(world.app, "2026-10") == 0
    assert invoices(world.app) == 7
    with world.app.reading() as ctx:
        per_account = (
            ctx.session.execute(text("SELECT count(*) FROM billing_invoice GROUP BY account_id"))
            .scalars()
            .all()
        )
        numbers = ctx.session.execute(text("SELECT number FROM billing_invoice ORDER BY id")).scalars().all()
    assert per_account == [1] * 7
    assert list(numbers) == [f"F{number:08d}" for number in range(1, 8)]


def in_chunks(app: App, period: str, chunk: int) -> int:
    """`run_period` with chunks of another size."""
    total = 0
    while True:
        with app.unit_of_work() as ctx:
            progress = operations.advance(ctx, period, chunk)
        total += progress.issued
        if progress.done:
            return total


def invoices(app: App) -> int:
    with app.reading() as ctx:
        return int(ctx.session.execute(text("SELECT count(*) FROM billing_invoice")).scalar_one())


def test_months_that_are_due_are_found_from_the_first_service_on(world: World) -> None:
    world.at(2026, 12, 1, 12)
    with world.app.reading() as ctx:
        assert operations.due_periods(ctx) == ["2026-09", "2026-10", "2026-11"]
        assert operations.due_periods(ctx, date(2026, 11, 15)) == ["2026-09", "2026-10"]
    operations.run_period(world.app, "2026-09")
    with world.app.reading() as ctx:
        assert operations.due_periods(ctx) == ["2026-10", "2026-11"]


def test_a_new_invoice_is_mailed_to_its_customer(world: World) -> None:
    world.at(2026, 11, 2, 9)
    operations.run_period(world.app, "2026-10")
    work_until_idle(world.app)
    with world.app.reading() as ctx:
        mails = ctx.session.execute(text("SELECT recipient, subject FROM core_email ORDER BY id")).all()
    assert [(mail.recipient, "F00000001" in mail.subject) for mail in mails] == [("ana1@example.com", True)]
    assert "<" not in mails[0].subject
