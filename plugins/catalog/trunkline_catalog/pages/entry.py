"""Taking an order, step by step: customer, product, details of every line, review. Until it is placed it is a draft."""

import secrets
from typing import Any

from starlette.responses import Response

from trunkline import drafts
from trunkline.customers import queries as customers
from trunkline.customers.models import Customer
from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.web.pages import Page, Pages
from trunkline_catalog import operations, queries
from trunkline_catalog.operations.orders import ordering_customer, placed_before
from trunkline_catalog.operations.previewing import preview
from trunkline_catalog.operations.trying_out import is_dry_run_of
from trunkline_catalog.order_forms import PICK
from trunkline_catalog.pages.offers import offers_to
from trunkline_catalog.pages.order_form import DRAFT, OrderForm
from trunkline_catalog.tables import PRODUCT_KIND_LABELS
from trunkline_inventory import queries as inventory

pages = Pages()
_FOUND = 12


@pages.get("/catalog/orders/new", permission="catalog.order.create")
def new(page: Page) -> Response:
    """The step that the address says: who, what, or how."""
    number, code = page.query.get("customer", ""), page.query.get("product", "")
    _head(page)
    if not number:
        return _ask_customer(page)
    customer = ordering_customer(page.ctx, number)
    if not code:
        return page.render(
            "catalog/entry_product.html",
            customer=customer,
            offers=offers_to(page.ctx, customer.key),
            labels=_labels(page),
            kinds=PRODUCT_KIND_LABELS,
            step=2,
            offer=drafts.offered(page.ctx, DRAFT),
            here=f"/catalog/orders/new?customer={customer.number}",
        )
    order = OrderForm(page, customer)
    order.choose(queries.product(page.ctx, code))
    return _ask_details(page, customer, order)


def _head(page: Page) -> None:
    page.title = str(_("New order"))
    page.crumbs((str(_("Orders")), "/catalog/orders"), (page.title, ""))


def _labels(page: Page) -> dict[str, str]:
    return {one.name: one.label for one in inventory.templates(page.ctx)}


def _ask_customer(page: Page) -> Response:
    from trunkline.customers.tables import CUSTOMERS

    query = page.query.get("q", "").strip()
    found: list[Any] = []
    if query:
        view = CUSTOMERS.load(page.ctx.session, customers.list_customers(page.ctx), {"q": query})
        found = list(view.rows[:_FOUND])
    return page.render(
        "catalog/entry_customer.html", query=query, found=found, step=1, offer=drafts.offered(page.ctx, DRAFT)
    )


def _ask_details(page: Page, customer: Customer, order: OrderForm, status: int = 200) -> Response:
    return page.render(
        "catalog/entry_details.html",
        status=status,
        customer=customer,
        order=order,
    )


def _posted(page: Page) -> tuple[Customer, OrderForm]:
    """Who orders, and what was filled in. Raises Refused when no line was sent."""
    _head(page)
    customer = ordering_customer(page.ctx, page.query.get("customer", ""))
    order = OrderForm.posted(page, customer)
    if not order.lines:
        raise Refused(_("This order has no line."), field="lines", remedy=_("Choose a product first."))
    return customer, order


@pages.get("/catalog/orders/items/{template}", permission="catalog.order.create")
def suggestions(page: Page, template: str) -> Response:
    """Free items whose identifiers hold what is being typed, as options of the input."""
    typed = next((value for name, value in page.query.items() if PICK in name), "")
    found = inventory.available(page.ctx, template, typed, limit=_FOUND)
    return page.part("catalog/entry_items.html", items=found)


@pages.post("/catalog/orders/details", permission="catalog.order.create", reads=True)
def change(page: Page) -> Response:
    """The details with everything as it was, and with a line more (`add`) or less (`remove`)."""
    customer, order = _posted(page)
    order.forget_errors()
    removed = str(page.form_data.get("remove") or "")
    if removed.isdecimal():
        order.remove(int(removed))
    if page.form_data.get("add"):
        order.add_by_code(str(page.form_data.get("add_product") or ""))
    return _ask_details(page, customer, order, 422 if order.errors else 200)


@pages.post("/catalog/orders/review", permission="catalog.order.create", reads=True)
def review(page: Page) -> Response:
    """Everything in one view, before it is placed."""
    customer, order = _posted(page)
    return _review(page, customer, order)


@pages.post("/catalog/orders/try", permission="catalog.dry_run.create", reads=True)
def try_out(page: Page) -> Response:
    """The review, beside which a dry run of the order begins; the same form sent twice begins one."""
    customer, order = _posted(page)
    order.find_items()
    if not order.valid:
        return _ask_details(page, customer, order, 422)
    once = f"{page.form_data.get('idempotency_key') or secrets.token_hex(12)}:{order.tried}"
    try:
        order.tried = operations.try_order(page.ctx, order.wish(""), key=once)
    except (Refused, NotFound) as error:
        order.refuse(error)
        return _ask_details(page, customer, order, 422)
    return _review(page, customer, order, begun=True)


def _review(page: Page, customer: Customer, order: OrderForm, *, begun: bool = False) -> Response:
    order.find_items()
    if not order.valid:
        return _ask_details(page, customer, order, 422)
    try:
        plans = preview(page.ctx, order.wish(""))
    except (Refused, NotFound) as error:
        order.refuse(error)
        return _ask_details(page, customer, order, 422)
    if order.tried and not begun and not is_dry_run_of(page.ctx, order.tried, order.wish("")):
        # Another order than that one by now.
        order.tried = ""
    return page.render(
        "catalog/entry_review.html",
        customer=customer,
        order=order,
        plans=plans,
        labels=_labels(page),
        key=str(page.form_data.get("idempotency_key") or secrets.token_hex(12)),
        may_try=page.can("catalog.dry_run.create") and page.can("core.job.view"),
    )


@pages.post("/catalog/orders", permission="catalog.order.create")
def place(page: Page) -> Response:
    """Place the order that was reviewed; sent twice, it is placed once."""
    customer, order = _posted(page)
    key = str(page.form_data.get("idempotency_key") or "")
    # Sent twice, its own order already holds what was picked.
    if key and (before := placed_before(page.ctx, f"{customer.key}:{key}")) is not None:
        return page.redirect(f"/catalog/orders/{before.number}")
    order.find_items()
    if not order.valid:
        return _ask_details(page, customer, order, 422)
    try:
        with page.ctx.session.begin_nested():
            placed = operations.place_order(page.ctx, order.wish(key))
    except (Refused, NotFound) as error:
        page.ctx.session.rollback()
        page.ctx.after_commit.clear()
        order.refuse(error)
        return _ask_details(page, customer, order, 422)
    drafts.drop(page.ctx, DRAFT)
    return page.redirect(
        f"/catalog/orders/{placed.number}", str(_("Order {number} was placed.", number=placed.number))
    )
