"""REST: services, what is known of them, and visits at customers."""

from datetime import datetime

from pydantic import BaseModel

from trunkline.money import Money
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline.web.tables import Table
from trunkline_catalog import operations, queries
from trunkline_catalog.queries.visits import Visit, visits
from trunkline_catalog.schemas import (
    ChangeOffer,
    OwnPriceView,
    ProductView,
    RecordExistingService,
    ServiceView,
    SetContract,
    SuspensionView,
)
from trunkline_catalog.tables import list_services, services_table

rest = RestRoutes("/catalog", "catalog")


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


@rest.get("/services/{number}/plans", permission="catalog.service.view")
def plans(ctx: Context, number: str) -> Listing[ProductView]:
    """What it can become by the change `plan`; empty when its product offers none."""
    product = queries.product(ctx, queries.service(ctx, number).product_code)
    offer = next((one for one in queries.change_offers(ctx, product) if one.plan), None)
    return list_of(queries.plan_choices(ctx, product, offer) if offer is not None else [])


@rest.get("/visits", permission="catalog.visit.list")
def list_visits(ctx: Context) -> Listing[Visit]:
    """What is to be done at the customers whom the caller looks after: what failed first, then by its moment."""
    return list_of(visits(ctx))
