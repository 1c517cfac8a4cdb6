"""What the worker does with a change: the service has the new items, values and identifiers, or again those before."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, delete, tuple_, update
from sqlmodel import col

from trunkline.operation import Context, operation
from trunkline.search.marking import mark
from trunkline_catalog.events import ServiceChanged
from trunkline_catalog.models import CatalogIdentifier, CatalogOrderLine, CatalogProduct, CatalogService
from trunkline_catalog.operations.lines import (
    about,
    complete,
    line_holder,
    locked_line,
    refuse_taken,
    reopen,
    service_holder,
    service_of,
    with_lent,
)
from trunkline_catalog.operations.orders import main_identifier
from trunkline_catalog.operations.service_prices import end_prices, revive_prices
from trunkline_catalog.queries.products import product
from trunkline_catalog.queries.services import identifiers_from
from trunkline_catalog.schemas import LineState, Previous, ServiceKind
from trunkline_inventory import operations as stock
from trunkline_inventory import queries as inventory


@operation("catalog.order.run")
def change(ctx: Context, line_id: int, lent: Mapping[str, str] | None = None) -> None:
    """The service is as the line wants it from now on; what was exchanged goes to quarantine.

    `lent` are identifiers that steps before have handed over, by kind.
    """
    line = locked_line(ctx, line_id)
    if line.state == LineState.COMPLETED:
        return
    service, before = service_of(ctx, line), Previous.model_validate(line.previous)
    old = [before.items[template] for template in line.picks if template in before.items]
    if line.picks:
        stock.free(ctx, holder=service_holder(service), quarantine=True, only=old)
        stock.rehold(ctx, line_holder(line), service_holder(service))
        stock.assign(ctx, holder=service_holder(service))
    complete(ctx, line)
    if service.product_id != line.product_id:
        end_prices(ctx, service.key, line.finished_at or ctx.now())
    service.product_id = line.product_id
    _identify(ctx, line, service, before, lent or {})
    service.parameters, service.secret_values = dict(line.parameters), dict(line.secret_values)
    service.switches = turned(before.switches, line.change, line.turn)
    ctx.session.flush()
    mark(ctx, "service", service.key)
    ctx.emit(ServiceChanged(**about(ctx, service), change=line.change, turn=line.turn))
    ctx.note(service, label=service.number, change=line.change, turn=line.turn)


def turned(switches: tuple[str, ...], word: str, turn: str) -> list[str]:
    """The switches that are on after one was turned; none is when `turn` is empty."""
    others = [one for one in switches if one != word]
    return sorted([*others, word]) if turn == "on" else others if turn == "off" else list(switches)


def _identify(
    ctx: Context, line: CatalogOrderLine, service: CatalogService, before: Previous, lent: Mapping[str, str]
) -> None:
    """End the identifiers that the service does not have any more, at the moment the line ended, and begin the new ones."""
    ended = line.finished_at or ctx.now()
    sold = ctx.session.get_one(CatalogProduct, service.product_id)
    items = inventory.items_of(ctx, service_holder(service))
    own = identifiers_from(items, ServiceKind(sold.service_kind))
    # What no item lends came from the network, and stays until the network says something else.
    kept = {kind: value for kind, value in before.identifiers.items() if kind not in own}
    now = {**kept, **with_lent(own, lent)}.items()
    gone, came = before.identifiers.items() - now, now - before.identifiers.items()
    if gone:
        ctx.session.execute(
            update(CatalogIdentifier)
            .where(
                col(CatalogIdentifier.service_id) == service.id,
                col(CatalogIdentifier.valid_to).is_(None),
                _one_of(gone),
            )
            .values(valid_to=ended)
        )
    refuse_taken(ctx, sorted(came))
    ctx.session.add_all(
        CatalogIdentifier(service_id=service.key, kind=kind, value=value, valid_from=ended)
        for kind, value in sorted(came)
    )
    service.label = main_identifier(dict(now))


def _one_of(identifiers: set[tuple[str, str]]) -> ColumnElement[bool]:
    return tuple_(col(CatalogIdentifier.kind), col(CatalogIdentifier.value)).in_(sorted(identifiers))


@operation("catalog.order.run")
def undo_change(ctx: Context, line_id: int) -> None:
    """Take a change back: the line holds the new items again, and the service has what it had."""
    line = locked_line(ctx, line_id)
    if line.state != LineState.COMPLETED:
        return
    service, before = service_of(ctx, line), Previous.model_validate(line.previous)
    if line.picks:
        new = [int(pick["item_id"]) for pick in line.picks.values()]
        stock.rehold(ctx, service_holder(service), line_holder(line), only=new)
        old = [before.items[template] for template in line.picks if template in before.items]
        stock.take_back(ctx, old, holder=service_holder(service))
    ctx.session.execute(
        delete(CatalogIdentifier).where(
            col(CatalogIdentifier.service_id) == service.id,
            col(CatalogIdentifier.valid_from) == line.finished_at,
            col(CatalogIdentifier.valid_to).is_(None),
        )
    )
    ctx.session.execute(
        update(CatalogIdentifier)
        .where(
            col(CatalogIdentifier.service_id) == service.id,
            col(CatalogIdentifier.valid_to) == line.finished_at,
        )
        .values(valid_to=None)
    )
    service.parameters, service.switches = before.parameters, list(before.switches)
    service.secret_values = dict(line.secret_values_before)
    if before.product:
        if line.finished_at is not None:
            revive_prices(ctx, service.key, line.finished_at)
        service.product_id = product(ctx, before.product).id
    service.label = main_identifier(before.identifiers)
    mark(ctx, "service", service.key)
    reopen(ctx, line)
    ctx.note(service, label=service.number, change=line.change)
