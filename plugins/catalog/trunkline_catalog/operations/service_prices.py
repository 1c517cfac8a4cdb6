"""Prices of single services: what an index makes of what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlmodel import col

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.money import minor_digits
from trunkline.operation import Context, Subject, operation
from trunkline_catalog import queries
from trunkline_catalog.events import ServicePriceChanged
from trunkline_catalog.models import CatalogServicePrice
from trunkline_catalog.schemas import ServiceState, ServiceView

_CHARGED = (ServiceState.ACTIVE, ServiceState.TERMINATING)
#: Hundredths of a per cent in a whole.
_WHOLE = 10_000


@dataclass(frozen=True)
class AdjustPrices:
    """By how much services cost more (below zero: less) from a moment on."""

    contract_id: int | None
    #: Empty where no index is named.
    index_name: str
    #: Hundredths of a per cent.
    basis_points: int
    effective_from: datetime


@operation("catalog.price.change")
def adjust_prices(ctx: Context, services: Sequence[ServiceView], command: AdjustPrices) -> int:
    """Give these services prices of their own from a moment on; returns how many got one.

    What each costs at that moment counts, rounded half up to whole minor units; a second adjustment of one day is one of what the
    first made. Left out is what has ended, and what costs nothing by itself.

    Raises Refused for an adjustment to nothing or less, and when a product had no price then.
    """
    if command.basis_points <= -_WHOLE:
        raise Refused(
            _("No price can fall by the whole of it or more."),
            field="basis_points",
            remedy=_("Name a smaller adjustment."),
        )
    own = queries.own_prices(ctx, [one.id for one in services])
    rows = []
    for service in services:
        if service.state not in _CHARGED or service.covered:
            continue
        begins = max(command.effective_from, service.activated_at or command.effective_from)
        before = queries.monthly_at(ctx, service, own.get(service.id, ()), begins)
        if not before.micros:
            continue
        product_id = queries.product(ctx, service.product_code).id
        rows.append(
            CatalogServicePrice(
                service_id=service.id,
                product_id=product_id,
                effective_from=command.effective_from,
                monthly_micros=adjusted(before.micros, command.basis_points, before.currency),
                currency=before.currency,
                contract_id=command.contract_id,
                index_name=command.index_name,
                basis_points=command.basis_points,
                set_by=ctx.actor.name,
                created_at=ctx.now(),
            )
        )
    ctx.session.add_all(rows)
    ctx.session.flush()
    _tell(ctx, services, rows)
    return len(rows)


def end_prices(ctx: Context, service_id: int, at: datetime) -> None:
    """What a service has of own prices ends because it becomes another product at `at`; part of operations."""
    ctx.session.execute(
        update(CatalogServicePrice)
        .where(_of(service_id), col(CatalogServicePrice.effective_until).is_(None))
        .values(effective_until=at)
    )


def revive_prices(ctx: Context, service_id: int, at: datetime) -> None:
    """What `end_prices` ended at `at` counts again, because the change was taken back; part of operations."""
    ctx.session.execute(
        update(CatalogServicePrice)
        .where(_of(service_id), col(CatalogServicePrice.effective_until) == at)
        .values(effective_until=None)
    )


def _of(service_id: int) -> ColumnElement[bool]:
    return col(CatalogServicePrice.service_id) == service_id


def adjusted(monthly_micros: int, basis_points: int, currency: str) -> int:
    """A price after an adjustment, in micro-units, rounded half up once to whole minor units of the currency."""
    unit: int = 10 ** (6 - minor_digits(currency))
    exact, whole = monthly_micros * (_WHOLE + basis_points), unit * _WHOLE
    return (2 * exact + whole) // (2 * whole) * unit


def _tell(ctx: Context, services: Sequence[ServiceView], rows: Sequence[CatalogServicePrice]) -> None:
    known = {one.id: one for one in services}
    for row in rows:
        service = known[row.service_id]
        ctx.emit(
            ServicePriceChanged(
                entity_id=service.id,
                customer_id=service.customer_id,
                number=service.number,
                product_code=service.product_code,
                effective_from=row.effective_from,
                index_name=row.index_name,
                basis_points=row.basis_points,
            )
        )
    ctx.note_each(
        (Subject("catalog_service", one.id, one.number, one.customer_id) for one in known.values()),
        index=rows[0].index_name if rows else "",
    )
