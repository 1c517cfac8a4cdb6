"""Recording services that work already: as they are, without job or charge, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.db.numbers import take_numbers
from trunkline.db.parts import parts
from trunkline.errors import NotFound, Refused
from trunkline.events.outbox import emit_all
from trunkline.i18n import gettext as _
from trunkline.operation import Context, Subject, operation
from trunkline.search.marking import mark_all
from trunkline_catalog import queries
from trunkline_catalog.events import ServiceActivated
from trunkline_catalog.models import CatalogIdentifier, CatalogOrder, CatalogOrderLine, CatalogService
from trunkline_catalog.operations.lines import refuse_taken
from trunkline_catalog.operations.orders import check_place, check_template_names, main_identifier, may_order
from trunkline_catalog.operations.parents import Parent, recorded_parent
from trunkline_catalog.parameters import collected
from trunkline_catalog.queries.services import identifiers_from, service_views
from trunkline_catalog.schemas import (
    LineAction,
    LineState,
    OrderState,
    PickView,
    ProductKind,
    ProductView,
    RecordExistingService,
    ServiceState,
    ServiceView,
)
from trunkline_catalog.secret_values import put_away
from trunkline_inventory import operations as stock
from trunkline_inventory.schemas import Holder, ItemView


@dataclass
class _Record:
    """One service on its way in."""

    command: RecordExistingService
    customer: Customer
    product: ProductView
    values: dict[str, Any]
    parent: Parent | None
    service: CatalogService | None = None
    line: CatalogOrderLine | None = None
    items: list[ItemView] = field(default_factory=list)


@operation("catalog.service.import")
def record_existing_service(ctx: Context, command: RecordExistingService) -> ServiceView:
    """Record a service that works already: active since `activated_at`, its items in use, no job and no charge.

    Raises Refused for a moment in the future, or as `place_order` does. Not idempotent by itself: an item that is named
    cannot be taken twice.
    """
    return _record(ctx, [command])[0]


@operation("catalog.service.import")
def record_existing_services(ctx: Context, commands: Sequence[RecordExistingService]) -> list[ServiceView]:
    """The same for many, all or none, in a few statements. Refusals name the one at fault (`services.<n>.<field>`)."""
    return _record(ctx, commands)


def _record(ctx: Context, commands: Sequence[RecordExistingService]) -> list[ServiceView]:
    records = _checked(ctx, commands)
    if not records:
        return []
    services = _add_rows(ctx, records)
    _take_items(ctx, records)
    _add_identifiers(ctx, records)
    ctx.session.flush()
    mark_all(ctx, "service", [service.key for service in services])
    emit_all(
        ctx,
        [
            ServiceActivated(
                entity_id=service.key,
                customer_id=service.customer_id,
                number=service.number,
                product_code=record.product.code,
                imported=True,
            )
            for service, record in zip(services, records, strict=True)
        ],
    )
    ctx.note_each(
        Subject("catalog_service", service.key, service.number, service.customer_id) for service in services
    )
    return service_views(ctx, services)


def _checked(ctx: Context, commands: Sequence[RecordExistingService]) -> list[_Record]:
    now = ctx.now()
    customers = _customers(ctx, {command.customer_number for command in commands})
    products: dict[str, ProductView] = {}
    records = []
    for position, command in enumerate(commands):
        try:
            if command.activated_at.tzinfo is None:
                raise Refused(_("Say the time zone of the moment."), field="activated_at")
            if command.activated_at > now:
                raise Refused(
                    _("A service that works already began in the past."),
                    field="activated_at",
                    remedy=_("Place an order instead."),
                )
            customer = customers.get(command.customer_number)
            if customer is None:
                raise NotFound(
                    _("There is no customer {number}.", number=command.customer_number),
                    field="customer_number",
                )
            may_order(customer)
            code = command.product_code
            product = (
                products[code] if code in products else products.setdefault(code, queries.product(ctx, code))
            )
            if product.kind is ProductKind.ONE_OFF:
                raise Refused(
                    _("Nothing stays of {product} that could be recorded.", product=product.name),
                    field="product_code",
                    remedy=_("Place an order instead."),
                )
            check_template_names(product, command.picks)
            check_place(ctx, customer, command.site_id, command.contact_id)
            values = collected(product, command.parameters)
            parent = recorded_parent(ctx, customer, product, command.parent_service)
            records.append(_Record(command, customer, product, values, parent))
        except (Refused, NotFound) as error:
            if len(commands) > 1:
                error.field = f"services.{position}.{error.field}"
            raise
    return records


def _customers(ctx: Context, numbers: set[str]) -> dict[str, Customer]:
    found: dict[str, Customer] = {}
    for part in parts(sorted(numbers)):
        rows = ctx.session.scalars(ctx.visible(Customer).where(col(Customer.number).in_(part)))
        found.update({row.number: row for row in rows})
    return found


def _add_rows(ctx: Context, records: Sequence[_Record]) -> list[CatalogService]:
    """Services, each with a completed order of one line, dated as the service is."""
    count = len(records)
    numbers = take_numbers(ctx.session, "service", count)
    services, orders = [], []
    for record, number, order_number in zip(
        records, numbers, take_numbers(ctx.session, "order", count), strict=True
    ):
        command = record.command
        plain, sealed = put_away(record.product, number, record.values)
        record.service = CatalogService(
            number=number,
            customer_id=record.customer.key,
            product_id=record.product.id,
            parent_id=record.parent.service_id if record.parent is not None else None,
            covered=record.parent is not None and record.parent.covers,
            state=ServiceState.ACTIVE,
            site_id=command.site_id,
            contact_id=command.contact_id,
            parameters=plain,
            secret_values=sealed,
            activated_at=command.activated_at,
            created_at=command.activated_at,
        )
        services.append(record.service)
        orders.append(
            CatalogOrder(
                number=order_number,
                customer_id=record.customer.key,
                action=LineAction.NEW,
                state=OrderState.COMPLETED,
                placed_by=ctx.actor.name,
                note=str(_("Recorded as it was.")),
                created_at=command.activated_at,
            )
        )
    ctx.session.add_all([*services, *orders])
    ctx.session.flush()
    for record, service, order in zip(records, services, orders, strict=True):
        record.line = CatalogOrderLine(
            number=f"{order.number}/1",
            order_id=order.key,
            position=1,
            customer_id=record.customer.key,
            action=LineAction.NEW,
            state=LineState.COMPLETED,
            product_id=record.product.id,
            service_id=service.key,
            parameters=dict(service.parameters),
            secret_values=dict(service.secret_values),
            needs_network=False,
            site_id=service.site_id,
            contact_id=service.contact_id,
            currency=record.product.currency,
            created_at=record.command.activated_at,
            finished_at=record.command.activated_at,
        )
        ctx.session.add(record.line)
    ctx.session.flush()
    mark_all(ctx, "order", [order.key for order in orders])
    return services


def _take_items(ctx: Context, records: Sequence[_Record]) -> None:
    """Every service takes what its product needs; SIMs and numbers are not matched to each other."""
    owners, takings = [], []
    for record in records:
        service, line = record.service, record.line
        if service is None or line is None:
            raise RuntimeError("rows come before items")
        holder = Holder("service", service.key, service.customer_id, service.number)
        for template in record.product.needs:
            owners.append((record, template))
            key = f"line:{line.key}:1:{template}"
            wanted = record.command.picks.get(template)
            takings.append(stock.Taking(template, holder, key, record.command.activated_at, wanted))
    picks: dict[int, dict[str, Any]] = {}
    for (record, template), item in zip(owners, stock.take_in_use(ctx, takings), strict=True):
        record.items.append(item)
        by_hand = bool(record.command.picks.get(template))
        pick = PickView(item_id=item.id, number=item.number, label=item.label, by_hand=by_hand)
        picks.setdefault(id(record), {})[template] = pick.model_dump()
    for record in records:
        identifiers = identifiers_from(record.items, record.product.service_kind)
        if record.service is not None and record.line is not None:
            record.line.picks = picks.get(id(record), {})
            record.service.label = main_identifier(identifiers)


def _add_identifiers(ctx: Context, records: Sequence[_Record]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "service_id": record.service.key,
            "kind": kind,
            "value": value,
            "valid_from": record.command.activated_at,
        }
        for record in records
        if record.service is not None
        for kind, value in identifiers_from(record.items, record.product.service_kind).items()
    ]
    # Each has two values.
    for part in parts(rows, 250):
        refuse_taken(ctx, [(row["kind"], row["value"]) for row in part])
    if rows:
        ctx.session.execute(insert(CatalogIdentifier), rows)
