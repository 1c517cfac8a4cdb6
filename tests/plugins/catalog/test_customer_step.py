"""A customer who is added with a plan: registered and ordered for in one transaction, or neither."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from tests.core.customers.test_guided import _BASE, _PEOPLE, _PERSON, _PLACE, _WHO
from trunkline.app import App
from trunkline.customers.models import Customer
from trunkline.demo.stock import mobile_numbers, sims
from trunkline.operation import Context
from trunkline.testing import Browser
from trunkline_billing.models.accounts import BillingAccount
from trunkline_catalog import operations as catalog
from trunkline_catalog.models import CatalogOrder, CatalogService
from trunkline_catalog.schemas import CreateProduct, Parameter
from trunkline_inventory import operations as inventory

Staff = Callable[..., Browser]
_ACCOUNT = {"name": "", "kind": "postpaid", "currency": "BRL", "tax_scheme": ""}


def _stock(app: App, *, free: int = 1) -> None:
    with app.unit_of_work() as ctx:
        if free:
            inventory.add_items(ctx, "sim", list(sims(1, free)))
            inventory.add_items(ctx, "number", list(mobile_numbers(free)))
        _sell(ctx)


def _sell(ctx: Context) -> None:
    catalog.create_product(
        ctx,
        CreateProduct(
            code="mobile",
            name="Mobile 10 GB",
            needs=("sim", "number"),
            monthly_price=Decimal(50),
            setup_price=Decimal(0),
            currency="BRL",
        ),
    )
    catalog.create_product(
        ctx,
        CreateProduct(
            code="line",
            name="Line with a name",
            parameters=(Parameter(name="display", label="Display name", ask=True, required=True),),
            monthly_price=Decimal(20),
            setup_price=Decimal(0),
            currency="BRL",
        ),
    )


def _until_plan(browser: Browser) -> None:
    browser.submit(_WHO, _PERSON)
    browser.submit(f"{_BASE}/core.contacts", _PEOPLE)
    browser.submit(f"{_BASE}/core.site", {**_PLACE, "street": "Rua das Flores 10", "city": "Curitiba"})


def _made(app: App) -> tuple[list[str], list[tuple[str, bool]], int]:
    """Customers by name; services by product with whether they have a site; orders."""
    with app.reading() as ctx:
        services = ctx.session.scalars(select(CatalogService)).all()
        return (
            list(ctx.session.scalars(select(col(Customer.name)))),
            [(one.state, one.site_id is not None) for one in services],
            len(ctx.session.scalars(select(CatalogOrder)).all()),
        )


def test_the_plan_is_ordered_for_the_new_customer_at_the_new_site(app: App, staff: Staff) -> None:
    _stock(app)
    browser = staff("supervisor")
    _until_plan(browser)
    browser.submit(f"{_BASE}/billing.account", {**_ACCOUNT, "kind": "prepaid", "name": "Family"})
    plan = f"{_BASE}/catalog.plan"
    asked = browser.submit(plan, {"product": "mobile"})
    assert asked.url.path == plan
    assert "pick_sim" in asked.text
    overview = browser.submit(plan, {"product": "mobile", "pick_sim": "", "pick_number": ""})
    assert overview.url.path == f"{_BASE}/overview"
    for said in ("Mobile 10 GB", "Family", "Prepaid"):
        assert said in overview.text
    assert _made(app) == ([], [], 0)
    browser.submit(f"{_BASE}/create", {}, page=f"{_BASE}/overview")
    customers, services, orders = _made(app)
    assert customers == ["Ana Souza"]
    assert [at_site for _state, at_site in services] == [True]
    assert orders == 1
    with app.reading() as ctx:
        account = ctx.session.scalars(select(BillingAccount)).one()
    assert (account.kind, account.name, account.is_default) == ("prepaid", "Family", True)


def test_a_plan_that_cannot_be_had_is_refused_before_anything_is_made(app: App, staff: Staff) -> None:
    _stock(app, free=0)
    browser = staff("customer_care")
    _until_plan(browser)
    refused = browser.submit(
        f"{_BASE}/catalog.plan", {"product": "mobile", "pick_sim": "", "pick_number": ""}
    )
    assert refused.status_code == 422
    assert "data-error-summary" in refused.text
    assert _made(app) == ([], [], 0)


def test_what_was_taken_meanwhile_leaves_nothing_half_made(app: App, staff: Staff) -> None:
    _stock(app)
    browser = staff("customer_care")
    _until_plan(browser)
    browser.submit(f"{_BASE}/catalog.plan", {"product": "mobile", "pick_sim": "", "pick_number": ""})
    _quick(staff("supervisor"), {"catalog_plan.product": "mobile"})
    refused = browser.submit(f"{_BASE}/create", {}, page=f"{_BASE}/overview")
    assert refused.status_code == 422
    assert _made(app)[0] == ["Padaria Central"]


def test_the_short_form_orders_the_plan_and_offers_none_that_asks_more(app: App, staff: Staff) -> None:
    _stock(app)
    browser = staff("customer_care")
    shown = browser.get("/customers/new/client").text
    assert "Mobile 10 GB" in shown
    assert "Line with a name" not in shown
    back = _quick(browser, {"catalog_plan.product": "mobile"})
    assert back.url.path == "/customers"
    customers, services, orders = _made(app)
    assert (customers, len(services), orders) == (["Padaria Central"], 1, 1)


def test_a_step_that_somebody_may_not_do_is_none_of_theirs(app: App, staff: Staff) -> None:
    browser = staff("customer_care")
    _until_plan(browser)
    assert browser.get(f"{_BASE}/billing.account").status_code == 404
    assert browser.get(_BASE).url.path == f"{_BASE}/overview"


def _quick(browser: Browser, further: dict[str, Any]) -> Any:
    sent = {"name": "Padaria Central", "kind": "business", "email": "", "status": "active"}
    return browser.submit("/customers/new/client", {**sent, "core_contacts.contact": "", **further})
