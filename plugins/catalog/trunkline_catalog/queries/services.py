"""Services, what identifies them when, and what provisioning needs to know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlmodel import col

from trunkline.customers.models import Contact, Customer, Site
from trunkline.operation import Context
from trunkline_catalog.models import (
    CatalogIdentifier,
    CatalogProduct,
    CatalogService,
    CatalogSuspension,
)
from trunkline_catalog.queries.orders import line
from trunkline_catalog.queries.products import product
from trunkline_catalog.schemas import (
    OrderLineView,
    ServiceKind,
    ServiceState,
    ServiceView,
    SuspensionReason,
)
from trunkline_inventory import queries as inventory
from trunkline_inventory.schemas import Holder, ItemView


def service(ctx: Context, number: str) -> ServiceView:
    """One service by its number. Raises NotFound."""
    return service_views(ctx, [ctx.load_by(CatalogService, CatalogService.number, number)])[0]


def service_by_id(ctx: Context, service_id: int) -> ServiceView:
    """One service by its key. Raises NotFound."""
    return service_views(ctx, [ctx.load(CatalogService, service_id)])[0]


def services_of(ctx: Context, customer_id: int, *, ended: bool = False) -> list[ServiceView]:
    """A customer's services, oldest first; those that ended only on request."""
    statement = (
        ctx.visible(CatalogService)
        .where(col(CatalogService.customer_id) == customer_id)
        .order_by(col(CatalogService.id))
    )
    if not ended:
        over = (ServiceState.TERMINATED, ServiceState.CANCELLED)
        statement = statement.where(col(CatalogService.state).not_in(over))
    return ctx.once(
        ("catalog.services_of", customer_id, ended),
        lambda: service_views(ctx, ctx.session.scalars(statement).all()),
    )


def service_views(ctx: Context, rows: Sequence[CatalogService]) -> list[ServiceView]:
    """Services as others see them: names, reasons and identifiers read in one go."""
    if not rows:
        return []
    keys = [row.key for row in rows]
    products = {
        row.id: row
        for row in ctx.session.execute(
            select(
                col(CatalogProduct.id),
                col(CatalogProduct.code),
                col(CatalogProduct.name),
                col(CatalogProduct.service_kind),
            ).where(col(CatalogProduct.id).in_({row.product_id for row in rows}))
        )
    }
    reasons: dict[int, list[SuspensionReason]] = {}
    for found in ctx.session.execute(
        select(col(CatalogSuspension.service_id), col(CatalogSuspension.reason))
        .where(col(CatalogSuspension.service_id).in_(keys), col(CatalogSuspension.ended_at).is_(None))
        .order_by(col(CatalogSuspension.id))
    ):
        reasons.setdefault(found.service_id, []).append(SuspensionReason(found.reason))
    identifiers: dict[int, dict[str, str]] = {}
    for found in ctx.session.execute(
        select(col(CatalogIdentifier.service_id), col(CatalogIdentifier.kind), col(CatalogIdentifier.value))
        .where(col(CatalogIdentifier.service_id).in_(keys), col(CatalogIdentifier.valid_to).is_(None))
        .order_by(col(CatalogIdentifier.id))
    ):
        identifiers.setdefault(found.service_id, {})[found.kind] = found.value
    return [
        ServiceView(
            id=row.key,
            number=row.number,
            customer_id=row.customer_id,
            product_code=products[row.product_id].code,
            product_name=products[row.product_id].name,
            service_kind=ServiceKind(products[row.product_id].service_kind),
            state=ServiceState(row.state),
            suspensions=tuple(reasons.get(row.key, ())),
            identifiers=identifiers.get(row.key, {}),
            site_id=row.site_id,
            contact_id=row.contact_id,
            parameters=dict(row.parameters),
            activated_at=row.activated_at,
            ended_at=row.ended_at,
            version=row.version,
        )
        for row in rows
    ]


def active_services(ctx: Context) -> "Select[Any]":
    """Core select of every service that works or worked and has not ended: `id, number, customer_id, product_code,
    product_name, state, suspended, activated_at, ended_at, site_id, contact_id`. Narrow and order it as you need."""
    statement: Any = (
        select(
            col(CatalogService.id).label("id"),
            col(CatalogService.number).label("number"),
            col(CatalogService.customer_id).label("customer_id"),
            col(CatalogProduct.code).label("product_code"),
            col(CatalogProduct.name).label("product_name"),
            col(CatalogService.state).label("state"),
            col(CatalogService.suspended).label("suspended"),
            col(CatalogService.activated_at).label("activated_at"),
            col(CatalogService.ended_at).label("ended_at"),
            col(CatalogService.site_id).label("site_id"),
            col(CatalogService.contact_id).label("contact_id"),
        )
        .join(CatalogProduct, col(CatalogProduct.id) == col(CatalogService.product_id))
        .where(
            col(CatalogService.state).in_((ServiceState.ACTIVE, ServiceState.TERMINATING)),
            *ctx.visible_conditions(CatalogService),
        )
    )
    return statement  # type: ignore[no-any-return]


