"""Which services stand under which contracts."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, or_, select
from sqlmodel import col

from trunkline.contracts.models import OVER, Contract, ContractStatus
from trunkline.contracts.terms import last_day_in_force
from trunkline.operation import Context
from trunkline_catalog.models import CatalogProduct, CatalogService
from trunkline_catalog.queries.services import service_views
from trunkline_catalog.schemas import ServiceState, ServiceView

if TYPE_CHECKING:
    from sqlalchemy import Select

_GONE = (ServiceState.TERMINATED, ServiceState.CANCELLED, ServiceState.FAILED)
_UNDER = (
    select(CatalogService)
    .where(col(CatalogService.contract_id) == bindparam("contract_id"))
    .order_by(col(CatalogService.id))
)


def contracts_of_services(ctx: Context) -> "Select[Any]":
    """Core select of `service_id, contract_id, contract_number, starts_on, last_day` of every service that was put under a
    contract; `last_day` None: no end of it is known. Narrow it as you need."""
    statement: Any = select(
        col(CatalogService.id).label("service_id"),
        col(CatalogService.contract_id).label("contract_id"),
        col(Contract.number).label("contract_number"),
        col(Contract.starts_on).label("starts_on"),
        last_day_in_force().label("last_day"),
    )
    joined: Select[Any] = statement.join(Contract, col(Contract.id) == col(CatalogService.contract_id))
    return joined


def contracts_in_force(ctx: Context, customer_id: int) -> list[tuple[str, str]]:
    """(number, number and title) of a customer's contracts under which services can be put."""
    rows = ctx.session.execute(
        select(col(Contract.number), col(Contract.title))
        .where(col(Contract.customer_id) == customer_id, col(Contract.status) == ContractStatus.ACTIVE)
        .order_by(col(Contract.id))
    )
    return [(row.number, f"{row.number} · {row.title}") for row in rows]


def services_under(ctx: Context, contract_id: int) -> list[ServiceView]:
    """The services that a contract covers, also those that have ended, the oldest first."""
    return service_views(ctx, ctx.session.scalars(_UNDER, {"contract_id": contract_id}).all())


def coverable(ctx: Context, customer_id: int, typed: str = "", limit: int = 12) -> list[ServiceView]:
    """The first of a customer's living services under no contract in force whose number, identifier or product holds what was
    typed."""
    word = typed.strip().lower()
    rows = ctx.session.scalars(
        ctx.visible(CatalogService)
        .join(CatalogProduct, col(CatalogProduct.id) == col(CatalogService.product_id))
        .outerjoin(Contract, col(Contract.id) == col(CatalogService.contract_id))
        .where(
            col(CatalogService.customer_id) == customer_id,
            or_(col(CatalogService.contract_id).is_(None), col(Contract.status).in_(OVER)),
            col(CatalogService.state).not_in(_GONE),
            or_(
                *(
                    func.lower(column).contains(word, autoescape=True)
                    for column in (
                        col(CatalogService.number),
                        col(CatalogService.label),
                        col(CatalogProduct.name),
                    )
                )
            ),
        )
        .order_by(col(CatalogService.id))
        .limit(limit)
    )
    return service_views(ctx, rows.all())
