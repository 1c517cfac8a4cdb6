"""Working services with what playbooks know of them, many at a time, for whoever compares them with the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.operation import Context
from trunkline_catalog.models import CatalogOrderLine, CatalogProduct, CatalogService
from trunkline_catalog.queries.services import identifiers_from, pick, service_views
from trunkline_catalog.schemas import ServiceState, ServiceView
from trunkline_inventory import queries as inventory
from trunkline_inventory.schemas import ItemView

_LIVING = (ServiceState.ACTIVE, ServiceState.PROVISIONING, ServiceState.TERMINATING)


@dataclass(frozen=True, slots=True)
class Provisioned:
    """A working service, its product's playbook, and the variables of its playbook as far as they do not need an order line."""

    service: ServiceView
    playbook: str
    variables: dict[str, Any]
    #: Whether an order line is at work on it: what the network holds of it is in motion.
    busy: bool


def provisioned_services(
    ctx: Context, *, after: int = 0, limit: int = 300, since: datetime | None = None, only: int | None = None
) -> list[Provisioned]:
    """Living services whose product has a playbook, by key after the key `after`; with `since` those changed from then on, with
    `only` that one service. One that a line is at work on comes twice when the line brings items: with those, and without."""
    statement = (
        select(CatalogService)
        .join(CatalogProduct, col(CatalogProduct.id) == col(CatalogService.product_id))
        .where(
            col(CatalogService.id) > after,
            col(CatalogService.state).in_(_LIVING),
            col(CatalogProduct.playbook) != "",
        )
        .order_by(col(CatalogService.id))
        .limit(limit)
    )
    if since is not None:
        statement = statement.where(col(CatalogService.updated_at) >= since)
    if only is not None:
        statement = statement.where(col(CatalogService.id) == only)
    rows = ctx.session.scalars(statement).all()
    keys = [row.key for row in rows]
    items = inventory.items_of_many(ctx, "service", keys)
    lines = _open_lines(ctx, keys)
    brought = inventory.items_of_many(ctx, "order_line", list(lines.values()))
    products = {
        row.key: row
        for row in ctx.session.scalars(
            select(CatalogProduct).where(col(CatalogProduct.id).in_({row.product_id for row in rows}))
        )
    }
    owners = {
        row.key: row
        for row in ctx.session.scalars(
            select(Customer).where(col(Customer.id).in_({row.customer_id for row in rows}))
        )
    }
    found = []
    for row, view in zip(rows, service_views(ctx, rows), strict=True):
        product, owner = products[row.product_id], owners[row.customer_id]
        held = items.get(row.key, [])
        new = brought.get(lines[row.key], []) if row.key in lines else []
        for has in [_with(held, new), held] if new else [held]:
            variables = _variables(row, view, product, owner, has)
            found.append(Provisioned(view, product.playbook, variables, row.key in lines))
    return found


def _open_lines(ctx: Context, service_ids: Sequence[int]) -> dict[int, int]:
    rows = ctx.session.execute(
        select(col(CatalogOrderLine.open_service_id), col(CatalogOrderLine.id)).where(
            col(CatalogOrderLine.open_service_id).in_(service_ids)
        )
    )
    return {
        service_id: line_id for service_id, line_id in rows if service_id is not None and line_id is not None
    }


def _with(held: Sequence[ItemView], new: Sequence[ItemView]) -> list[ItemView]:
    templates = {item.template for item in new}
    return [*new, *(item for item in held if item.template not in templates)]


def _variables(
    row: CatalogService,
    view: ServiceView,
    product: CatalogProduct,
    owner: Customer,
    items: Sequence[ItemView],
) -> dict[str, Any]:
    identifiers = {**view.identifiers, **identifiers_from(items, view.service_kind)}
    return {
        "customer": {"number": owner.number, "name": owner.name, "kind": owner.kind},
        "service": {
            "number": row.number,
            "kind": view.service_kind.value,
            "state": row.state,
            "suspensions": [reason.value for reason in view.suspensions],
            "switches": list(row.switches),
            "identifiers": identifiers,
            **identifiers,
        },
        "product": {"code": product.code, "name": product.name, "tariff": product.tariff},
        "picks": {item.template: pick(item) for item in items},
        "parameters": dict(row.parameters),
    }
