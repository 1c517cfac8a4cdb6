"""Orders: placing one."""

from collections.abc import Mapping
from contextlib import nullcontext

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from trunkline.contracts.models import Contract
from trunkline.customers import queries as customers
from trunkline.customers.models import Contact, Customer, Site
from trunkline.db.numbers import next_number
from trunkline.errors import Conflict, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.search.marking import mark
from trunkline.web.tones import state_within
from trunkline_catalog import queries
from trunkline_catalog.events import OrderPlaced
from trunkline_catalog.models import CatalogOrder, CatalogOrderLine, CatalogService
from trunkline_catalog.operations.contracts import contract_for
from trunkline_catalog.operations.parents import Parent, expanded, parent_of
from trunkline_catalog.operations.planning import enqueue_planned, naming_line, plan_line
from trunkline_catalog.parameters import collected
from trunkline_catalog.queries.orders import order_view
from trunkline_catalog.queries.services import identifiers_from, service_views
from trunkline_catalog.schemas import (
    OFFERED_KINDS,
    LineAction,
    OrderLineInput,
    OrderView,
    PickView,
    PlaceOrder,
    Previous,
    Price,
    ProductKind,
    ProductView,
)
from trunkline_catalog.secret_values import put_away
from trunkline_inventory import operations as stock
from trunkline_inventory import queries as inventory
from trunkline_inventory.schemas import Holder, ItemView

_MAY_ORDER = ("pending", "active")


@operation("catalog.order.create")
def place_order(ctx: Context, command: PlaceOrder) -> OrderView:
    """Take an order: lines, draft services, held items and one job per line, in one transaction.

    The same idempotency key gives the order that exists. Raises Refused naming the line's field (`lines.0.product_code`), or
    `contract` for one that is not in force or not the customer's.
    """
    customer = ordering_customer(ctx, command.customer_number)
    key = f"{customer.key}:{command.idempotency_key}" if command.idempotency_key else None
    if (before := placed_before(ctx, key)) is not None:
        return before
    contract = contract_for(ctx, customer.key, command.contract)
    command = expanded(ctx, command)
    order = new_order(ctx, customer, LineAction.NEW, command.note, key)
    planned, bundles = [], dict[int, Parent]()
    for place, wish in enumerate(command.lines):
        with naming_line(place):
            product, price = orderable(ctx, wish.product_code)
            parent = parent_of(ctx, customer, product, wish, bundles)
            under = _contract_of(ctx, customer, wish, parent, contract)
            line = _add_new(ctx, order, customer, place + 1, wish, product, price, parent, under)
            if product.kind is ProductKind.BUNDLE:
                # It begins once its services have been set up.
                bundles[place + 1] = Parent(line.service_id, not product.priced_by_members, under)
            else:
                planned.append((place, plan_line(ctx, line, product, start_after=command.start_after)))
    # All at the end: from the first number of a job on, every worker that needs one waits.
    for place, work in planned:
        with naming_line(place):
            enqueue_planned(ctx, work)
    ctx.emit(
        OrderPlaced(
            entity_id=order.key, customer_id=customer.key, number=order.number, lines=len(command.lines)
        )
    )
    ctx.note(order, label=order.number)
    return order_view(ctx, order)


def ordering_customer(ctx: Context, number: str) -> Customer:
    """The customer, if it may order. Raises NotFound, Conflict for one that was merged, or Refused naming its status."""
    customer = customers.itself(ctx, number)
    customers.refuse_merged(ctx, customer)
    may_order(customer)
    return customer


def may_order(customer: Customer) -> None:
    """Raises Refused naming the customer's status when that forbids ordering."""
    if customer.status not in _MAY_ORDER:
        raise Refused(
            _(
                "{customer} is {status} and cannot order.",
                customer=customer.name,
                status=state_within(customer.status),
            ),
            field="customer_number",
            remedy=_("Make the customer active first."),
        )


