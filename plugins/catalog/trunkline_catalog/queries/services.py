"""Services, what identifies them when, and what provisioning needs to know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, case, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from trunkline.contracts.models import OVER, Contract
from trunkline.contracts.terms import last_day_in_force
from trunkline.customers.models import Contact, Customer, Site
from trunkline.db.prepared import Found, Prepared, among, columns
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog.models import (
    CatalogIdentifier,
    CatalogOrderLine,
    CatalogProduct,
    CatalogService,
    CatalogSuspension,
)
from trunkline_catalog.queries.orders import line
from trunkline_catalog.queries.products import product
from trunkline_catalog.schemas import (
    LineAction,
    OrderLineView,
    ProductKind,
    ProductView,
    ServiceKind,
    ServiceState,
    ServiceView,
    SuspensionReason,
)
from trunkline_catalog.secret_values import opened
from trunkline_inventory import queries as inventory
from trunkline_inventory.schemas import Holder, ItemView

_SERVICE, _PRODUCT = columns(CatalogService), columns(CatalogProduct)
_SUSPENSION, _IDENTIFIER = columns(CatalogSuspension), columns(CatalogIdentifier)
_PARENT = aliased(CatalogService, name="parent")
_COLUMNS = (
    select(
        *_SERVICE,
        _PRODUCT.code.label("product_code"),
        _PRODUCT.name.label("product_name"),
        _PRODUCT.kind.label("product_kind"),
        _PRODUCT.service_kind,
        col(_PARENT.number).label("parent_number"),
        col(Contract.number).label("contract"),
        case((col(Contract.status).in_(OVER), last_day_in_force())).label("contract_ended_on"),
    )
    .join(_PRODUCT.id.table, _PRODUCT.id == _SERVICE.product_id)
    .outerjoin(_PARENT, col(_PARENT.id) == _SERVICE.parent_id)
    .outerjoin(Contract, col(Contract.id) == _SERVICE.contract_id)
    .order_by(_SERVICE.id)
)
_BY_KEYS = Prepared(_COLUMNS.where(_SERVICE.id.in_(among("keys"))), CatalogService)
_BY_NUMBER = Prepared(_COLUMNS.where(_SERVICE.number == bindparam("number")), CatalogService)
_BY_NUMBERS = Prepared(_COLUMNS.where(_SERVICE.number.in_(among("numbers"))), CatalogService)
_OF_CUSTOMER = Prepared(_COLUMNS.where(_SERVICE.customer_id == bindparam("customer_id")), CatalogService)
_LIVING_OF_CUSTOMER = Prepared(
    _COLUMNS.where(
        _SERVICE.customer_id == bindparam("customer_id"),
        _SERVICE.state.not_in((ServiceState.TERMINATED, ServiceState.CANCELLED)),
    ),
    CatalogService,
)
_SUSPENDED = (
    select(_SUSPENSION.service_id, _SUSPENSION.reason)
    .where(_SUSPENSION.ended_at.is_(None))
    .order_by(_SUSPENSION.id)
)
_IDENTIFIED = (
    select(_IDENTIFIER.service_id, _IDENTIFIER.kind, _IDENTIFIER.value)
    .where(_IDENTIFIER.valid_to.is_(None))
    .order_by(_IDENTIFIER.id)
)
_REASONS = Prepared(_SUSPENDED.where(_SUSPENSION.service_id.in_(among("keys"))))
_IDENTIFIERS = Prepared(_IDENTIFIED.where(_IDENTIFIER.service_id.in_(among("keys"))))
# By the customer, as the rest of the customer's page asks: what depends on no other answer is asked together with that.
_ALL_OF_CUSTOMER = select(_SERVICE.id).where(_SERVICE.customer_id == bindparam("customer_id"))
_REASONS_OF_CUSTOMER = Prepared(_SUSPENDED.where(_SUSPENSION.service_id.in_(_ALL_OF_CUSTOMER)))
_IDENTIFIERS_OF_CUSTOMER = Prepared(_IDENTIFIED.where(_IDENTIFIER.service_id.in_(_ALL_OF_CUSTOMER)))


def service(ctx: Context, number: str) -> ServiceView:
    """One service by its number. Raises NotFound."""
    return _one(ctx, _BY_NUMBER.rows(ctx, number=number), number)


def service_by_id(ctx: Context, service_id: int) -> ServiceView:
    """One service by its key. Raises NotFound."""
    return _one(ctx, _BY_KEYS.rows(ctx, keys=[service_id]), service_id)


def _one(ctx: Context, rows: Sequence[Found], asked: object) -> ServiceView:
    if not rows:
        raise NotFound(_("There is no catalog service {asked}.", asked=asked))
    return _views(ctx, rows)[0]


def services_numbered(ctx: Context, numbers: Sequence[str]) -> list[ServiceView]:
    """Those of these services that the actor may see, in a few statements; at most some hundreds at once."""
    return _views(ctx, _BY_NUMBERS.rows(ctx, numbers=sorted(set(numbers)))) if numbers else []


def services_of(ctx: Context, customer_id: int, *, ended: bool = False) -> list[ServiceView]:
    """A customer's services, oldest first; those that ended only on request."""
    of_customer = _OF_CUSTOMER if ended else _LIVING_OF_CUSTOMER

    def ask() -> list[ServiceView]:
        if not (rows := of_customer.rows(ctx, customer_id=customer_id)):
            return []
        reasons = _REASONS_OF_CUSTOMER.rows(ctx, customer_id=customer_id)
        return _viewed(rows, reasons, _IDENTIFIERS_OF_CUSTOMER.rows(ctx, customer_id=customer_id))

    return ctx.once(("catalog.services_of", customer_id, ended), ask)


