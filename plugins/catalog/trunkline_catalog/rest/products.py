"""REST: products and their prices."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, model_validator

from trunkline.money import Money
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import CreateProduct, PriceView, ProductView, SetPrice, UpdateProduct
from trunkline_catalog.tables import PRODUCTS, list_products

rest = RestRoutes("/catalog", "catalog")


class ProductRow(BaseModel):
    """A product as lists show it, with the price of now."""

    code: str
    name: str
    kind: str
    service_kind: str
    state: str
    playbook: str
    tariff: str
    setup: str | None
    monthly: str | None
    currency: str | None
    priced_by_members: bool
    services: int

    @model_validator(mode="before")
    @classmethod
    def _as_decimal_text(cls, row: dict[str, Any]) -> dict[str, Any]:
        amounts = {name: row.get(name) for name in ("setup", "monthly")}
        currency = str(row.get("currency") or "")
        shown = {
            name: str(Money(micros, currency)) for name, micros in amounts.items() if isinstance(micros, int)
        }
        return {**row, **shown}


class PriceOut(BaseModel):
    """A price, its amounts as decimal texts."""

    id: int
    effective_from: datetime
    effective_to: datetime | None
    setup: str
    monthly: str
    currency: str


def _price(view: PriceView) -> PriceOut:
    return PriceOut(
        id=view.id,
        effective_from=view.effective_from,
        effective_to=view.effective_to,
        setup=str(Money(view.setup_micros, view.currency)),
        monthly=str(Money(view.monthly_micros, view.currency)),
        currency=view.currency,
    )


@rest.get("/products", permission="catalog.product.list", table=PRODUCTS)
def products(ctx: Context, params: ListParams = list_params) -> Listing[ProductRow]:
    """Products with the price of now, which of a bundle with `priced_by_members` is the sum of its products' prices.

    Filters: `kind`, `service_kind`.
    """
    return read_list(ctx, PRODUCTS, list_products(ctx), params, ProductRow)


@rest.post("/products", permission="catalog.product.create")
def create_product(ctx: Context, command: CreateProduct) -> ProductView:
    """Make a product with its first price."""
    return queries.priced(ctx, operations.create_product(ctx, command))


@rest.get("/products/{code}", permission="catalog.product.view")
def product(ctx: Context, code: str) -> ProductView:
    """One product. The prices of a bundle with `priced_by_members` are what its products cost together."""
    return queries.priced(ctx, queries.product(ctx, code))


@rest.patch("/products/{code}", permission="catalog.product.edit")
def update_product(
    ctx: Context, code: str, command: UpdateProduct, version: int | None = if_match
) -> ProductView:
    """Change a product for orders to come."""
    return queries.priced(
        ctx, operations.update_product(ctx, code, command.model_copy(update={"version": version}))
    )


@rest.get("/products/{code}/prices", permission="catalog.product.view")
def prices(ctx: Context, code: str) -> Listing[PriceOut]:
    """Every price it had, has and will have, newest first."""
    return list_of([_price(view) for view in queries.prices(ctx, queries.product(ctx, code).id)])


@rest.post("/products/{code}/prices", permission="catalog.price.change")
def set_price(ctx: Context, code: str, command: SetPrice) -> PriceOut:
    """A new price from a moment on."""
    return _price(operations.set_price(ctx, code, command))


@rest.delete("/products/{code}/prices/{price_id}", permission="catalog.price.change")
def withdraw_price(ctx: Context, code: str, price_id: int) -> None:
    """Withdraw a price that has not begun; the one before goes on."""
    operations.withdraw_price(ctx, code, price_id)


@rest.post("/products/{code}/retire", permission="catalog.product.archive", status=200)
def retire(ctx: Context, code: str) -> ProductView:
    """Take a product off the market."""
    return queries.priced(ctx, operations.retire_product(ctx, code))


@rest.post("/products/{code}/reinstate", permission="catalog.product.archive", status=200)
def reinstate(ctx: Context, code: str) -> ProductView:
    """Sell a product again."""
    return queries.priced(ctx, operations.reinstate_product(ctx, code))