def placed_before(ctx: Context, key: str | None) -> OrderView | None:
    """The order that was placed under a key."""
    if key is None:
        return None
    row = ctx.session.scalars(
        select(CatalogOrder).where(col(CatalogOrder.idempotency_key) == key)
    ).one_or_none()
    return order_view(ctx, row) if row is not None else None


def new_order(
    ctx: Context, customer: Customer, action: LineAction, note: str, key: str | None
) -> CatalogOrder:
    """An empty order for lines of one action. Raises Conflict when somebody places one under the same key at this very moment."""
    order = CatalogOrder(
        number=next_number(ctx.session, "order"),
        customer_id=customer.key,
        action=action,
        placed_by=ctx.actor.name,
        note=note,
        idempotency_key=key,
    )
    try:
        with ctx.session.begin_nested() if key is not None else nullcontext():
            ctx.session.add(order)
            ctx.session.flush()
    except IntegrityError as error:
        if key is None:
            raise
        raise Conflict(
            _("The same order is being placed at this moment."),
            field="idempotency_key",
            remedy=_("Ask again: the answer will be the order that was placed."),
        ) from error
    mark(ctx, "order", order.key)
    return order


def _contract_of(
    ctx: Context, customer: Customer, wish: OrderLineInput, parent: Parent | None, of_order: Contract | None
) -> int | None:
    """The contract under which a line's service will stand: that of what it belongs to, else the line's own, else the order's."""
    if parent is None:
        contract = contract_for(ctx, customer.key, wish.contract) or of_order
        return contract.key if contract is not None else None
    if wish.contract:
        raise Refused(
            _("What belongs to a service stands under its contract."),
            field="contract",
            remedy=_("Leave it empty."),
        )
    return parent.contract_id


def _add_new(
    ctx: Context,
    order: CatalogOrder,
    customer: Customer,
    position: int,
    wish: OrderLineInput,
    product: ProductView,
    price: Price,
    parent: Parent | None,
    contract_id: int | None,
) -> CatalogOrderLine:
    covered = parent is not None and parent.covers
    values = collected(product, wish.parameters)
    check_place(ctx, customer, wish.site_id, wish.contact_id)
    number = next_number(ctx.session, "service")
    plain, sealed = put_away(product, number, values)
    service = CatalogService(
        number=number,
        customer_id=customer.key,
        product_id=product.id,
        parent_id=parent.service_id if parent is not None else None,
        covered=covered,
        contract_id=contract_id,
        site_id=wish.site_id,
        contact_id=wish.contact_id,
        parameters=plain,
        secret_values=sealed,
    )
    ctx.session.add(service)
    ctx.session.flush()
    line = CatalogOrderLine(
        number=f"{order.number}/{position}",
        order_id=order.key,
        position=position,
        customer_id=customer.key,
        action=order.action,
        product_id=product.id,
        service_id=service.key,
        open_service_id=service.key,
        parameters=plain,
        secret_values=sealed,
        contract_id=contract_id,
        site_id=wish.site_id,
        contact_id=wish.contact_id,
        setup_micros=0 if covered else price.setup_micros,
        monthly_micros=0 if covered else price.monthly_micros,
        currency=price.currency,
    )
    ctx.session.add(line)
    ctx.session.flush()
    hold_picks(ctx, line, service, product, wish.picks)
    mark(ctx, "service", service.key)
    return line


def orderable(ctx: Context, code: str) -> tuple[ProductView, Price]:
    """A product that can be ordered now and its price. Raises Refused."""
    product = queries.product(ctx, code)
    if product.retired or product.kind not in OFFERED_KINDS:
        raise Refused(
            _("“{name}” is not sold any more.", name=product.name),
            field="product_code",
            remedy=_("Choose another one."),
        )
    return product, queries.price_at(ctx, code, ctx.now())


