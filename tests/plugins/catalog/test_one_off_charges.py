"""A one-off charge is ordered like everything else, and leaves no service."""

from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tests.plugins.catalog.test_bundles import make, place, read, services
from trunkline.app import App
from trunkline.clock import utc_now
from trunkline.errors import Refused
from trunkline.testing import work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import (
    OrderState,
    ProductKind,
    RecordExistingService,
    ServiceState,
    SetPrice,
)

pytestmark = [pytest.mark.plugins("inventory", "catalog"), pytest.mark.both_databases]

VISIT = {"kind": ProductKind.ONE_OFF, "setup_price": Decimal(80)}


@pytest.fixture
def visit(shop: App) -> App:
    make(shop, "visit", **VISIT)
    return shop


def test_its_line_completes_and_no_service_stays(visit: App) -> None:
    placed = place(visit, {"product_code": "visit"})
    assert (placed.lines[0].setup_micros, placed.lines[0].monthly_micros) == (80_000_000, 0)
    work_until_idle(visit)
    assert read(visit).state is OrderState.COMPLETED
    with visit.reading() as ctx:
        assert queries.services_of(ctx, 1) == []
    [done] = services(visit).values()
    assert done.state is ServiceState.TERMINATED
    assert done.ended_at == done.activated_at


def test_one_that_fails_is_tried_again(visit: App, network: SimpleNamespace) -> None:
    network.fails = True
    place(visit, {"product_code": "visit"})
    work_until_idle(visit)
    assert read(visit).state is OrderState.FAILED
    network.fails = False
    with visit.unit_of_work() as ctx:
        operations.retry_order_line(ctx, "O000001/1")
    work_until_idle(visit)
    assert read(visit).state is OrderState.COMPLETED


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"monthly_price": 1}, "monthly_price"),
        ({"needs": ["sim"]}, "needs"),
        ({"allowances": [{"type": "sms", "quantity": 1, "unit": "messages"}]}, "allowances"),
        ({"suspension": {"charged_percent": 50}}, "suspension"),
    ],
)
def test_what_would_stay_of_it_is_refused(shop: App, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refusal:
        make(shop, "visit", **{**VISIT, **values})
    assert refusal.value.field == field


def _monthly(app: App) -> None:
    with app.unit_of_work() as ctx:
        operations.set_price(ctx, "visit", SetPrice(setup_price=Decimal(1), monthly_price=Decimal(1)))


def _recorded(app: App) -> None:
    with app.unit_of_work() as ctx:
        operations.record_existing_service(
            ctx,
            RecordExistingService(customer_number="C000001", product_code="visit", activated_at=utc_now()),
        )


@pytest.mark.parametrize(("act", "field"), [(_monthly, "monthly_price"), (_recorded, "product_code")])
def test_it_gets_no_monthly_price_and_is_not_recorded(
    visit: App, act: Callable[[App], None], field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        act(visit)
    assert refusal.value.field == field
