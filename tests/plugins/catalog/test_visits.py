"""A technician's start page: where to go today, with what, and what went wrong at their customers."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from trunkline.app import App
from trunkline.auth.models import User
from trunkline.customers import operations as customers
from trunkline.customers.models import Customer
from trunkline.customers.schemas import AssignCustomer, SiteData, UpdateCustomer
from trunkline.testing import Browser
from trunkline_catalog import operations
from trunkline_catalog.models import CatalogOrderLine
from trunkline_catalog.schemas import OrderLineInput, OrderView, PlaceOrder

Staff = Callable[..., Browser]


@pytest.fixture
def technician(shop: App, staff: Staff) -> Browser:
    """Looks after C000001, who has a site and a telephone."""
    browser = staff("field_technician")
    with shop.unit_of_work() as ctx:
        user = ctx.session.scalars(select(User).order_by(col(User.id).desc())).first()
        assert user is not None
        customers.add_site(ctx, "C000001", SiteData(name="Home", street="Rua das Flores 10", city="Curitiba"))
        customers.update(ctx, "C000001", UpdateCustomer(phone="51 99123-4567"))
        customers.assign(ctx, "C000001", AssignCustomer(user_id=user.id))
    return browser


def test_who_looks_after_nobody_has_no_visits(shop: App, staff: Staff) -> None:
    browser = staff("field_technician")
    assert "Visits today" not in browser.get("/").text
    assert "No visits" in browser.get("/catalog/visits").text


def test_an_order_of_today_says_where_whom_and_what_to_bring(
    technician: Browser, order: Callable[..., OrderView]
) -> None:
    order()
    order(customer="C000002")
    home = technician.get("/").text
    assert "Visits today" in home
    for said in (
        "Ana Prates",
        "Rua das Flores 10, Curitiba",
        "geo:0,0?q=Rua",
        "tel:+5551991234567",
        "Bring:",
    ):
        assert said in home
    assert "Bento Lima" not in home


def test_what_failed_comes_first_and_what_is_for_another_day_last(
    shop: App, technician: Browser, order: Callable[..., OrderView]
) -> None:
    failed = order().lines[0]
    with shop.unit_of_work() as ctx:
        line = ctx.session.scalars(
            select(CatalogOrderLine).where(col(CatalogOrderLine.id) == failed.id)
        ).one()
        line.state, line.error, line.open_service_id = "failed", "The terminal does not answer.", None
        operations.place_order(
            ctx,
            PlaceOrder(
                customer_number="C000001",
                lines=[OrderLineInput(product_code="mobile_10")],
                start_after=ctx.now() + timedelta(days=3),
            ),
        )
    order()
    page = technician.get("/catalog/visits").text
    places = [page.index(f'id="{group}"') for group in ("failed", "today", "later")]
    assert places == sorted(places)
    assert "The terminal does not answer." in page
    assert "Orders of yours that failed" in technician.get("/").text


def test_nobody_else_is_shown_visits(shop: App, staff: Staff) -> None:
    assert staff("customer_care").get("/catalog/visits").status_code == 403
    with shop.reading() as ctx:
        assert ctx.session.scalars(select(Customer)).first() is not None
