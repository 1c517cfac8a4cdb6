"""REST: products with prices, orders, services."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, model_validator

from trunkline.money import Money
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline.web.tables import Table
from trunkline_catalog import operations, queries
from trunkline_catalog.operations.previewing import LinePlan, PlanPreview, preview, preview_plan
from trunkline_catalog.queries.visits import Visit, visits
from trunkline_catalog.schemas import (
    PLAN,
    ChangeOffer,
    ChangeService,
    CreateProduct,
    OrderLineView,
    OrderView,
    OwnPriceView,
    PlaceOrder,
    PriceView,
    ProductView,
    RecordExistingService,
    RescheduleLine,
    ResumeService,
    ServiceView,
    SetContract,
    SetPrice,
    SuspendService,
    SuspensionView,
    TerminateService,
    UpdateProduct,
)
from trunkline_catalog.tables import (
    ORDERS,
    PRODUCTS,
    list_orders,
    list_products,
    list_services,
    services_table,
)

rest = RestRoutes("/catalog", "catalog")


class DryRunOut(BaseModel):
    """The number of the job that looks."""

    job: str


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


class OrderRow(BaseModel):
    """An order as lists show it."""

    number: str
    state: str
    customer: str
    action: str
    product: str
    service: str
    lines: int
    placed_at: datetime
    placed_by: str


class ServiceRow(BaseModel):
    """A service as lists show it."""

    number: str
    label: str
    state: str
    product: str
    customer: str
    contract: str | None
    contract_status: str | None
    activated_at: datetime | None
    ended_at: datetime | None


class IdentifierOut(BaseModel):
    kind: str
    value: str
    valid_from: datetime
    valid_to: datetime | None


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


@rest.get("/orders", permission="catalog.order.list", table=ORDERS)
def orders(ctx: Context, params: ListParams = list_params) -> Listing[OrderRow]:
    """Orders, newest first. Filters: `action`, `placed_at_from`, `placed_at_to`."""
    return read_list(ctx, ORDERS, list_orders(ctx), params, OrderRow)


@rest.post("/orders", permission="catalog.order.create", status=202)
def place_order(ctx: Context, command: PlaceOrder) -> OrderView:
    """Place an order. The answer names its lines and their jobs, which go on by themselves."""
    if ctx.idempotency_key and not command.idempotency_key:
        command = command.model_copy(update={"idempotency_key": ctx.idempotency_key})
    return operations.place_order(ctx, command)


@rest.post("/orders/plan", permission="catalog.order.create", status=200, reads=True)
def plan_order(ctx: Context, command: PlaceOrder) -> list[LinePlan]:
    """What an order would do, line by line and step by step. Nothing is kept; what would be refused is refused."""
    return preview(ctx, command)


@rest.post("/orders/dry-run", permission="catalog.dry_run.create", status=202, reads=True)
def try_order(ctx: Context, command: PlaceOrder) -> DryRunOut:
    """Queue a job that looks what an order would change, line by line, and changes and holds nothing itself; its log answers.

    What would be refused is refused.
    """
    return DryRunOut(job=operations.try_order(ctx, command))


@rest.get("/orders/{number}", permission="catalog.order.view")
def order(ctx: Context, number: str) -> OrderView:
    """One order with its lines."""
    return queries.order(ctx, number)


@rest.post("/orders/{number}/lines/{position}/cancel", permission="catalog.order.cancel", status=202)
def cancel_line(ctx: Context, number: str, position: int) -> OrderLineView:
    """Cancel a line before it is completed."""
    return operations.cancel_order_line(ctx, f"{number}/{position}")


@rest.post("/orders/{number}/lines/{position}/reschedule", permission="catalog.order.move", status=200)
def reschedule_line(ctx: Context, number: str, position: int, command: RescheduleLine) -> OrderLineView:
    """Give a line that has not begun another date; at once without one."""
    return operations.reschedule_order_line(ctx, f"{number}/{position}", command)


@rest.post("/orders/{number}/lines/{position}/retry", permission="catalog.order.retry", status=202)
def retry_line(ctx: Context, number: str, position: int) -> OrderLineView:
    """Try a failed line again with a new job."""
    return operations.retry_order_line(ctx, f"{number}/{position}")


def _services_table(ctx: Context) -> Table:
    return services_table(queries.products(ctx, retired=True))


@rest.get("/services", permission="catalog.service.list", table=_services_table)
def services(ctx: Context, params: ListParams = list_params) -> Listing[ServiceRow]:
    """Services. `q` looks into every identifier they have or had. Filters: `product`, `contract`, `activated_at_from`,
    `activated_at_to`.
    """
    return read_list(ctx, _services_table(ctx), list_services(ctx), params, ServiceRow)


@rest.post("/services", permission="catalog.service.import")
def record_service(ctx: Context, command: RecordExistingService) -> ServiceView:
    """Record a service that works already, sold elsewhere: no job and no charge."""
    return operations.record_existing_service(ctx, command)


@rest.get("/services/{number}", permission="catalog.service.view")
def service(ctx: Context, number: str) -> ServiceView:
    """One service."""
    return queries.service(ctx, number)


@rest.get("/services/{number}/identifiers", permission="catalog.service.view")
def identifiers(ctx: Context, number: str) -> Listing[IdentifierOut]:
    """What identified it, and from when to when."""
    rows = queries.service_history(ctx, queries.service(ctx, number).id)
    return list_of([IdentifierOut.model_validate(row, from_attributes=True) for row in rows])


@rest.get("/services/{number}/suspensions", permission="catalog.service.view")
def suspensions(ctx: Context, number: str) -> Listing[SuspensionView]:
    """Why it is suspended now, since when and by whom; empty when it works."""
    return list_of(queries.suspensions_of(ctx, queries.service(ctx, number).id))


@rest.post("/services/{number}/contract", permission="catalog.service.assign", status=200)
def set_contract(ctx: Context, number: str, command: SetContract) -> ServiceView:
    """Put it and what belongs to it under one of its customer's contracts in force; an empty `contract` takes them out."""
    return operations.set_contract(ctx, number, command)