def check_place(ctx: Context, customer: Customer, site_id: int | None, contact_id: int | None) -> None:
    """Raises Refused unless site and contact are the customer's own."""
    site = ctx.session.get(Site, site_id) if site_id is not None else None
    if site_id is not None and (site is None or site.customer_id != customer.id):
        raise Refused(_("That site is not one of this customer’s."), field="site_id")
    contact = ctx.session.get(Contact, contact_id) if contact_id is not None else None
    if contact_id is not None and (contact is None or contact.customer_id != customer.id):
        raise Refused(_("That contact is not one of this customer’s."), field="contact_id")


def check_template_names(product: ProductView, picks: Mapping[str, str | None]) -> None:
    """Raises Refused for a pick of something that the product does not need."""
    for template in picks:
        if template not in product.needs:
            raise Refused(
                _("{product} needs no “{template}”.", product=product.name, template=template),
                field=f"picks.{template}",
                remedy=_("It needs: {names}.", names=", ".join(product.needs) or "–"),
            )


def hold_picks(
    ctx: Context,
    line: CatalogOrderLine,
    service: CatalogService,
    product: ProductView,
    picks: Mapping[str, str | None],
) -> None:
    """Hold one item per template that the product needs, named ones by hand. Raises Refused (field `picks.<template>`)."""
    check_template_names(product, picks)
    holder = Holder("order_line", line.key, line.customer_id, line.number)
    held: dict[str, ItemView] = {}
    # What a person chose comes first, so that automatic picks can go with it.
    for template in sorted(product.needs, key=lambda name: not picks.get(name)):
        held[template] = _hold_one(ctx, holder, line, template, picks.get(template), held)
    line.picks = {
        name: PickView(
            item_id=item.id, number=item.number, label=item.label, by_hand=bool(picks.get(name))
        ).model_dump()
        for name, item in held.items()
    }
    service.label = main_identifier(identifiers_from(list(held.values()), product.service_kind))
    ctx.session.flush()


def hold_exchanged(ctx: Context, line: CatalogOrderLine, picks: Mapping[str, str | None]) -> None:
    """Hold what a change exchanges: one new item for each of `picks`, named or not. Raises Refused (field `picks.<template>`)."""
    holder = Holder("order_line", line.key, line.customer_id, line.number)
    held = {
        template: _hold_one(ctx, holder, line, template, wanted, {}) for template, wanted in picks.items()
    }
    line.picks = {
        name: PickView(
            item_id=item.id, number=item.number, label=item.label, by_hand=bool(picks[name])
        ).model_dump()
        for name, item in held.items()
    }
    ctx.session.flush()


def main_identifier(identifiers: Mapping[str, str]) -> str:
    """What people call a service by."""
    return identifiers.get("msisdn") or identifiers.get("number") or next(iter(identifiers.values()), "")


def _hold_one(
    ctx: Context,
    holder: Holder,
    line: CatalogOrderLine,
    template: str,
    item_number: str | None,
    held: Mapping[str, ItemView],
) -> ItemView:
    key = f"line:{line.id}:{line.attempt}:{template}"
    if item_number:
        return stock.hold(ctx, template=template, holder=holder, key=key, item_number=item_number)
    paired = _pair(template, held)
    if paired:
        try:
            return stock.hold(ctx, template=template, holder=holder, key=key, match=paired)
        except Refused:
            # The SIM's own number is not in stock: any other will do.
            pass
    return stock.hold(ctx, template=template, holder=holder, key=key)


def present(ctx: Context, service: CatalogService) -> Previous:
    """What a service has now, kept with the line that changes it."""
    view = service_views(ctx, [service])[0]
    items = inventory.items_of(ctx, Holder("service", service.key))
    return Previous(
        product=view.product_code,
        items={item.template: item.id for item in items},
        identifiers=view.identifiers,
        parameters=view.parameters,
        switches=view.switches,
    )


def _pair(template: str, held: Mapping[str, ItemView]) -> dict[str, str]:
    """SIM and number that were printed on one card go together where both are free."""
    if template == "number" and "sim" in held and (msisdn := held["sim"].identifiers.get("msisdn")):
        return {"number": msisdn}
    if template == "sim" and "number" in held:
        return {"msisdn": held["number"].identifiers["number"]}
    return {}
