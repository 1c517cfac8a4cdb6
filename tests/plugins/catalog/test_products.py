"""A price change never rewrites the past."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from trunkline.app import App
from trunkline.clock import utc_now
from trunkline.errors import Conflict, Refused
from trunkline.testing import Browser
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import (
    CreateProduct,
    Parameter,
    ParameterKind,
    Price,
    ProductKind,
    SetPrice,
    UpdateProduct,
)

pytestmark = [pytest.mark.plugins("inventory", "catalog"), pytest.mark.both_databases]


def price(monthly: str, at: datetime | None = None) -> SetPrice:
    return SetPrice(setup_price=Decimal(0), monthly_price=Decimal(monthly), effective_from=at)


def product(**values: object) -> CreateProduct:
    return CreateProduct.model_validate({"code": "fibre", "name": "Fibre", "currency": "BRL", **values})


def test_a_new_price_leaves_the_past_as_it_was(shop: App) -> None:
    before = utc_now()
    with shop.unit_of_work() as ctx:
        operations.set_price(ctx, "mobile_10", price("59.90"))
    with shop.reading() as ctx:
        assert queries.price_at(ctx, "mobile_10", before) == Price(10_000_000, 49_900_000, "BRL")
        assert queries.price_at(ctx, "mobile_10", utc_now()).monthly_micros == 59_900_000


def test_a_planned_price_begins_at_its_moment(shop: App) -> None:
    moment = utc_now() + timedelta(days=30)
    with shop.unit_of_work() as ctx:
        operations.set_price(ctx, "mobile_10", price("59.90", moment))
    with shop.reading() as ctx:
        assert queries.price_at(ctx, "mobile_10", moment - timedelta(seconds=1)).monthly_micros == 49_900_000
        assert queries.price_at(ctx, "mobile_10", moment).monthly_micros == 59_900_000
        assert queries.product(ctx, "mobile_10").monthly_price_micros == 49_900_000


def test_a_planned_price_is_on_the_start_page_of_who_makes_prices(
    shop: App, staff: Callable[..., Browser]
) -> None:
    manager = staff("product_manager")
    assert "Prices that change" not in manager.get("/").text
    with shop.unit_of_work() as ctx:
        operations.set_price(ctx, "mobile_10", price("59.90", utc_now() + timedelta(days=30)))
    page = manager.get("/").text.partition("Prices that change")[2]
    assert 'href="/catalog/products/mobile_10"' in page
    assert [price for price in ("49.90", "59.90") if price not in page] == []
    assert "Prices that change" not in staff("customer_care").get("/").text


def test_a_price_in_the_past_is_refused(shop: App) -> None:
    with pytest.raises(Refused, match="past") as refusal, shop.unit_of_work() as ctx:
        operations.set_price(ctx, "mobile_10", price("1", utc_now() - timedelta(days=1)))
    assert refusal.value.field == "effective_from"


def test_a_price_that_overlaps_a_planned_one_is_refused(shop: App) -> None:
    moment = utc_now() + timedelta(days=30)
    with shop.unit_of_work() as ctx:
        operations.set_price(ctx, "mobile_10", price("59.90", moment))
    with pytest.raises(Refused, match="overlap"), shop.unit_of_work() as ctx:
        operations.set_price(ctx, "mobile_10", price("69.90", moment - timedelta(days=10)))


def test_a_planned_price_can_be_withdrawn_and_a_past_one_cannot(shop: App) -> None:
    moment = utc_now() + timedelta(days=30)
    with shop.unit_of_work() as ctx:
        planned = operations.set_price(ctx, "mobile_10", price("59.90", moment))
        operations.withdraw_price(ctx, "mobile_10", planned.id)
    with shop.reading() as ctx:
        left = queries.prices(ctx, queries.product(ctx, "mobile_10").id)
    assert [(one.monthly_micros, one.effective_to) for one in left] == [(49_900_000, None)]
    with pytest.raises(Refused, match="begun"), shop.unit_of_work() as ctx:
        operations.withdraw_price(ctx, "mobile_10", left[0].id)


def test_an_order_before_the_first_price_is_refused_naming_the_moment(shop: App) -> None:
    with shop.reading() as ctx, pytest.raises(Refused, match="no price at 2020-01-01"):
        queries.price_at(ctx, "mobile_10", datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"needs": ("router",)}, "needs"),
        ({"needs": ("sim", "sim")}, "needs"),
        ({"kind": ProductKind.PROMOTION}, "kind"),
        ({"parameters": (Parameter(name="a", label="A", kind=ParameterKind.CHOICE),)}, "choices"),
        (
            {"parameters": (Parameter(name="a", label="A", kind=ParameterKind.NUMBER, value="x"),)},
            "value",
        ),
    ],
)
def test_what_a_product_names_must_exist(shop: App, values: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as refusal, shop.unit_of_work() as ctx:
        operations.create_product(ctx, product(**values))
    assert refusal.value.field == field


def test_a_code_is_taken_once(shop: App) -> None:
    with pytest.raises(Conflict, match="mobile_10"), shop.unit_of_work() as ctx:
        operations.create_product(ctx, product(code="mobile_10"))


def test_the_second_editor_is_told(shop: App) -> None:
    with shop.unit_of_work() as ctx:
        version = queries.product(ctx, "mobile_10").version
        operations.update_product(ctx, "mobile_10", UpdateProduct(name="First", version=version))
    with pytest.raises(Conflict), shop.unit_of_work() as ctx:
        operations.update_product(ctx, "mobile_10", UpdateProduct(name="Second", version=version))


def test_jobs_are_told_apart_by_the_names_of_their_products(shop: App) -> None:
    from trunkline.jobs.performance import product_names

    with shop.reading() as ctx:
        found = product_names(ctx, ["mobile_10", "gone", ""])
    assert found == {"gone": "gone", "mobile_10": "Mobile 10 GB"}