def identifier_holder(ctx: Context, kind: str, value: str, at: datetime) -> ServiceView | None:
    """The service that had an identifier at a moment."""
    service_id = ctx.session.scalar(
        select(col(CatalogIdentifier.service_id))
        .where(
            col(CatalogIdentifier.kind) == kind,
            col(CatalogIdentifier.value) == value,
            col(CatalogIdentifier.valid_from) <= at,
            or_(col(CatalogIdentifier.valid_to).is_(None), col(CatalogIdentifier.valid_to) > at),
        )
        .order_by(col(CatalogIdentifier.valid_from).desc())
        .limit(1)
    )
    return service_by_id(ctx, service_id) if service_id is not None else None


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """Who had an identifier from `valid_from` until `valid_to` (None: still)."""

    valid_from: datetime
    valid_to: datetime | None
    service_id: int
    customer_id: int
    product_code: str


def identifier_index(ctx: Context) -> dict[tuple[str, str], list[IndexEntry]]:
    """Every identifier with its holders in order of time, for rating files fast. About 200 bytes per entry."""
    index: dict[tuple[str, str], list[IndexEntry]] = {}
    for row in ctx.session.execute(
        select(
            col(CatalogIdentifier.kind),
            col(CatalogIdentifier.value),
            col(CatalogIdentifier.valid_from),
            col(CatalogIdentifier.valid_to),
            col(CatalogIdentifier.service_id),
            col(CatalogService.customer_id),
            col(CatalogProduct.code),
        )
        .join(CatalogService, col(CatalogService.id) == col(CatalogIdentifier.service_id))
        .join(CatalogProduct, col(CatalogProduct.id) == col(CatalogService.product_id))
        .order_by(col(CatalogIdentifier.valid_from))
    ):
        index.setdefault((row[0], row[1]), []).append(IndexEntry(*row[2:]))
    return index


def service_history(ctx: Context, service_id: int) -> list[CatalogIdentifier]:
    """Every identifier a service had, newest first."""
    return list(
        ctx.session.scalars(
            select(CatalogIdentifier)
            .where(col(CatalogIdentifier.service_id) == service_id)
            .order_by(col(CatalogIdentifier.valid_from).desc(), col(CatalogIdentifier.id))
        )
    )


def items_for(ctx: Context, subject: OrderLineView) -> list[ItemView]:
    """The inventory items that a line works on: its own picks, or what its service has."""
    held = inventory.items_of(ctx, Holder("order_line", subject.id))
    if not held and subject.service_id is not None:
        held = inventory.items_of(ctx, Holder("service", subject.service_id))
    return held


def identifiers_from(items: Sequence[ItemView], kind: ServiceKind) -> dict[str, str]:
    """What items lend a service: of a mobile one, a picked number is its MSISDN and outranks the one printed on the SIM."""
    found: dict[str, str] = {}
    for item in items:
        found.update(item.identifiers)
    number = found.pop("number", None)
    if number is not None:
        found["msisdn" if kind is ServiceKind.MOBILE else "number"] = number
    return found


def provisioning_variables(ctx: Context, line_id: int) -> dict[str, Any]:
    """What a playbook may know of a line: customer, service, product, picks, parameters, line. Plain data, no secrets.

    `picks.<template>` holds the item's fields and its `item_id`, with which `inventory.queries.secrets_of` finds its secrets.
    """
    subject = line(ctx, line_id)
    sold = product(ctx, subject.product_code)
    owner = ctx.session.get_one(Customer, subject.customer_id)
    instance = ctx.session.get_one(CatalogService, subject.service_id)
    items = items_for(ctx, subject)
    identifiers = identifiers_from(items, sold.service_kind)
    reasons = service_views(ctx, [instance])[0].suspensions
    return {
        "customer": {
            "number": owner.number,
            "kind": owner.kind,
            "name": owner.name,
            "tax_id": owner.tax_id,
            "email": owner.email,
            "phone": owner.phone,
            "language": owner.language,
        },
        "service": {
            "number": instance.number,
            "kind": sold.service_kind.value,
            "state": instance.state,
            "suspensions": [reason.value for reason in reasons],
            "identifiers": identifiers,
            **identifiers,
            "site": _place(ctx, instance.site_id),
            "contact": _person(ctx, instance.contact_id),
        },
        "product": {
            "code": sold.code,
            "name": sold.name,
            "playbook": sold.playbook,
            "tariff": sold.tariff,
            "allowances": [allowance.model_dump() for allowance in sold.allowances],
        },
        "picks": {
            item.template: {"item_id": item.id, "item": item.number, **item.fields, **item.identifiers}
            for item in items
        },
        "parameters": dict(subject.parameters),
        "line": {
            "number": subject.number,
            "action": subject.action.value,
            "reason": subject.reason,
            "attempt": subject.attempt,
        },
    }


def _place(ctx: Context, site_id: int | None) -> dict[str, Any] | None:
    site = ctx.session.get(Site, site_id) if site_id is not None else None
    if site is None:
        return None
    names = ("name", "street", "city", "state", "postal_code", "country", "latitude", "longitude")
    return {name: getattr(site, name) for name in names}


def _person(ctx: Context, contact_id: int | None) -> dict[str, Any] | None:
    contact = ctx.session.get(Contact, contact_id) if contact_id is not None else None
    return (
        {"name": contact.name, "email": contact.email, "phone": contact.phone}
        if contact is not None
        else None
    )