def service_views(ctx: Context, rows: Sequence[CatalogService]) -> list[ServiceView]:
    """Services as others see them, in the order given."""
    views = {view.id: view for view in _views(ctx, _BY_KEYS.rows(ctx, keys=[row.key for row in rows]))}
    return [views[row.key] for row in rows]


def _views(ctx: Context, rows: Sequence[Found]) -> list[ServiceView]:
    """Reasons and identifiers are read in one go."""
    if not rows:
        return []
    keys = [row.id for row in rows]
    return _viewed(rows, _REASONS.rows(ctx, keys=keys), _IDENTIFIERS.rows(ctx, keys=keys))


def _viewed(
    rows: Sequence[Found], suspended: Sequence[Found], identified: Sequence[Found]
) -> list[ServiceView]:
    reasons: dict[int, list[SuspensionReason]] = {}
    for service_id, reason in suspended:
        reasons.setdefault(service_id, []).append(SuspensionReason(reason))
    identifiers: dict[int, dict[str, str]] = {}
    for service_id, kind, value in identified:
        identifiers.setdefault(service_id, {})[kind] = value
    return [
        ServiceView(
            id=row.id,
            number=row.number,
            customer_id=row.customer_id,
            product_code=row.product_code,
            product_name=row.product_name,
            product_kind=ProductKind(row.product_kind),
            service_kind=ServiceKind(row.service_kind),
            parent_id=row.parent_id,
            parent_number=row.parent_number or "",
            covered=row.covered,
            state=ServiceState(row.state),
            suspensions=tuple(reasons.get(row.id, ())),
            identifiers=identifiers.get(row.id, {}),
            contract_id=row.contract_id,
            contract=row.contract or "",
            contract_ended_on=row.contract_ended_on,
            site_id=row.site_id,
            contact_id=row.contact_id,
            parameters=row.parameters,
            secret_names=tuple(row.secret_values),
            switches=tuple(row.switches),
            activated_at=row.activated_at,
            ended_at=row.ended_at,
            version=row.version,
        )
        for row in rows
    ]


