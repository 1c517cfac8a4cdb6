"""An add-on goes to a service that it fits, as often as it may, and ends with it."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tests.plugins.catalog.test_bundles import make, place, services
from trunkline.app import App
from trunkline.clock import utc_now
from trunkline.errors import NotFound, Refused, TrunklineError
from trunkline.jobs import queries as jobs
from trunkline.jobs.models import Job, StepState
from trunkline.testing import work_until_idle
from trunkline_catalog import operations
from trunkline_catalog.schemas import (
    LineState,
    PlaceOrder,
    ProductKind,
    RecordExistingService,
    ServiceState,
    SuspendService,
    SuspensionReason,
    TerminateService,
)

pytestmark = [pytest.mark.plugins("inventory", "catalog"), pytest.mark.both_databases]


@pytest.fixture
def mobile(shop: App) -> App:
    """C000001 has the active Mobile 10 GB S000001; Roaming goes with that, once each. TV stands alone."""
    make(shop, "tv", monthly_price=Decimal(30))
    make(
        shop,
        "roaming",
        kind=ProductKind.ADD_ON,
        fits=("mobile_10",),
        most_per_service=1,
        monthly_price=Decimal(15),
    )
    place(shop, {"product_code": "mobile_10"})
    work_until_idle(shop)
    return shop


def test_an_add_on_belongs_to_its_service_and_costs_its_own_price(mobile: App) -> None:
    placed = place(mobile, {"product_code": "roaming", "added_to": "S000001"})
    assert (placed.lines[0].parent_service, placed.lines[0].monthly_micros) == ("S000001", 15_000_000)
    work_until_idle(mobile)
    added = services(mobile)["S000002"]
    assert (added.state, added.parent_number, added.covered) == (ServiceState.ACTIVE, "S000001", False)
    assert added.identifiers == {}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ({"product_code": "roaming"}, Refused),
        ({"product_code": "roaming", "added_to": "S000099"}, NotFound),
        ({"product_code": "roaming", "added_to": "S000002"}, Refused),
        ({"product_code": "tv", "added_to": "S000001"}, Refused),
    ],
)
def test_an_add_on_that_goes_to_nothing_or_elsewhere_is_refused(
    mobile: App, line: dict[str, Any], error: type[TrunklineError]
) -> None:
    place(mobile, {"product_code": "tv"})
    work_until_idle(mobile)
    with pytest.raises(error) as refusal:
        place(mobile, line)
    assert refusal.value.field == "lines.0.added_to"
    assert refusal.value.remedy


def test_an_add_on_is_not_added_to_anothers_service(mobile: App) -> None:
    with pytest.raises(NotFound, match="Bento Lima has no service"), mobile.unit_of_work() as ctx:
        operations.place_order(
            ctx,
            PlaceOrder.model_validate(
                {
                    "customer_number": "C000002",
                    "lines": [{"product_code": "roaming", "added_to": "S000001"}],
                }
            ),
        )


def test_a_service_has_no_more_of_an_add_on_than_it_may(mobile: App) -> None:
    with pytest.raises(Refused, match="1 times already") as refusal:
        place(mobile, *[{"product_code": "roaming", "added_to": "S000001"}] * 2)
    assert refusal.value.field == "lines.1.added_to"
    place(mobile, {"product_code": "roaming", "added_to": "S000001"})
    work_until_idle(mobile)
    with pytest.raises(Refused, match="1 times already"):
        place(mobile, {"product_code": "roaming", "added_to": "S000001"})
    added = next(one.number for one in services(mobile).values() if one.parent_number)
    with mobile.unit_of_work() as ctx:
        operations.terminate_service(ctx, added, TerminateService())
    work_until_idle(mobile)
    assert services(mobile)["S000001"].state is ServiceState.ACTIVE
    place(mobile, {"product_code": "roaming", "added_to": "S000001"})


def test_an_add_on_is_suspended_and_ends_with_its_service(mobile: App, network: SimpleNamespace) -> None:
    place(mobile, {"product_code": "roaming", "added_to": "S000001"})
    work_until_idle(mobile)
    with mobile.unit_of_work() as ctx:
        operations.suspend_service(ctx, "S000001", SuspendService(reason=SuspensionReason.DEBT))
    work_until_idle(mobile)
    assert {one.shown_state for one in services(mobile).values()} == {"suspended"}
    with mobile.unit_of_work() as ctx:
        order = operations.terminate_service(ctx, "S000001", TerminateService())
    assert [one.service_number for one in order.lines] == ["S000001", "S000002"]
    work_until_idle(mobile)
    assert {one.state for one in services(mobile).values()} == {ServiceState.TERMINATED}


def test_an_add_on_that_failed_is_not_tried_again_once_its_service_has_ended(
    mobile: App, network: SimpleNamespace
) -> None:
    network.fails = True
    failed = place(mobile, {"product_code": "roaming", "added_to": "S000001"}).lines[0]
    work_until_idle(mobile)
    network.fails = False
    with mobile.unit_of_work() as ctx:
        operations.terminate_service(ctx, "S000001", TerminateService())
    work_until_idle(mobile)
    with pytest.raises(Refused, match="which has ended"), mobile.unit_of_work() as ctx:
        operations.retry_order_line(ctx, failed.number)
    with mobile.unit_of_work() as ctx:
        assert operations.cancel_order_line(ctx, failed.number).state is LineState.CANCELLED


def test_an_add_on_that_works_already_is_recorded_with_its_service(mobile: App) -> None:
    wish = RecordExistingService(
        customer_number="C000001", product_code="roaming", activated_at=utc_now(), parent_service="S000001"
    )
    with mobile.unit_of_work() as ctx:
        assert operations.record_existing_service(ctx, wish).parent_number == "S000001"
    with pytest.raises(Refused) as refusal, mobile.unit_of_work() as ctx:
        operations.record_existing_service(ctx, wish)
    assert refusal.value.field == "parent_service"


def test_an_add_on_that_is_still_awaited_keeps_its_service_from_ending_and_from_nothing_else(
    mobile: App,
) -> None:
    with mobile.unit_of_work() as ctx:
        operations.place_order(
            ctx,
            PlaceOrder.model_validate(
                {
                    "customer_number": "C000001",
                    "lines": [{"product_code": "roaming", "added_to": "S000001"}],
                    "start_after": "2099-01-01T12:00:00Z",
                }
            ),
        )
    with mobile.unit_of_work() as ctx:
        order = operations.suspend_service(ctx, "S000001", SuspendService(reason=SuspensionReason.FRAUD))
    assert [one.service_number for one in order.lines] == ["S000001"]
    work_until_idle(mobile)
    with pytest.raises(Refused, match="at work on S000002") as refusal, mobile.unit_of_work() as ctx:
        operations.terminate_service(ctx, "S000001", TerminateService())
    assert "cancel it" in str(refusal.value.remedy)


def test_a_dry_run_of_an_end_looks_at_what_ends_along(mobile: App) -> None:
    place(mobile, {"product_code": "roaming", "added_to": "S000001"})
    work_until_idle(mobile)
    with mobile.reading() as ctx:
        number = operations.try_change(ctx, "S000001", TerminateService())
    work_until_idle(mobile)
    with mobile.reading() as ctx:
        job = ctx.load_by(Job, Job.number, number)
        steps = jobs.steps_of(ctx, job.key)
    assert [(one.label, one.state) for one in steps] == [
        ("Terminate S000001", StepState.DONE),
        ("Terminate S000002", StepState.DONE),
    ]
    assert services(mobile)["S000002"].state is ServiceState.ACTIVE
