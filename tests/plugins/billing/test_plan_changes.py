"""A service becomes another product: both are charged by the day, exactly, and not at all differently when it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from tests.plugins.billing.conftest import World
from trunkline.app import App
from trunkline.errors import Refused
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.plugin import StepKind, hookimpl
from trunkline.testing import work_until_idle
from trunkline_billing import operations, queries
from trunkline_billing.models.accounts import (
    BillingCharge,
    BillingProductChange,
    BillingSubscription,
    ChargeState,
)
from trunkline_billing.operations.segments import segments
from trunkline_billing.periods import Period
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries as offers
from trunkline_catalog.operations.previewing import PlanPreview, preview_plan
from trunkline_catalog.schemas import (
    ChangeService,
    LineStep,
    OrderView,
    ServiceView,
    SuspendService,
    SuspensionReason,
    TerminateService,
)

OLD, NEW = 49_900_000, 79_900_000


def share(monthly: int, days: int, of: int = 31) -> int:
    """Rounded half up once, in micro-units."""
    return (monthly * days * 2 + of) // (2 * of)


def become(world: World, code: str = "mobile_30", number: str = "S000001", **wish: object) -> OrderView:
    command = ChangeService.model_validate({"change": "plan", "product_code": code, **wish})
    with world.app.unit_of_work() as ctx:
        return catalog.change_service(ctx, number, command)


def service(app: App, number: str = "S000001") -> ServiceView:
    with app.reading() as ctx:
        return offers.service(ctx, number)


def bill(world: World, period: str) -> None:
    with world.app.unit_of_work() as ctx:
        operations.run_billing(ctx, period)


def charges(
    world: World, number: str = "S000001", first: date = date(2026, 10, 1)
) -> list[tuple[str, int, int, int]]:
    """What counts of a service's monthly charges since a day: product, first and last day of the month, micro-units."""
    with world.app.reading() as ctx:
        assert sum(line.balance.micros for line in queries.trial_balance(ctx)) == 0
        rows = ctx.session.scalars(
            select(BillingCharge)
            .where(
                col(BillingCharge.service_number) == number,
                col(BillingCharge.state) != ChargeState.VOID,
                col(BillingCharge.kind).in_(("monthly", "suspension")),
                col(BillingCharge.first_day) >= first,
            )
            .order_by(col(BillingCharge.first_day), col(BillingCharge.id))
        )
        return [(row.description, row.first_day.day, row.last_day.day, row.amount_micros) for row in rows]


@contextmanager
def failing_late(app: App) -> Iterator[None]:
    """Every order fails after its charges."""

    def refuse(step: StepContext) -> None:
        raise StepFailed("The shelf is full.")

    class Late:
        @staticmethod
        @hookimpl
        def catalog_line_steps(line: object) -> list[LineStep]:
            return [LineStep(85, PlannedStep("late.refuse"))]

    app.step_kinds["late.refuse"] = StepKind("late.refuse", "Refuse", refuse, lambda step: None)
    app.hooks.manager.register(Late, "late")
    try:
        yield
    finally:
        app.hooks.manager.unregister(name="late")


def new_service(world: World) -> str:
    """A service that is ordered and charged for the rest of this month."""
    number = "+5511991299999"
    from trunkline_catalog.schemas import PlaceOrder
    from trunkline_inventory import operations as stock

    with world.app.unit_of_work() as ctx:
        stock.add_items(ctx, "number", [{"number": number}])
        order = catalog.place_order(
            ctx,
            PlaceOrder.model_validate(
                {"customer_number": "C000001", "lines": [{"product_code": "mobile_10"}]}
            ),
        )
    work_until_idle(world.app)
    return order.lines[0].service_number


@pytest.mark.both_databases
def test_each_product_is_charged_for_its_days_and_calls_before_the_change_at_their_own_tariff(
    plans: World,
) -> None:
    plans.at(2026, 10, 10, 15)
    order = become(plans)
    assert service(plans.app).product_code == "mobile_10"
    work_until_idle(plans.app)
    assert service(plans.app).product_code == "mobile_30"
    # Called on the 5th at the price of that day, in a file that comes late, and on the 11th at the new one.
    plans.at(2026, 10, 12, 15)
    report = plans.usage(
        [
            plans.call("early", 60, "+552133334444"),
            plans.call("late", 60, "+552133334444", start="2026-10-11T12:00:00Z"),
        ]
    )
    assert report.created == 2, report
    with plans.app.reading() as ctx:
        used = queries.used_in(ctx, plans.services[:1], "2026-10")[(plans.services[0], "voice")]
        # A minute at 0.12 and one at 0.03; what the month includes is what the new product includes: nothing.
        assert (used[0], used[2].micros) == (2, 150_000)
    plans.at(2026, 11, 2, 9)
    bill(plans, "2026-10")
    assert charges(plans) == [
        ("Mobile 10 GB", 1, 9, share(OLD, 9)),
        ("Mobile 30 GB", 10, 31, share(NEW, 22)),
    ]
    with plans.app.reading() as ctx:
        assert queries.subscriptions_of(ctx, 1)[0].product_code == "mobile_30"
        assert offers.order(ctx, order.number).lines[0].previous.product == "mobile_10"


