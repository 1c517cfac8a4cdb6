"""Orders and their lines."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import col

from trunkline.contracts.models import Contract
from trunkline.db.prepared import Prepared, among, columns
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog.models import CatalogOrder, CatalogOrderLine, CatalogProduct, CatalogService
from trunkline_catalog.schemas import (
    LineAction,
    LineState,
    OrderLineView,
    OrderState,
    OrderView,
    PickView,
    Previous,
    ProductKind,
)

_LINE, _ORDER = columns(CatalogOrderLine), columns(CatalogOrder)
_SERVICE, _PRODUCT = columns(CatalogService), columns(CatalogProduct)
_PARENT = aliased(CatalogService, name="parent")
#: Of lines whose actor may see them: what they refer to.
_NAMES = Prepared(
    select(
        _LINE.id,
        _ORDER.number.label("order_number"),
        _SERVICE.number.label("service_number"),
        _PRODUCT.code,
        _PRODUCT.name,
        _PRODUCT.kind,
        col(_PARENT.number).label("parent_service"),
        col(Contract.number).label("contract"),
    )
    .join(CatalogOrder, _ORDER.id == _LINE.order_id)
    .join(CatalogService, _SERVICE.id == _LINE.service_id)
    .join(CatalogProduct, _PRODUCT.id == _LINE.product_id)
    .outerjoin(_PARENT, col(_PARENT.id) == _SERVICE.parent_id)
    .outerjoin(Contract, col(Contract.id) == _LINE.contract_id)
    .where(_LINE.id.in_(among("keys")))
)


def order(ctx: Context, number: str) -> OrderView:
    """One order with its lines. Raises NotFound."""
    return order_view(ctx, ctx.load_by(CatalogOrder, CatalogOrder.number, number))


def orders_of(ctx: Context, customer_id: int, *, limit: int = 20) -> list[OrderView]:
    """A customer's orders, newest first."""
    rows = ctx.session.scalars(
        ctx.visible(CatalogOrder)
        .where(col(CatalogOrder.customer_id) == customer_id)
        .order_by(col(CatalogOrder.id).desc())
        .limit(limit)
    )
    return [order_view(ctx, row) for row in rows]


def order_view(ctx: Context, row: CatalogOrder) -> OrderView:
    """An order as others see it."""
    lines = ctx.session.scalars(
        select(CatalogOrderLine)
        .where(col(CatalogOrderLine.order_id) == row.id)
        .order_by(col(CatalogOrderLine.position))
    )
    return OrderView(
        id=row.key,
        number=row.number,
        customer_id=row.customer_id,
        state=OrderState(row.state),
        placed_at=row.created_at,
        placed_by=row.placed_by,
        note=row.note,
        lines=tuple(line_views(ctx, lines.all())),
    )


def line(ctx: Context, line_id: int) -> OrderLineView:
    """One order line by its key. Raises NotFound."""
    return line_views(ctx, [ctx.load(CatalogOrderLine, line_id)])[0]


def line_by_number(ctx: Context, number: str) -> OrderLineView:
    """One order line by its number, as in `O000001/1`. Raises NotFound."""
    row = ctx.session.scalars(
        ctx.visible(CatalogOrderLine).where(col(CatalogOrderLine.number) == number)
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no order line {number}.", number=number))
    return line_views(ctx, [row])[0]


def lines_of_service(ctx: Context, service_id: int) -> list[OrderLineView]:
    """Everything that was ordered for a service, newest first."""
    rows = ctx.session.scalars(
        ctx.visible(CatalogOrderLine)
        .where(col(CatalogOrderLine.service_id) == service_id)
        .order_by(col(CatalogOrderLine.id).desc())
    )
    return line_views(ctx, rows.all())


def standing_line_of(ctx: Context, service_id: int) -> OrderLineView | None:
    """The newest line of a service that was carried out, which says what the service has; else the newest one, if any."""
    lines = lines_of_service(ctx, service_id)
    done = (one for one in lines if one.state is LineState.COMPLETED)
    return next(done, lines[0] if lines else None)


def open_line_of(ctx: Context, service_id: int) -> OrderLineView | None:
    """The line that is at work on a service, if any."""
    row = ctx.session.scalars(
        select(CatalogOrderLine).where(col(CatalogOrderLine.open_service_id) == service_id)
    ).one_or_none()
    return line_views(ctx, [row])[0] if row is not None else None


def waiting_lines_of(ctx: Context, service_id: int) -> list[OrderLineView]:
    """Lines that wait for their date and keep nobody else from the service until then, the first that was ordered first."""
    rows = ctx.session.scalars(
        select(CatalogOrderLine)
        .where(
            col(CatalogOrderLine.service_id) == service_id,
            col(CatalogOrderLine.open_service_id).is_(None),
            col(CatalogOrderLine.state) == LineState.QUEUED,
        )
        .order_by(col(CatalogOrderLine.id))
    ).all()
    return line_views(ctx, rows) if rows else []


def busy_services(ctx: Context, service_ids: Sequence[int]) -> dict[int, str]:
    """Which of these services a line is at work on, with the line's number; at most some hundreds at once."""
    rows = ctx.session.execute(
        select(col(CatalogOrderLine.open_service_id), col(CatalogOrderLine.number)).where(
            col(CatalogOrderLine.open_service_id).in_(service_ids)
        )
    )
    return {service_id: number for service_id, number in rows if service_id is not None}


def line_views(ctx: Context, rows: Sequence[CatalogOrderLine]) -> list[OrderLineView]:
    """Lines as others see them, with the names of what they refer to read in one go."""
    named = {found.id: found for found in _NAMES.rows(ctx, keys=[row.key for row in rows])} if rows else {}
    return [
        OrderLineView(
            id=row.key,
            number=row.number,
            order_id=row.order_id,
            order_number=named[row.key].order_number,
            customer_id=row.customer_id,
            action=LineAction(row.action),
            state=LineState(row.state),
            service_id=row.service_id,
            service_number=named[row.key].service_number,
            product_code=named[row.key].code,
            product_name=named[row.key].name,
            product_kind=ProductKind(named[row.key].kind),
            parent_service=named[row.key].parent_service or "",
            job_id=row.job_id,
            job_number=row.job_number,
            attempt=row.attempt,
            picks={name: PickView.model_validate(pick) for name, pick in row.picks.items()},
            parameters=dict(row.parameters),
            reason=row.reason,
            change=row.change,
            turn=row.turn,
            previous=Previous.model_validate(row.previous),
            needs_network=row.needs_network,
            setup_micros=row.setup_micros,
            monthly_micros=row.monthly_micros,
            currency=row.currency,
            error=row.error,
            site_id=row.site_id,
            contact_id=row.contact_id,
            contract=named[row.key].contract or "",
            secret_names=tuple(row.secret_values),
        )
        for row in rows
    ]
