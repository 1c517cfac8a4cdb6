"""Customers see what belongs to what, and nothing of what was charged once and is over."""

from collections.abc import Callable
from decimal import Decimal

from tests.plugins.portal.conftest import Household
from trunkline.app import App
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations as catalog
from trunkline_catalog.schemas import CreateProduct, Member, PlaceOrder, ProductKind


def test_parts_and_add_ons_stand_behind_what_they_belong_to(
    app: App, portal_client: Callable[..., Browser], ana: Household
) -> None:
    with app.unit_of_work() as ctx:
        for code, values in (
            ("tv", {"monthly_price": Decimal(30)}),
            ("home", {"kind": ProductKind.BUNDLE, "members": (Member(product="tv"),)}),
            ("roaming", {"kind": ProductKind.ADD_ON, "fits": ("mobile",)}),
            ("visit", {"kind": ProductKind.ONE_OFF, "setup_price": Decimal(80)}),
        ):
            catalog.create_product(
                ctx,
                CreateProduct.model_validate(
                    {"code": code, "name": code.title(), "currency": "BRL", **values}
                ),
            )
    with app.unit_of_work() as ctx:
        lines = [
            {"product_code": "home"},
            {"product_code": "visit"},
            {"product_code": "roaming", "added_to": ana.service},
        ]
        placed = catalog.place_order(
            ctx, PlaceOrder.model_validate({"customer_number": ana.number, "lines": lines})
        )
    work_until_idle(app)
    client = portal_client(ana)
    page = client.get("/portal/services").text
    places = [page.index(f"/portal/services/{ana.service}"), page.index("added to Mobile 10 GB")]
    places += [page.index(f"/portal/services/{placed.lines[0].service_number}"), page.index("part of Home")]
    assert places == sorted(places)
    assert "Visit" not in page
    assert "Added to" in client.get(f"/portal/services/{placed.lines[2].service_number}").text
