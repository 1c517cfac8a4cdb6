"""What bundles and add-ons cost: once and by the month, to the micro-unit, in lines that an invoice's reader understands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.plugins.billing.conftest import World
from trunkline.jobs.operations import PlannedStep
from trunkline.jobs.steps import StepContext, StepFailed
from trunkline.plugin import StepKind, hookimpl
from trunkline.testing import Browser, work_until_idle
from trunkline_billing import operations, queries
from trunkline_billing.models.accounts import BillingCharge, ChargeState
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries as offers
from trunkline_catalog.schemas import (
    Allowance,
    CreateProduct,
    LineStep,
    Member,
    OrderLineView,
    OrderView,
    PlaceOrder,
    ProductKind,
    ProductView,
    SuspendService,
    SuspensionReason,
    SuspensionTerms,
    TerminateService,
)
from trunkline_inventory import operations as stock

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


def make(world: World, code: str, **values: Any) -> None:
    with world.app.unit_of_work() as ctx:
        catalog.create_product(
            ctx,
            CreateProduct.model_validate(
                {"code": code, "name": code.title(), "currency": "BRL", "effective_from": BEGAN, **values}
            ),
        )


@pytest.fixture
def shelf(world: World) -> World:
    """TV at 31.00 a month and 5.00 once, and Triple: Mobile 10 GB and TV for 62.00 a month and 20.00 once; numbers in stock."""
    make(world, "tv", monthly_price=Decimal(31), setup_price=Decimal(5))
    make(
        world,
        "triple",
        kind=ProductKind.BUNDLE,
        members=(Member(product="mobile_10"), Member(product="tv")),
        monthly_price=Decimal(62),
        setup_price=Decimal(20),
        suspension=SuspensionTerms(charged_percent=0),
    )
    make(
        world,
        "both",
        kind=ProductKind.BUNDLE,
        members=(Member(product="mobile_10"), Member(product="tv")),
        priced_by_members=True,
    )
    with world.app.unit_of_work() as ctx:
        stock.add_items(ctx, "number", [{"number": f"+55119930000{n:02d}"} for n in range(4)])
    return world


def order(world: World, **line: Any) -> OrderView:
    with world.app.unit_of_work() as ctx:
        placed = catalog.place_order(
            ctx, PlaceOrder.model_validate({"customer_number": "C000001", "lines": [line]})
        )
    work_until_idle(world.app)
    with world.app.reading() as ctx:
        return offers.order(ctx, placed.number)


def charges(world: World, placed: OrderView) -> list[tuple[str, str, int]]:
    """Description, kind and amount of what the services of an order are charged, in the order of its lines."""
    with world.app.reading() as ctx:
        return [
            (row.description, row.kind, row.amount_micros)
            for line in placed.lines
            for row in ctx.session.scalars(
                select(BillingCharge)
                .where(
                    col(BillingCharge.service_id) == line.service_id,
                    col(BillingCharge.state) != ChargeState.VOID,
                )
                .order_by(col(BillingCharge.id))
            )
        ]


def run(world: World, *periods: str) -> None:
    with world.app.unit_of_work() as ctx:
        for period in periods:
            operations.run_billing(ctx, period)


def test_a_bundle_with_its_own_price_is_charged_as_one_and_its_services_are_not(shelf: World) -> None:
    # On 5 October: 27 of 31 days.
    placed = order(shelf, product_code="triple")
    assert charges(shelf, placed) == [("Triple", "setup", 20_000_000), ("Triple", "monthly", 54_000_000)]
    shelf.at(2026, 12, 1, 12)
    run(shelf, "2026-10", "2026-11")
    assert charges(shelf, placed)[2:] == [("Triple", "monthly", 62_000_000)]


def test_the_customers_page_says_which_services_the_bundle_pays_for(
    shelf: World, staff: Callable[..., Browser]
) -> None:
    placed = order(shelf, product_code="triple")
    listed = staff().get("/customers/C000001/billing").text
    assert "62.00" in listed
    assert listed.count("in the bundle") == 2
    assert "in the bundle" in staff().get(f"/catalog/services/{placed.lines[1].service_number}").text


def test_a_bundle_without_its_own_price_is_charged_by_its_services(shelf: World) -> None:
    assert charges(shelf, order(shelf, product_code="both")) == [
        ("Mobile 10 GB", "setup", 10_000_000),
        ("Mobile 10 GB", "monthly", (49_900_000 * 27 * 2 + 31) // 62),
        ("Tv", "setup", 5_000_000),
        ("Tv", "monthly", 27_000_000),
    ]


@dataclass
class Faulty:
    """A network in which the lines of the product `broken` fail at their step of the order `at`; billing's is 70."""

    broken: str
    at: int

    def touch(self, step: StepContext) -> None:
        if step.inputs["product"] == self.broken:
            raise StepFailed("The HLR does not answer.")

    @hookimpl
    def catalog_line_steps(self, line: OrderLineView, product: ProductView) -> list[LineStep]:
        return [LineStep(self.at, PlannedStep("network.touch", inputs={"product": product.code}))]


