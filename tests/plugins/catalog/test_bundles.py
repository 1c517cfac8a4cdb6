"""A bundle is ordered as one, set up part by part, paid as one, and ends as one."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tests.plugins.catalog.conftest import BEGAN
from trunkline.app import App
from trunkline.errors import Refused
from trunkline.jobs import queries as jobs
from trunkline.jobs.models import Job, StepState
from trunkline.testing import work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.operations.previewing import preview
from trunkline_catalog.schemas import (
    ChangeService,
    CreateProduct,
    LineState,
    Member,
    OrderState,
    OrderView,
    PlaceOrder,
    ProductKind,
    ResumeService,
    ServiceState,
    ServiceView,
    SetPrice,
    SuspendService,
    SuspensionReason,
    TerminateService,
    UpdateProduct,
)

pytestmark = [pytest.mark.plugins("inventory", "catalog"), pytest.mark.both_databases]


def make(app: App, code: str, **values: Any) -> None:
    with app.unit_of_work() as ctx:
        operations.create_product(
            ctx,
            CreateProduct.model_validate(
                {"code": code, "name": code.title(), "currency": "BRL", "effective_from": BEGAN, **values}
            ),
        )


@pytest.fixture
def family(shop: App) -> App:
    """`family`: two Mobile 10 GB and one TV for 120 a month and 30 once."""
    make(shop, "tv", monthly_price=Decimal(30), setup_price=Decimal(5))
    make(
        shop,
        "family",
        kind=ProductKind.BUNDLE,
        members=(Member(product="mobile_10", quantity=2), Member(product="tv")),
        monthly_price=Decimal(120),
        setup_price=Decimal(30),
    )
    return shop


def place(app: App, *lines: dict[str, Any]) -> OrderView:
    with app.unit_of_work() as ctx:
        return operations.place_order(
            ctx, PlaceOrder.model_validate({"customer_number": "C000001", "lines": list(lines)})
        )


def read(app: App, number: str = "O000001") -> OrderView:
    with app.reading() as ctx:
        return queries.order(ctx, number)


def services(app: App) -> dict[str, ServiceView]:
    with app.reading() as ctx:
        return {one.number: one for one in queries.services_of(ctx, 1, ended=True)}


def test_a_bundle_becomes_a_line_of_its_own_and_one_for_each_of_its_services(family: App) -> None:
    placed = place(family, {"product_code": "family"})
    assert [line.product_code for line in placed.lines] == ["family", "mobile_10", "mobile_10", "tv"]
    bundle, *members = placed.lines
    assert {line.parent_service for line in members} == {bundle.service_number}
    assert (bundle.setup_micros, bundle.monthly_micros) == (30_000_000, 120_000_000)
    assert {(line.setup_micros, line.monthly_micros) for line in members} == {(0, 0)}
    assert (bundle.state, bundle.job_number) == (LineState.DRAFT, "")
    assert all(line.job_number for line in members)
    work_until_idle(family)
    done = read(family)
    assert done.state is OrderState.COMPLETED
    assert {one.state for one in services(family).values()} == {ServiceState.ACTIVE}
    first, second = (services(family)[line.service_number] for line in done.lines[1:3])
    assert first.identifiers["msisdn"] != second.identifiers["msisdn"]
    assert first.covered
    assert first.parent_number == bundle.service_number


def test_a_bundle_without_a_price_of_its_own_costs_what_its_products_cost(family: App) -> None:
    make(
        family,
        "duo",
        kind=ProductKind.BUNDLE,
        members=(Member(product="mobile_10"), Member(product="tv")),
        priced_by_members=True,
    )
    lines = place(family, {"product_code": "duo"}).lines
    assert [(line.setup_micros, line.monthly_micros) for line in lines] == [
        (0, 0),
        (10_000_000, 49_900_000),
        (5_000_000, 30_000_000),
    ]
    assert not any(one.covered for one in services(family).values())
    with pytest.raises(Refused, match="costs what its products cost"), family.unit_of_work() as ctx:
        operations.set_price(ctx, "duo", SetPrice(setup_price=Decimal(0), monthly_price=Decimal(9)))


def test_what_is_said_of_a_part_stays_with_it_and_the_parts_left_out_are_added(family: App) -> None:
    placed = place(
        family,
        {"product_code": "family"},
        {"product_code": "mobile_10", "part_of": 1, "picks": {"number": "I000009"}},
        {"product_code": "mobile_10"},
    )
    assert [(one.product_code, one.parent_service) for one in placed.lines] == [
        ("family", ""),
        ("mobile_10", "S000001"),
        ("mobile_10", ""),
        ("mobile_10", "S000001"),
        ("tv", "S000001"),
    ]
    assert placed.lines[1].picks["number"].number == "I000009"
    assert placed.lines[2].monthly_micros == 49_900_000


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([{"product_code": "mobile_10"}, {"product_code": "tv", "part_of": 1}], "lines.1.part_of"),
        ([{"product_code": "tv", "part_of": 2}, {"product_code": "family"}], "lines.0.part_of"),
        (
            [{"product_code": "family"}, *[{"product_code": "tv", "part_of": 1}] * 2],
            "lines.2.product_code",
        ),
        ([{"product_code": "family", "parameters": {"x": 1}}], "lines.0.parameters.x"),
        ([{"product_code": "family"}] * 30, "lines"),
    ],
)
def test_an_order_that_does_not_fit_its_bundle_is_refused(
    family: App, lines: list[dict[str, Any]], field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        place(family, *lines)
    assert refusal.value.field == field
    assert refusal.value.remedy
    assert services(family) == {}


def test_a_bundle_begins_when_what_could_be_set_up_is_and_the_rest_is_tried_again(
    family: App, network: SimpleNamespace
) -> None:
    place(family, {"product_code": "family"})
    with family.unit_of_work() as ctx:
        operations.cancel_order_line(ctx, "O000001/4")
    network.fails = True
    work_until_idle(family)
    failed = read(family)
    assert [line.state for line in failed.lines] == [
        LineState.FAILED,
        LineState.FAILED,
        LineState.FAILED,
        LineState.CANCELLED,
    ]
    assert "None of its services" in failed.lines[0].error
    with pytest.raises(Refused, match="bundles"), family.unit_of_work() as ctx:
        operations.retry_order_line(ctx, "O000001/1")
    network.fails = False
    with family.unit_of_work() as ctx:
        operations.retry_order_line(ctx, "O000001/2")
    assert read(family).lines[0].state is LineState.DRAFT
    work_until_idle(family)
    after = read(family)
    assert [line.state for line in after.lines[:3]] == [
        LineState.COMPLETED,
        LineState.COMPLETED,
        LineState.FAILED,
    ]
    with family.unit_of_work() as ctx:
        operations.retry_order_line(ctx, "O000001/3")
    work_until_idle(family)
    assert read(family).lines[2].state is LineState.COMPLETED
    assert services(family)["S000001"].state is ServiceState.ACTIVE


def test_a_bundle_is_cancelled_with_the_last_of_its_lines_and_not_before(family: App) -> None:
    place(family, {"product_code": "family"})
    with pytest.raises(Refused, match="goes with the lines"), family.unit_of_work() as ctx:
        operations.cancel_order_line(ctx, "O000001/1")
    with family.unit_of_work() as ctx:
        for position in (2, 3, 4):
            operations.cancel_order_line(ctx, f"O000001/{position}")
    assert read(family).state is OrderState.CANCELLED
    assert {one.state for one in services(family).values()} == {ServiceState.CANCELLED}


def test_what_belongs_to_a_bundle_is_suspended_resumed_and_terminated_with_it(
    family: App, network: SimpleNamespace
) -> None:
    place(family, {"product_code": "family"})
    work_until_idle(family)
    with family.unit_of_work() as ctx:
        # One of them is suspended for another reason as well, and stays so.
        operations.suspend_service(ctx, "S000002", SuspendService(reason=SuspensionReason.LOST))
    work_until_idle(family)
    with family.unit_of_work() as ctx:
        order = operations.suspend_service(ctx, "S000001", SuspendService(reason=SuspensionReason.REQUEST))
    assert [(one.service_number, one.needs_network) for one in order.lines] == [
        ("S000001", True),
        ("S000002", False),
        ("S000003", True),
        ("S000004", True),
    ]
    work_until_idle(family)
    assert {one.shown_state for one in services(family).values()} == {"suspended"}
    with family.unit_of_work() as ctx:
        operations.resume_service(ctx, "S000001", ResumeService(reason=SuspensionReason.REQUEST))
    work_until_idle(family)
    assert [one.shown_state for one in services(family).values()] == [
        "active",
        "suspended",
        "active",
        "active",
    ]
    with family.unit_of_work() as ctx:
        operations.terminate_service(ctx, "S000001", TerminateService())
    work_until_idle(family)
    assert {one.state for one in services(family).values()} == {ServiceState.TERMINATED}


def test_a_part_that_its_bundle_pays_for_neither_ends_alone_nor_changes_its_plan(family: App) -> None:
    make(family, "mobile_20", needs=("sim", "number"), monthly_price=Decimal(70))
    place(family, {"product_code": "family"})
    work_until_idle(family)
    with pytest.raises(Refused, match="paid for with S000001"), family.unit_of_work() as ctx:
        operations.terminate_service(ctx, "S000002", TerminateService())
    with pytest.raises(Refused, match="keeps its plan") as refusal, family.unit_of_work() as ctx:
        operations.change_service(ctx, "S000002", ChangeService(change="plan", product_code="mobile_20"))
    assert refusal.value.field == "product_code"


def test_a_service_at_work_keeps_its_bundle_from_ending(family: App) -> None:
    place(family, {"product_code": "family"})
    work_until_idle(family)
    with family.unit_of_work() as ctx:
        operations.suspend_service(ctx, "S000003", SuspendService(reason=SuspensionReason.REQUEST))
    with pytest.raises(Refused, match="at work on S000003"), family.unit_of_work() as ctx:
        operations.terminate_service(ctx, "S000001", TerminateService())


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "bundle"}, "members"),
        ({"kind": "bundle", "members": [{"product": "nothing"}]}, "members"),
        ({"kind": "bundle", "members": [{"product": "family"}]}, "members"),
        ({"kind": "bundle", "members": [{"product": "tv"}, {"product": "tv"}]}, "members"),
        ({"kind": "bundle", "members": [{"product": "tv"}], "needs": ["sim"]}, "needs"),
        (
            {"kind": "bundle", "members": [{"product": "tv"}], "priced_by_members": True, "monthly_price": 1},
            "monthly_price",
        ),
        ({"members": [{"product": "tv"}]}, "members"),
        ({"fits": ["tv"]}, "fits"),
        ({"kind": "add_on"}, "fits"),
        ({"kind": "add_on", "fits": ["family"]}, "fits"),
        ({"kind": "promotion"}, "kind"),
    ],
)
def test_a_product_that_does_not_go_with_its_kind_is_refused(
    family: App, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        make(family, "other", **values)
    assert refusal.value.field == field
    assert refusal.value.remedy


def test_a_bundle_gets_other_products_for_orders_to_come_and_never_none(family: App) -> None:
    with family.unit_of_work() as ctx:
        changed = operations.update_product(
            ctx, "family", UpdateProduct(members=(Member(product="tv", quantity=3),))
        )
    assert [(one.product, one.quantity) for one in changed.members] == [("tv", 3)]
    assert [line.product_code for line in place(family, {"product_code": "family"}).lines] == [
        "family",
        "tv",
        "tv",
        "tv",
    ]
    with pytest.raises(Refused) as refusal, family.unit_of_work() as ctx:
        operations.update_product(ctx, "family", UpdateProduct(members=()))
    assert refusal.value.field == "members"


def test_a_bundle_with_a_product_that_is_not_sold_any_more_is_not_ordered(family: App) -> None:
    with family.unit_of_work() as ctx:
        operations.retire_product(ctx, "tv")
    with pytest.raises(Refused, match="not sold any more") as refusal:
        place(family, {"product_code": "family"})
    assert refusal.value.field == "lines.3.product_code"


def test_a_dry_run_looks_at_every_line_of_a_bundle_and_keeps_nothing(family: App) -> None:
    wish = PlaceOrder.model_validate({"customer_number": "C000001", "lines": [{"product_code": "family"}]})
    with family.reading() as ctx:
        number = operations.try_order(ctx, wish)
        plans = preview(ctx, wish)
    work_until_idle(family)
    with family.reading() as ctx:
        steps = jobs.steps_of(ctx, ctx.load_by(Job, Job.number, number).key)
    assert [one.label for one in steps] == ["1. Family", "2. Mobile 10 GB", "3. Mobile 10 GB", "4. Tv"]
    assert {one.state for one in steps} == {StepState.DONE}
    assert [plan.title.split()[1] for plan in plans] == ["Family", "Mobile", "Mobile", "Tv"]
    assert services(family) == {}