@rest.get("/services/{number}/prices", permission="catalog.service.view")
def service_prices(ctx: Context, number: str) -> Listing[OwnPriceView]:
    """What it costs a month where an index adjusted that, the earliest first; empty for one that costs what its product costs."""
    service = queries.service(ctx, number)
    return list_of(
        [
            OwnPriceView(
                product=one.product_code,
                effective_from=one.effective_from,
                effective_until=one.effective_until,
                monthly=str(Money(one.monthly_micros, one.currency)),
                currency=one.currency,
                index=one.index_name,
                basis_points=one.basis_points,
            )
            for one in queries.own_prices(ctx, [service.id]).get(service.id, ())
        ]
    )


@rest.get("/services/{number}/changes", permission="catalog.service.view")
def changes(ctx: Context, number: str) -> Listing[ChangeOffer]:
    """What can be changed on it: items, parameters, switches."""
    product = queries.product(ctx, queries.service(ctx, number).product_code)
    return list_of(queries.change_offers(ctx, product))


@rest.post("/services/{number}/change", permission="catalog.service.change", status=202)
def change(ctx: Context, number: str, command: ChangeService) -> OrderView:
    """Give it another item, parameters or plan, or turn a switch; it has them when the order's job has ended well."""
    return operations.change_service(ctx, number, command, idempotency_key=ctx.idempotency_key or "")


@rest.get("/visits", permission="catalog.visit.list")
def list_visits(ctx: Context) -> Listing[Visit]:
    """What is to be done at the customers whom the caller looks after: what failed first, then by its moment."""
    return list_of(visits(ctx))


@rest.get("/services/{number}/plans", permission="catalog.service.view")
def plans(ctx: Context, number: str) -> Listing[ProductView]:
    """What it can become by the change `plan`; empty when its product offers none."""
    product = queries.product(ctx, queries.service(ctx, number).product_code)
    offer = next((one for one in queries.change_offers(ctx, product) if one.plan), None)
    return list_of(queries.plan_choices(ctx, product, offer) if offer is not None else [])


@rest.post("/services/{number}/change/plan", permission="catalog.service.change", status=200, reads=True)
def plan_change(ctx: Context, number: str, command: ChangeService) -> PlanPreview:
    """What a change of its plan would do: before and after, and each step. Nothing is kept; what would be refused is refused."""
    return preview_plan(ctx, number, command.model_copy(update={"change": PLAN}))


@rest.post("/services/{number}/change/dry-run", permission="catalog.dry_run.create", status=202, reads=True)
def try_change(ctx: Context, number: str, command: ChangeService) -> DryRunOut:
    """Queue a job that looks what a change would do, and changes and holds nothing itself; its log answers.

    What would be refused is refused, here and for `suspend`, `resume` and `terminate`.
    """
    return DryRunOut(job=operations.try_change(ctx, number, command))


@rest.post("/services/{number}/suspend/dry-run", permission="catalog.dry_run.create", status=202, reads=True)
def try_suspend(ctx: Context, number: str, command: SuspendService) -> DryRunOut:
    """Queue a job that looks what suspending would do; see the dry run of a change."""
    return DryRunOut(job=operations.try_change(ctx, number, command))


@rest.post("/services/{number}/resume/dry-run", permission="catalog.dry_run.create", status=202, reads=True)
def try_resume(ctx: Context, number: str, command: ResumeService) -> DryRunOut:
    """Queue a job that looks what lifting a reason would do; see the dry run of a change."""
    return DryRunOut(job=operations.try_change(ctx, number, command))


@rest.post(
    "/services/{number}/terminate/dry-run", permission="catalog.dry_run.create", status=202, reads=True
)
def try_terminate(ctx: Context, number: str, command: TerminateService) -> DryRunOut:
    """Queue a job that looks what ending the service would do; see the dry run of a change."""
    return DryRunOut(job=operations.try_change(ctx, number, command))


@rest.post("/services/{number}/suspend", permission="catalog.service.suspend", status=202)
def suspend(ctx: Context, number: str, command: SuspendService) -> OrderView:
    """Suspend for one reason."""
    return operations.suspend_service(ctx, number, command, idempotency_key=ctx.idempotency_key or "")


@rest.post("/services/{number}/resume", permission="catalog.service.resume", status=202)
def resume(ctx: Context, number: str, command: ResumeService) -> OrderView:
    """Lift one reason; the service works when none is left."""
    return operations.resume_service(ctx, number, command, idempotency_key=ctx.idempotency_key or "")


@rest.post("/services/{number}/terminate", permission="catalog.service.terminate", status=202)
def terminate(ctx: Context, number: str, command: TerminateService) -> OrderView:
    """End a service for good."""
    return operations.terminate_service(ctx, number, command, idempotency_key=ctx.idempotency_key or "")
