"""Products: what is sold, for how much, with what."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from starlette.responses import Response

from trunkline.i18n import gettext as _
from trunkline.jobs.plans import ON_FAILURE
from trunkline.web.pages import Page, Pages
from trunkline_catalog import operations, queries
from trunkline_catalog.forms import (
    EditProduct,
    NewParameter,
    NewPrice,
    NewProduct,
    allowances_of,
    beside_their_fields,
    facts_of,
    left_out,
    terms_of,
)
from trunkline_catalog.schemas import CreateProduct, Member, Parameter, ProductKind, SetPrice, UpdateProduct
from trunkline_catalog.tables import (
    KIND_ICONS,
    KIND_LABELS,
    PRODUCT_KIND_LABELS,
    PRODUCTS,
    REASON_LABELS,
    list_products,
)
from trunkline_inventory import queries as inventory

pages = Pages()


def _home() -> tuple[str, str]:
    return str(_("Products")), "/catalog/products"


@pages.get("/catalog/products", permission="catalog.product.list")
def index(page: Page) -> Response:
    page.title = str(_("Products"))
    page.crumbs((page.title, ""))
    return page.table("catalog/products.html", PRODUCTS, list_products(page.ctx))


def _choices(page: Page) -> dict[str, Any]:
    """What the form offers: templates of stock, and playbooks and tariffs where a plugin knows them."""
    offered: dict[str, Any] = {"needs": [(one.name, one.label) for one in inventory.templates(page.ctx)]}
    for name, known in (
        ("playbook", queries.known_playbooks(page.ctx)),
        ("tariff", queries.known_tariffs(page.ctx)),
    ):
        if known:
            offered[name] = [(one, one) for one in known]
    return offered


def standalone(page: Page) -> list[tuple[str, str]]:
    """The products of which bundles are made and with which add-ons go."""
    return [(one.code, one.name) for one in queries.products(page.ctx) if one.kind is ProductKind.STANDALONE]


def _new_initial(page: Page) -> Mapping[str, Any]:
    page.crumbs(_home(), (str(_("Add product")), ""))
    return {
        "currency": page.app.config.currency,
        "form_options": {
            "cancel": "/catalog/products",
            "choices": {**_choices(page), "members": standalone(page), "fits": standalone(page)},
        },
    }


@pages.form(
    "/catalog/products/new",
    permission="catalog.product.create",
    schema=NewProduct,
    template="catalog/form.html",
    title=_("Add product"),
    initial=_new_initial,
    submit=_("Add product"),
)
def new(page: Page, command: NewProduct) -> Response:
    wanted = CreateProduct(
        code=command.code,
        name=command.name,
        description=command.description,
        kind=command.kind,
        members=tuple(Member(product=code) for code in command.members),
        priced_by_members=command.priced_by_members,
        fits=tuple(command.fits),
        most_per_service=command.most_per_service,
        service_kind=command.service_kind,
        needs=tuple(command.needs),
        playbook=command.playbook,
        on_failure=command.on_failure,
        tariff=command.tariff,
        allowances=allowances_of(command),
        suspension=terms_of(command),
        setup_price=command.setup_price,
        monthly_price=command.monthly_price,
        currency=command.currency,
    )
    with beside_their_fields(command):
        product = operations.create_product(page.ctx, wanted)
    return page.redirect(f"/catalog/products/{product.code}", str(_("{name} was added.", name=product.name)))


@pages.get("/catalog/products/{code}", permission="catalog.product.view")
def show(page: Page, code: str) -> Response:
    product = queries.product(page.ctx, code)
    page.title = product.name
    page.crumbs(_home(), (product.name, ""))
    known = {one.code: one for one in queries.products(page.ctx, retired=True)}
    labels = {template.name: template.label for template in inventory.templates(page.ctx)}
    return page.render(
        "catalog/product.html",
        product=product,
        prices=queries.prices(page.ctx, product.id),
        templates=labels,
        reasons=REASON_LABELS,
        on_failure=ON_FAILURE[product.on_failure],
        kind=KIND_LABELS[product.service_kind],
        sold_as=PRODUCT_KIND_LABELS[product.kind],
        known=known,
        price=queries.offer_price(product, known),
        icon_name=KIND_ICONS[product.service_kind],
        moment=page.ctx.now(),
    )


def _edit_initial(page: Page, code: str) -> Mapping[str, Any]:
    product = queries.product(page.ctx, code)
    page.crumbs(_home(), (product.name, f"/catalog/products/{code}"), (str(_("Edit")), ""))
    options = {
        "cancel": f"/catalog/products/{code}",
        "choices": _choices(page),
        "exclude": left_out(product.kind),
    }
    return {**facts_of(product), "form_options": options}


@pages.form(
    "/catalog/products/{code}/edit",
    permission="catalog.product.edit",
    schema=EditProduct,
    template="catalog/form.html",
    title=_("Edit product"),
    initial=_edit_initial,
)
def edit(page: Page, command: EditProduct, code: str) -> Response:
    asked = "on_failure" not in left_out(queries.product(page.ctx, code).kind)
    changes = UpdateProduct(
        name=command.name,
        description=command.description,
        needs=tuple(command.needs),
        playbook=command.playbook,
        on_failure=command.on_failure if asked else None,
        tariff=command.tariff,
        allowances=allowances_of(command),
        suspension=terms_of(command),
        version=command.version,
    )
    operations.update_product(page.ctx, code, changes)
    return page.redirect(f"/catalog/products/{code}", str(_("Saved.")))


def _price_initial(page: Page, code: str) -> Mapping[str, Any]:
    product = queries.product(page.ctx, code)
    page.title = str(_("New price of {name}", name=product.name))
    page.crumbs(_home(), (product.name, f"/catalog/products/{code}"), (str(_("New price")), ""))
    return {
        "monthly_price": product.monthly_price_micros and _decimal(product.monthly_price_micros),
        "setup_price": _decimal(product.setup_price_micros),
        "form_options": {"cancel": f"/catalog/products/{code}"},
    }


def _decimal(micros: int) -> Any:
    from decimal import Decimal

    return Decimal(micros).scaleb(-6).quantize(Decimal("0.01"))


@pages.form(
    "/catalog/products/{code}/prices/new",
    permission="catalog.price.change",
    schema=NewPrice,
    template="catalog/form.html",
    title=_("New price"),
    initial=_price_initial,
    submit=_("Set price"),
)
def new_price(page: Page, command: NewPrice, code: str) -> Response:
    begins = None
    if command.effective_from is not None:
        zone = page.app.config.zone
        begins = datetime.combine(command.effective_from, time(), zone)
        if begins.date() == page.ctx.now().astimezone(zone).date():
            # Midnight of today is past; what is meant is from now on.
            begins = None
    price = SetPrice(
        setup_price=command.setup_price, monthly_price=command.monthly_price, effective_from=begins
    )
    operations.set_price(page.ctx, code, price)
    return page.redirect(f"/catalog/products/{code}", str(_("The price was set.")))


@pages.post("/catalog/products/{code}/prices/{price_id:int}/withdraw", permission="catalog.price.change")
def withdraw(page: Page, code: str, price_id: int) -> Response:
    operations.withdraw_price(page.ctx, code, price_id)
    return page.redirect(f"/catalog/products/{code}", str(_("The price was withdrawn.")))


def _parameter_initial(page: Page, code: str) -> Mapping[str, Any]:
    product = queries.product(page.ctx, code)
    page.crumbs(_home(), (product.name, f"/catalog/products/{code}"), (str(_("Add parameter")), ""))
    return {"form_options": {"cancel": f"/catalog/products/{code}"}}


@pages.form(
    "/catalog/products/{code}/parameters/new",
    permission="catalog.product.edit",
    schema=NewParameter,
    template="catalog/form.html",
    title=_("Add parameter"),
    initial=_parameter_initial,
    submit=_("Add parameter"),
)
def add_parameter(page: Page, command: NewParameter, code: str) -> Response:
    product = queries.product(page.ctx, code)
    parameter = Parameter.model_validate(command.model_dump())
    parameters = (*product.parameters, parameter)
    operations.update_product(page.ctx, code, UpdateProduct(parameters=parameters))
    return page.redirect(f"/catalog/products/{code}", str(_("{name} was added.", name=parameter.label)))


@pages.post("/catalog/products/{code}/parameters/{name}/remove", permission="catalog.product.edit")
def remove_parameter(page: Page, code: str, name: str) -> Response:
    product = queries.product(page.ctx, code)
    parameters = tuple(one for one in product.parameters if one.name != name)
    operations.update_product(page.ctx, code, UpdateProduct(parameters=parameters))
    return page.redirect(f"/catalog/products/{code}", str(_("The parameter was removed.")))


@pages.post("/catalog/products/{code}/retire", permission="catalog.product.archive")
def retire(page: Page, code: str) -> Response:
    product = operations.retire_product(page.ctx, code)
    return page.redirect(
        f"/catalog/products/{code}", str(_("{name} is not sold any more.", name=product.name))
    )


@pages.post("/catalog/products/{code}/reinstate", permission="catalog.product.archive")
def reinstate(page: Page, code: str) -> Response:
    product = operations.reinstate_product(page.ctx, code)
    return page.redirect(f"/catalog/products/{code}", str(_("{name} is on sale again.", name=product.name)))
