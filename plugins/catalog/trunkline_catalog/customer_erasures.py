"""What becomes of services and orders when a person is erased: what was sold stays, without what was said about the person."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from trunkline.customers.erasing.parts import (
    Erased,
    ErasedRows,
    Hindrance,
    Person,
    none_of,
    of_customer,
    unless_theirs,
)
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog.models import (
    CatalogIdentifier,
    CatalogOrder,
    CatalogOrderLine,
    CatalogService,
    CatalogSuspension,
)
from trunkline_catalog.schemas import LineState, ServiceState

_LIVING = (ServiceState.DRAFT, ServiceState.PROVISIONING, ServiceState.ACTIVE, ServiceState.TERMINATING)
_OPEN = tuple(state for state in LineState if state.is_open)


def _of_services(model: Any) -> Callable[[Person], ColumnElement[bool]]:
    theirs = of_customer(CatalogService)
    return lambda person: col(model.service_id).in_(select(col(CatalogService.id)).where(theirs(person)))


CUSTOMER_ERASURES: tuple[Erased, ...] = (
    ErasedRows(CatalogIdentifier, _("Numbers and logins of services"), _of_services(CatalogIdentifier)),
    ErasedRows(CatalogSuspension, "", _of_services(CatalogSuspension), {"note": ""}),
    ErasedRows(
        CatalogService,
        _("Services"),
        of_customer(CatalogService),
        {"label": "", "parameters": none_of(dict), "secret_values": none_of(dict)},
    ),
    ErasedRows(
        CatalogOrderLine,
        "",
        of_customer(CatalogOrderLine),
        {
            "picks": none_of(dict),
            "parameters": none_of(dict),
            "secret_values": none_of(dict),
            "secret_values_before": none_of(dict),
            "previous": none_of(dict),
            "note": "",
            "error": "",
        },
    ),
    ErasedRows(
        CatalogOrder,
        _("Orders"),
        of_customer(CatalogOrder),
        {"note": "", "placed_by": unless_theirs("placed_by"), "idempotency_key": None},
    ),
)


def hindrances(ctx: Context, person: Person) -> list[Hindrance]:
    """Services that live and orders that are not over."""
    found = []
    service = ctx.session.scalars(
        select(CatalogService)
        .where(of_customer(CatalogService)(person), col(CatalogService.state).in_(_LIVING))
        .order_by(col(CatalogService.id))
    ).first()
    if service is not None:
        found.append(
            Hindrance(
                str(_("Service {number} is not terminated.", number=service.number)),
                str(_("Terminate the services first.")),
                f"/catalog/services/{service.number}",
            )
        )
    line = ctx.session.scalars(
        select(CatalogOrderLine)
        .where(of_customer(CatalogOrderLine)(person), col(CatalogOrderLine.state).in_(_OPEN))
        .order_by(col(CatalogOrderLine.id))
    ).first()
    if line is not None:
        order = ctx.session.get_one(CatalogOrder, line.order_id)
        found.append(
            Hindrance(
                str(_("Order {number} is not over.", number=order.number)),
                str(_("Wait for it, or cancel it.")),
                f"/catalog/orders/{order.number}",
            )
        )
    return found