def active_services(ctx: Context) -> "Select[Any]":
    """Core select of every service that works or worked and has not ended: `id, number, customer_id, product_code,
    product_name, state, suspended, activated_at, ended_at, site_id, contact_id, covered`. Narrow and order it as you need."""
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
            col(CatalogService.covered).label("covered"),
        )
        .join(CatalogProduct, col(CatalogProduct.id) == col(CatalogService.product_id))
        .where(
            col(CatalogService.state).in_((ServiceState.ACTIVE, ServiceState.TERMINATING)),
            *ctx.visible_conditions(CatalogService),
        )
    )
    return statement  # type: ignore[no-any-return]  # too many columns for an overload of select()


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
    """The inventory items that a line works on: its own picks, and of what its service has those that it does not exchange."""
    held = inventory.items_of(ctx, Holder("order_line", subject.id))
    if subject.service_id is None:
        return held
    own = {item.template for item in held}
    had = inventory.items_of(ctx, Holder("service", subject.service_id))
    return [*held, *(item for item in had if item.template not in own)]


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
    `previous` has what a change replaces: `previous.<template>` like a pick, `previous.product`, `previous.parameters`.
    """
    subject = line(ctx, line_id)
    sold = product(ctx, subject.product_code)
    owner = ctx.session.get_one(Customer, subject.customer_id)
    instance = ctx.session.get_one(CatalogService, subject.service_id)
    items = items_for(ctx, subject)
    [view] = service_views(ctx, [instance])
    # Those that the network lent it as well.
    identifiers = {**view.identifiers, **identifiers_from(items, sold.service_kind)}
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
            "suspensions": [reason.value for reason in view.suspensions],
            "switches": list(instance.switches),
            "identifiers": identifiers,
            **identifiers,
            "site": _place(ctx, instance.site_id),
            "contact": _person(ctx, instance.contact_id),
        },
        "product": _sold(sold),
        "picks": {item.template: pick(item) for item in items},
        "previous": _previous(ctx, subject),
        "parameters": dict(subject.parameters),
        "line": {
            "number": subject.number,
            "action": subject.action.value,
            "reason": subject.reason,
            "change": subject.change,
            "turn": subject.turn,
            "attempt": subject.attempt,
        },
    }


def parameter_secrets(ctx: Context, line_number: str) -> dict[str, dict[str, str]]:
    """Secret parameters of a line in clear, as `parameters`, and of a change those before, as `previous_parameters`.

    For who carries out order lines. Never log or keep them.
    """
    ctx.require("catalog.order.run")
    row = ctx.session.execute(
        select(
            col(CatalogService.number),
            col(CatalogOrderLine.secret_values),
            col(CatalogOrderLine.secret_values_before),
        )
        .join(CatalogService, col(CatalogService.id) == col(CatalogOrderLine.service_id))
        .where(col(CatalogOrderLine.number) == line_number)
    ).one_or_none()
    if row is None:
        return {"parameters": {}, "previous_parameters": {}}
    return {
        "parameters": opened(row.number, row.secret_values),
        "previous_parameters": opened(row.number, row.secret_values_before),
    }


def pick(item: ItemView) -> dict[str, Any]:
    """An item as playbooks know it."""
    return {"item_id": item.id, "item": item.number, **item.fields, **item.identifiers}


def _previous(ctx: Context, subject: OrderLineView) -> dict[str, Any]:
    """What the service had before a change; of any other line nothing."""
    if subject.action is not LineAction.CHANGE:
        return {}
    items = inventory.items_by_id(ctx, subject.previous.items.values())
    picks = {template: pick(items[key]) for template, key in subject.previous.items.items() if key in items}
    return {
        **picks,
        "product": _sold(product(ctx, subject.previous.product)) if subject.previous.product else {},
        "parameters": subject.previous.parameters,
        "switches": list(subject.previous.switches),
    }


def _sold(product: ProductView) -> dict[str, Any]:
    """A product as playbooks know it."""
    return {
        "code": product.code,
        "name": product.name,
        "playbook": product.playbook,
        "tariff": product.tariff,
        "allowances": [allowance.model_dump() for allowance in product.allowances],
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
