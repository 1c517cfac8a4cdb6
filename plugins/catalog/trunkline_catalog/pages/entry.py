"""Taking an order, step by step: customer, product, details, review. Nothing is kept until it is placed."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.customers.models import Customer
from trunkline.errors import NotFound, Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages
from trunkline_catalog import operations, queries
from trunkline_catalog.forms import PARAMETER, PICK, order_schema
from trunkline_catalog.operations.orders import ordering_customer, placed_before
from trunkline_catalog.schemas import OrderLineInput, PlaceOrder, ProductView
from trunkline_catalog.tables import KIND_ICONS
from trunkline_inventory import queries as inventory
from trunkline_inventory.schemas import ItemState, ItemView

pages = Pages()
_FOUND = 12


@dataclass(frozen=True)
class _Choice:
    """Who orders what."""

    customer: Customer
    product: ProductView

    @property
    def address(self) -> str:
        return f"/catalog/orders/new?customer={self.customer.number}&product={self.product.code}"


@pages.get("/catalog/orders/new", permission="catalog.order.create")
def new(page: Page) -> Response:
    """The step that the address says: who, what, or how."""
    page.title = str(_("New order"))
    page.crumbs((str(_("Orders")), "/catalog/orders"), (page.title, ""))
    number, code = page.query.get("customer", ""), page.query.get("product", "")
    if not number:
        return _ask_customer(page)
    customer = ordering_customer(page.ctx, number)
    if not code:
        return page.render(
            "catalog/entry_product.html",
            customer=customer,
            products=queries.products(page.ctx),
            icons=KIND_ICONS,
            stock=inventory.counts(page.ctx),
            labels={one.name: one.label for one in inventory.templates(page.ctx)},
            step=2,
        )
    choice = _Choice(customer, queries.product(page.ctx, code))
    return _ask_details(page, choice, _form(page, choice))


def _ask_customer(page: Page) -> Response:
    from trunkline.customers.tables import CUSTOMERS

    query = page.query.get("q", "").strip()
    found: list[Any] = []
    if query:
        matching = CUSTOMERS.filtered(customers.list_customers(page.ctx), {"q": query})
        found = list(page.ctx.session.execute(matching.limit(_FOUND)).mappings())
    return page.render("catalog/entry_customer.html", query=query, found=found, step=1)


def _form(page: Page, choice: _Choice) -> Form[BaseModel]:
    sites = customers.sites_of(page.ctx, choice.customer.key)
    contacts = customers.contacts_of(page.ctx, choice.customer.key)
    schema = order_schema(choice.product, tuple(inventory.templates(page.ctx)), bool(sites), bool(contacts))
    return Form(
        schema,
        action=f"/catalog/orders/review?customer={choice.customer.number}&product={choice.product.code}",
        submit=str(_("Review")),
        cancel=f"/catalog/orders/new?customer={choice.customer.number}",
        csrf_token=page.csrf_token,
        choices={
            "site_id": [(row["id"], row["name"]) for row in sites],
            "contact_id": [(row["id"], row["name"]) for row in contacts],
        },
        values={"site_id": sites[0]["id"]} if len(sites) == 1 else {},
    )


def _ask_details(page: Page, choice: _Choice, form: Form[BaseModel], status: int = 200) -> Response:
    return page.render(
        "catalog/entry_details.html",
        status=status,
        choice=choice,
        customer=choice.customer,
        product=choice.product,
        form=form,
        step=3,
    )


def _chosen(page: Page) -> _Choice:
    page.title = str(_("New order"))
    page.crumbs((str(_("Orders")), "/catalog/orders"), (page.title, ""))
    number, code = page.query.get("customer", ""), page.query.get("product", "")
    return _Choice(ordering_customer(page.ctx, number), queries.product(page.ctx, code))


@pages.get("/catalog/orders/items/{template}", permission="catalog.order.create")
def suggestions(page: Page, template: str) -> Response:
    """Free items whose identifiers hold what is being typed, as options of the input."""
    typed = next((value for name, value in page.query.items() if name.startswith(PICK)), "")
    found = inventory.available(page.ctx, template, typed, limit=_FOUND)
    return page.part("catalog/entry_items.html", items=found)


@pages.post("/catalog/orders/details", permission="catalog.order.create", reads=True)
def change(page: Page) -> Response:
    """Back from the review, with everything as it was."""
    choice = _chosen(page)
    form = _form(page, choice).parse(page.form_data)
    form.errors.clear()
    return _ask_details(page, choice, form)


@pages.post("/catalog/orders/review", permission="catalog.order.create", reads=True)
def review(page: Page) -> Response:
    """Everything in one view, before it is placed."""
    choice = _chosen(page)
    form = _form(page, choice).parse(page.form_data)
    picked: dict[str, ItemView] = {}
    if form.valid:
        for template in choice.product.needs:
            try:
                picked.update(_picked(page, template, str(getattr(form.command, PICK + template, "") or "")))
            except TrunklineError as error:
                form.refuse(PICK + template, str(error))
    if not form.valid:
        return _ask_details(page, choice, form, 422)
    price = queries.price_at(page.ctx, choice.product.code, page.ctx.now())
    return page.render(
        "catalog/entry_review.html",
        customer=choice.customer,
        product=choice.product,
        choice=choice,
        price=price,
        picked=picked,
        labels={one.name: one.label for one in inventory.templates(page.ctx)},
        answers=_answers(choice.product, form.command),
        site=_name(customers.sites_of(page.ctx, choice.customer.key), form, "site_id"),
        contact=_name(customers.contacts_of(page.ctx, choice.customer.key), form, "contact_id"),
        note=getattr(form.command, "note", ""),
        fields=_posted(page),
        key=secrets.token_hex(12),
        step=4,
    )


def _picked(page: Page, template: str, typed: str) -> Mapping[str, ItemView]:
    """The item that was typed by any of its identifiers, if it can be had."""
    if not typed.strip():
        return {}
    item = inventory.find(page.ctx, typed.strip()) or inventory.find(
        page.ctx, f"+{typed.strip().lstrip('+')}"
    )
    if item is None or item.template != template:
        raise NotFound(_("“{value}” is not in stock.", value=typed), remedy=_("Choose one of the list."))
    if item.state is not ItemState.AVAILABLE:
        raise Refused(_("{item} is not free.", item=item.label), remedy=_("Choose another one."))
    return {template: item}


def _answers(product: ProductView, command: BaseModel) -> list[tuple[str, Any]]:
    return [(one.label, getattr(command, PARAMETER + one.name)) for one in product.asked]


def _name(rows: Any, form: Form[BaseModel], field: str) -> str:
    chosen = getattr(form.command, field, None)
    return next((str(row["name"]) for row in rows if row["id"] == chosen), "")


def _posted(page: Page) -> dict[str, str]:
    skipped = ("csrf_token", "idempotency_key", "version")
    return {name: str(value) for name, value in page.form_data.items() if name not in skipped}


@pages.post("/catalog/orders", permission="catalog.order.create")
def place(page: Page) -> Response:
    """Place the order that was reviewed; sent twice, it is placed once."""
    choice = _chosen(page)
    form = _form(page, choice).parse(page.form_data)
    key = str(page.form_data.get("idempotency_key") or "")
    # Sent twice, its own order already holds what was picked.
    if key and (before := placed_before(page.ctx, f"{choice.customer.key}:{key}")) is not None:
        return page.redirect(f"/catalog/orders/{before.number}")
    if not form.valid:
        return _ask_details(page, choice, form, 422)
    try:
        with page.ctx.session.begin_nested():
            line = _line(page, choice, form.command)
            order = operations.place_order(
                page.ctx,
                PlaceOrder(
                    customer_number=choice.customer.number,
                    lines=[line],
                    note=getattr(form.command, "note", ""),
                    idempotency_key=key,
                ),
            )
    except (Refused, NotFound) as error:
        page.ctx.session.rollback()
        page.ctx.after_commit.clear()
        return _ask_details(page, choice, form.refuse(_form_field(error.field), str(error)), 422)
    return page.redirect(
        f"/catalog/orders/{order.number}", str(_("Order {number} was placed.", number=order.number))
    )


def _line(page: Page, choice: _Choice, command: BaseModel) -> OrderLineInput:
    picks: dict[str, str | None] = {}
    for template in choice.product.needs:
        item = _picked(page, template, str(getattr(command, PICK + template, "") or "")).get(template)
        picks[template] = item.number if item is not None else None
    return OrderLineInput(
        product_code=choice.product.code,
        picks=picks,
        parameters={one.name: getattr(command, PARAMETER + one.name) for one in choice.product.asked},
        site_id=getattr(command, "site_id", None),
        contact_id=getattr(command, "contact_id", None),
    )


def _form_field(field: str | None) -> str | None:
    """The form's own name of an order's field: `lines.0.picks.sim` is `pick_sim`."""
    last = (field or "").removeprefix("lines.0.")
    if last.startswith("picks."):
        return PICK + last.removeprefix("picks.")
    return PARAMETER + last.removeprefix("parameters.") if last.startswith("parameters.") else last or None