@pytest.mark.both_databases
def test_a_change_that_fails_leaves_product_charges_and_books_as_they_were(plans: World) -> None:
    number = new_service(plans)
    had = charges(plans, number)
    assert had == [("Mobile 10 GB", 5, 31, share(OLD, 27))]
    plans.at(2026, 10, 10, 15)
    with failing_late(plans.app):
        become(plans, number=number)
        work_until_idle(plans.app)
    assert service(plans.app, number).product_code == "mobile_10"
    assert charges(plans, number) == had
    with plans.app.reading() as ctx:
        assert ctx.session.scalars(select(BillingProductChange)).all() == []
    become(plans, number=number)
    work_until_idle(plans.app)
    assert charges(plans, number) == [
        ("Mobile 10 GB", 5, 9, share(OLD, 5)),
        ("Mobile 30 GB", 10, 31, share(NEW, 22)),
    ]
    # One that ends later in the month pays the new product until then.
    plans.at(2026, 10, 20, 15)
    with plans.app.unit_of_work() as ctx:
        catalog.terminate_service(ctx, number, TerminateService())
    work_until_idle(plans.app)
    assert charges(plans, number)[1:] == [("Mobile 30 GB", 10, 20, share(NEW, 11))]


def test_what_is_on_an_invoice_is_given_back_and_charged_as_it_was_used(plans: World) -> None:
    number = new_service(plans)
    with plans.app.unit_of_work() as ctx:
        operations.issue_invoice(ctx, plans.accounts[0])
    plans.at(2026, 10, 10, 15)
    become(plans, number=number)
    work_until_idle(plans.app)
    first = ("Mobile 10 GB", 5, 31, share(OLD, 27))
    assert sorted(charges(plans, number)) == sorted(
        [
            first,
            ("Mobile 10 GB, given back", 5, 31, -share(OLD, 27)),
            ("Mobile 10 GB", 5, 9, share(OLD, 5)),
            ("Mobile 30 GB", 10, 31, share(NEW, 22)),
        ]
    )
    # Back again on the same day: the month is the old product's once more.
    become(plans, "mobile_10", number)
    work_until_idle(plans.app)
    assert charges(plans, number) == [first]


def test_with_the_next_bill_the_job_waits_for_the_first_of_the_month(plans: World) -> None:
    plans.at(2026, 10, 10, 15)
    become(plans, from_next_bill=True)
    work_until_idle(plans.app)
    assert service(plans.app).product_code == "mobile_10"
    plans.at(2026, 11, 1, 3, 1)
    work_until_idle(plans.app)
    assert service(plans.app).product_code == "mobile_30"
    plans.at(2026, 12, 2, 9)
    bill(plans, "2026-10")
    bill(plans, "2026-11")
    assert charges(plans) == [("Mobile 10 GB", 1, 31, OLD), ("Mobile 30 GB", 1, 30, NEW)]


def test_suspended_days_are_given_back_at_the_price_of_the_product_of_each(plans: World) -> None:
    plans.at(2026, 10, 7, 15)
    with plans.app.unit_of_work() as ctx:
        catalog.suspend_service(ctx, "S000001", SuspendService(reason=SuspensionReason.REQUEST))
    work_until_idle(plans.app)
    plans.at(2026, 10, 10, 15)
    become(plans)
    work_until_idle(plans.app)
    plans.at(2026, 11, 2, 9)
    bill(plans, "2026-10")
    old, new = share(OLD, 9), share(NEW, 22)
    assert sorted(charges(plans)) == sorted(
        [
            ("Mobile 10 GB", 1, 9, old),
            ("Mobile 10 GB, suspended", 8, 9, share(old, 7, 9) - old),
            ("Mobile 30 GB", 10, 31, new),
            ("Mobile 30 GB, suspended", 10, 31, -new),
        ]
    )


def test_the_plan_says_before_and_after_and_what_the_month_comes_to(plans: World) -> None:
    plans.at(2026, 10, 10, 15)
    command = ChangeService(change="plan", product_code="mobile_30")
    with plans.app.reading() as ctx:
        plan: PlanPreview = preview_plan(ctx, "S000001", command)
    assert (plan.product_before, plan.product_after) == ("Mobile 10 GB", "Mobile 30 GB")
    (step,) = [one for one in plan.plan.steps if one.kind == "billing.change_charges"]
    assert step.changes == [
        "Mobile 30 GB from 10 Oct 2026 on: R$79.90 a month",
        "That month: R$14.49 for 9 days of Mobile 10 GB",
        "That month: R$56.70 for 22 days of Mobile 30 GB",
    ]
    assert service(plans.app).product_code == "mobile_10"
    with pytest.raises(Refused, match="cannot become “mobile_99”") as refusal:
        become(plans, "mobile_99")
    assert refusal.value.field == "product_code"


@given(
    days=st.lists(st.integers(1, 31), max_size=5),
    starts=st.integers(1, 31),
    ends=st.none() | st.integers(1, 31),
)
def test_every_day_that_is_charged_is_charged_once(days: list[int], starts: int, ends: int | None) -> None:
    zone, month = UTC, Period(2026, 10)
    at = [datetime(2026, 10, day, 12, tzinfo=UTC) for day in sorted(day for day in days if day >= starts)]
    subscription = BillingSubscription(
        service_id=1,
        service_number="S1",
        account_id=1,
        customer_id=1,
        product_code=f"p{len(at)}",
        product_name="",
        starts_at=datetime(2026, 10, starts, tzinfo=UTC),
        ends_at=datetime(2026, 10, ends, 23, tzinfo=UTC) if ends is not None else None,
    )
    changes = [
        BillingProductChange(
            service_id=1, line_id=n, at=when, day=when.date(), product_code=f"p{n}", product_name=""
        )
        for n, when in enumerate(at)
    ]
    changes = [one for one in changes if one.day > month.first_day]
    parts = segments(subscription, changes, month, zone)  # type: ignore[arg-type]  # UTC is a zone like any other
    charged = [
        (day, part.product_code) for part in parts for day in range(part.first_day.day, part.last_day.day + 1)
    ]
    last = 31 if ends is None else ends
    assert [day for day, _code in charged] == list(range(starts, last + 1))
    for day, code in charged:
        assert code == f"p{sum(when.day <= day for when in at)}"