@pytest.fixture
def faulty(shelf: World) -> Iterator[Callable[[str, int], Faulty]]:
    """`faulty("tv", 50)` makes every TV fail before it is charged, until `broken` is emptied."""

    def make(broken: str, at: int) -> Faulty:
        network = Faulty(broken, at)
        shelf.app.step_kinds["network.touch"] = StepKind(
            "network.touch", "Touch the network", network.touch, lambda step: None
        )
        shelf.app.hooks.manager.register(network, "network")
        return network

    yield make
    shelf.app.hooks.manager.unregister(name="network")


@pytest.mark.both_databases
@pytest.mark.parametrize("at", [50, 90], ids=["before its charges", "after them"])
def test_a_part_that_failed_costs_nothing_until_it_works(
    shelf: World, faulty: Callable[[str, int], Faulty], at: int
) -> None:
    network = faulty("tv", at)
    placed = order(shelf, product_code="both")
    assert [line.state for line in placed.lines] == ["completed", "completed", "failed"]
    mobile = [
        ("Mobile 10 GB", "setup", 10_000_000),
        ("Mobile 10 GB", "monthly", (49_900_000 * 27 * 2 + 31) // 62),
    ]
    assert charges(shelf, placed) == mobile
    shelf.at(2026, 12, 1, 12)
    run(shelf, "2026-10", "2026-11")
    mobile.append(("Mobile 10 GB", "monthly", 49_900_000))
    assert charges(shelf, placed) == mobile
    network.broken = ""
    # The first of December: the whole month, and nothing of those before.
    with shelf.app.unit_of_work() as ctx:
        catalog.retry_order_line(ctx, placed.lines[2].number)
    work_until_idle(shelf.app)
    assert charges(shelf, placed) == [*mobile, ("Tv", "setup", 5_000_000), ("Tv", "monthly", 31_000_000)]


def test_the_one_price_of_a_bundle_is_charged_whole_and_the_order_says_so(
    shelf: World, faulty: Callable[[str, int], Faulty], staff: Callable[..., Browser]
) -> None:
    faulty("tv", 50)
    placed = order(shelf, product_code="triple")
    assert [line.state for line in placed.lines] == ["completed", "completed", "failed"]
    assert charges(shelf, placed) == [("Triple", "setup", 20_000_000), ("Triple", "monthly", 54_000_000)]
    page = staff().get(f"/catalog/orders/{placed.number}").text
    assert "Its one price is charged whole, whatever failed" in page


def test_the_order_of_a_bundle_priced_by_its_products_leaves_out_what_failed(
    shelf: World, faulty: Callable[[str, int], Faulty], staff: Callable[..., Browser]
) -> None:
    faulty("tv", 50)
    placed = order(shelf, product_code="both")
    page = staff().get(f"/catalog/orders/{placed.number}").text
    figures = page.partition('id="line-1"')[0]
    assert "49.90" in figures
    assert "10.00" in figures
    assert "80.90" not in figures
    assert "that of its services" in page
    assert "what failed is not charged" in page


def test_the_invoice_names_the_bundle_once(shelf: World) -> None:
    order(shelf, product_code="triple")
    with shelf.app.unit_of_work() as ctx:
        number = operations.issue_invoice(ctx, shelf.accounts[0]).number
    with shelf.app.reading() as ctx:
        lines = queries.invoice(ctx, number).lines
    named = [(one.kind, one.description, str(one.net)) for one in lines if "Mobile" not in one.description]
    assert named == [("monthly", "Triple", "54.00"), ("setup", "Triple", "20.00")]


def test_a_service_of_a_bundle_has_its_allowances_and_tariff_all_the_same(shelf: World) -> None:
    placed = order(shelf, product_code="triple")
    mobile = placed.lines[1]
    shelf.numbers[0] = mobile.picks["number"].label
    shelf.usage(
        [
            shelf.call("one", 6000, start="2026-10-05T15:10:00Z"),
            shelf.call("two", 60, start="2026-10-05T17:10:00Z"),
        ]
    )
    with shelf.app.reading() as ctx:
        left = {one.type: one.used for one in queries.allowances_of(ctx, mobile.service_id or 0)}
    assert left["voice"] == 6000


def test_a_suspended_bundle_is_credited_and_an_ended_one_charged_no_longer(shelf: World) -> None:
    placed = order(shelf, product_code="triple")
    bundle = placed.lines[0].service_number
    # Midnight in Brazil.
    shelf.at(2026, 11, 1, 3)
    with shelf.app.unit_of_work() as ctx:
        catalog.suspend_service(ctx, bundle, SuspendService(reason=SuspensionReason.REQUEST))
    work_until_idle(shelf.app)
    shelf.at(2026, 12, 1, 12)
    run(shelf, "2026-10", "2026-11")
    assert charges(shelf, placed)[2:] == [
        ("Triple", "monthly", 62_000_000),
        ("Triple, suspended", "suspension", -62_000_000),
    ]
    with shelf.app.unit_of_work() as ctx:
        catalog.terminate_service(ctx, bundle, TerminateService())
    work_until_idle(shelf.app)
    shelf.at(2027, 2, 2, 12)
    run(shelf, "2026-12", "2027-01")
    # The first of December, on which it still was there for a part.
    assert [amount for _name, _kind, amount in charges(shelf, placed)[4:]] == [2_000_000]


def test_an_add_on_is_charged_beside_its_service_and_no_longer_once_that_has_ended(shelf: World) -> None:
    make(shelf, "roaming", kind=ProductKind.ADD_ON, fits=("mobile_10",), monthly_price=Decimal(31))
    with shelf.app.reading() as ctx:
        mobile = offers.service_by_id(ctx, shelf.services[0]).number
    placed = order(shelf, product_code="roaming", added_to=mobile)
    assert charges(shelf, placed) == [("Roaming", "monthly", 27_000_000)]
    with shelf.app.unit_of_work() as ctx:
        catalog.terminate_service(ctx, mobile, TerminateService())
    work_until_idle(shelf.app)
    # The day of its end is charged.
    assert charges(shelf, placed) == [("Roaming", "monthly", 1_000_000)]


def test_a_one_off_charge_is_charged_once_and_never_again(shelf: World) -> None:
    make(shelf, "visit", kind=ProductKind.ONE_OFF, setup_price=Decimal(80))
    placed = order(shelf, product_code="visit")
    assert charges(shelf, placed) == [("Visit", "setup", 80_000_000)]
    shelf.at(2026, 12, 1, 12)
    run(shelf, "2026-10", "2026-11")
    assert charges(shelf, placed) == [("Visit", "setup", 80_000_000)]
    with shelf.app.reading() as ctx:
        [charged] = [one for one in queries.subscriptions_of(ctx, 1) if one.product_code == "visit"]
    assert charged.ends_at is not None


def test_what_an_add_on_includes_counts_for_its_service_beside_what_that_has(shelf: World) -> None:
    make(
        shelf,
        "minutes",
        kind=ProductKind.ADD_ON,
        fits=("mobile_10",),
        monthly_price=Decimal(31),
        allowances=(Allowance(type="voice", quantity=600, unit="s"),),
    )

    def voice(service_id: int) -> list[tuple[int, int]]:
        with shelf.app.reading() as ctx:
            found = queries.allowances_of(ctx, service_id)
        return [(one.quantity, one.used) for one in found if one.type == "voice"]

    shelf.usage([shelf.call("one", 6000)])
    mobile = shelf.services[0]
    assert voice(mobile) == [(6000, 6000)]
    with shelf.app.reading() as ctx:
        number = offers.service_by_id(ctx, mobile).number
    added = order(shelf, product_code="minutes", added_to=number).lines[0].service_id or 0
    # Of a month in which something was used already, and not of the add-on itself.
    assert (voice(mobile), voice(added)) == ([(6600, 6000)], [])
    shelf.usage([shelf.call("two", 300)])
    assert voice(mobile) == [(6600, 6300)]
    # The next month has both from its first use on, and before.
    shelf.at(2026, 11, 5, 15)
    assert voice(mobile) == [(6600, 0)]
    shelf.usage([shelf.call("three", 60, start="2026-11-05T12:00:00Z")])
    assert voice(mobile) == [(6600, 60)]


def test_an_add_on_that_was_not_delivered_takes_back_what_it_included(shelf: World) -> None:
    make(
        shelf,
        "minutes",
        kind=ProductKind.ADD_ON,
        fits=("mobile_10",),
        allowances=(Allowance(type="voice", quantity=600, unit="s"),),
    )
    shelf.usage([shelf.call("one", 60)])
    with shelf.app.reading() as ctx:
        number = offers.service_by_id(ctx, shelf.services[0]).number
    added = order(shelf, product_code="minutes", added_to=number).lines[0].service_id or 0
    with shelf.app.unit_of_work() as ctx:
        operations.undo_charging(ctx, added)
        [voice] = [one for one in queries.allowances_of(ctx, shelf.services[0]) if one.type == "voice"]
    assert (voice.quantity, voice.used) == (6000, 60)
