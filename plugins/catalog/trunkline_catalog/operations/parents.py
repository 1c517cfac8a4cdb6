"""Lines of an order whose services belong to another one: the products of a bundle, and add-ons."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.customers.models import Customer
from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.tones import state_within
from trunkline_catalog import queries
from trunkline_catalog.models import CatalogProduct, CatalogService
from trunkline_catalog.operations.contracts import contract_of_host
from trunkline_catalog.operations.planning import naming_line
from trunkline_catalog.schemas import (
    MAX_LINES,
    OrderLineInput,
    PlaceOrder,
    ProductKind,
    ProductView,
    ServiceState,
)

_OVER = (ServiceState.TERMINATING, ServiceState.TERMINATED, ServiceState.CANCELLED)
#: States in which a service does not count among those that another one may have of an add-on.
_GONE = (ServiceState.TERMINATED, ServiceState.CANCELLED, ServiceState.FAILED)


@dataclass(frozen=True)
class Parent:
    """The service that another one belongs to."""

    service_id: int
    #: Its price is the price of what belongs to it.
    covers: bool = False
    #: The contract under which it stands, as what belongs to it does.
    contract_id: int | None = None


def expanded(ctx: Context, command: PlaceOrder) -> PlaceOrder:
    """The order with a line for every product of its bundles: those that nobody named come at the end, at their bundle's place.

    Raises Refused naming the line that belongs to no bundle or is one too many, or when the order gets too long.
    """
    lines = list(command.lines)
    bundles = {}
    for place, wish in enumerate(command.lines):
        with naming_line(place):
            product = queries.product(ctx, wish.product_code)
        if product.kind is ProductKind.BUNDLE:
            bundles[place + 1] = product
    for place, wish in enumerate(command.lines):
        if wish.part_of is not None and (wish.part_of not in bundles or wish.part_of > place):
            raise Refused(
                _("Line {n} is no bundle.", n=wish.part_of),
                field=f"lines.{place}.part_of",
                remedy=_("Name the position of the bundle’s line, which comes before."),
            )
    for position, bundle in bundles.items():
        lines += _unnamed(command, position, bundle)
    if len(lines) > MAX_LINES:
        raise Refused(
            _("An order has at most {n} lines.", n=MAX_LINES),
            field="lines",
            remedy=_("A bundle takes one for itself and one for each of its services: order fewer at once."),
        )
    return command.model_copy(update={"lines": lines})


def _unnamed(command: PlaceOrder, position: int, bundle: ProductView) -> list[OrderLineInput]:
    """Lines for the products of a bundle that the order does not name. Raises Refused for one that is too many."""
    left = Counter({one.product: one.quantity for one in bundle.members})
    for place, wish in enumerate(command.lines):
        if wish.part_of != position:
            continue
        if not left[wish.product_code]:
            raise Refused(
                _("{bundle} has no further “{code}”.", bundle=bundle.name, code=wish.product_code),
                field=f"lines.{place}.product_code",
                remedy=_("It is made of: {names}.", names=composition(bundle)),
            )
        left[wish.product_code] -= 1
    own = command.lines[position - 1]
    return [
        OrderLineInput(product_code=code, part_of=position, site_id=own.site_id, contact_id=own.contact_id)
        for code in left.elements()
    ]


def composition(bundle: ProductView) -> str:
    """What a bundle is made of, in codes."""
    return ", ".join(
        one.product if one.quantity == 1 else f"{one.quantity} × {one.product}" for one in bundle.members
    )


def parent_of(
    ctx: Context,
    customer: Customer,
    product: ProductView,
    wish: OrderLineInput,
    bundles: Mapping[int, Parent],
) -> Parent | None:
    """What the service of a line will belong to, if anything: its bundle among `bundles` by position, or the service named.

    Raises Refused (field `added_to`) for an add-on that belongs to nothing or does not go there.
    """
    if wish.part_of is not None:
        return bundles[wish.part_of]
    if product.kind is ProductKind.ADD_ON:
        host = _host(ctx, customer, product, wish.added_to, "added_to")
        return Parent(host.key, contract_id=contract_of_host(ctx, host))
    if wish.added_to:
        raise Refused(
            _("{product} is no add-on.", product=product.name),
            field="added_to",
            remedy=_("Leave it out: it is a service of its own."),
        )
    return None


def recorded_parent(ctx: Context, customer: Customer, product: ProductView, number: str) -> Parent | None:
    """The same for a service that works already: `number` is that of its bundle or of the service to which it was added."""
    if product.kind is ProductKind.ADD_ON:
        return Parent(_host(ctx, customer, product, number, "parent_service").key)
    if not number:
        return None
    host = _own(ctx, customer, number, "parent_service")
    bundle = queries.product_by_id(ctx, host.product_id)
    if product.code not in {one.product for one in bundle.members}:
        raise Refused(
            _("{product} is no part of {bundle}.", product=product.name, bundle=bundle.name),
            field="parent_service",
            remedy=_("It is made of: {names}.", names=composition(bundle) or "–"),
        )
    return Parent(host.key, covers=not bundle.priced_by_members)


def require_living_parent(ctx: Context, service: CatalogService) -> None:
    """Raise Refused when what a service belongs to has ended meanwhile."""
    parent = ctx.session.get(CatalogService, service.parent_id) if service.parent_id is not None else None
    if parent is not None and parent.state in _OVER:
        raise Refused(
            _(
                "{service} belongs to {parent}, which has ended.",
                service=service.number,
                parent=parent.number,
            ),
            remedy=_("Give this line up, and order anew."),
        )


def _own(ctx: Context, customer: Customer, number: str, field: str) -> CatalogService:
    host = ctx.session.scalars(
        select(CatalogService)
        .where(col(CatalogService.number) == number, col(CatalogService.customer_id) == customer.key)
        .with_for_update()
    ).one_or_none()
    if host is None:
        raise NotFound(
            _("{customer} has no service “{number}”.", customer=customer.name, number=number),
            field=field,
            remedy=_("Choose one of this customer’s services."),
        )
    return host


def _host(ctx: Context, customer: Customer, product: ProductView, number: str, field: str) -> CatalogService:
    """The service that an add-on goes to, under its lock, so that nobody adds one too many meanwhile."""
    fitting = str(_("It goes with: {names}.", names=", ".join(product.fits)))
    if not number:
        raise Refused(
            _("Say to which service {product} is added.", product=product.name), field=field, remedy=fitting
        )
    host = _own(ctx, customer, number, field)
    sold = queries.product_by_id(ctx, host.product_id)
    if sold.code not in product.fits:
        raise Refused(
            _("{product} does not go with {other}.", product=product.name, other=sold.name),
            field=field,
            remedy=fitting,
        )
    if host.state != ServiceState.ACTIVE:
        raise Refused(
            _(
                "{service} is {state}; something is added to a service that works.",
                service=number,
                state=state_within(host.state),
            ),
            field=field,
            remedy=_("Wait until it is active, or choose another one."),
        )
    _require_room(ctx, product, host, field)
    return host


def _require_room(ctx: Context, product: ProductView, host: CatalogService, field: str) -> None:
    if not product.most_per_service:
        return
    count = ctx.session.scalar(
        select(func.count(col(CatalogService.id)))
        .join(CatalogProduct, col(CatalogProduct.id) == col(CatalogService.product_id))
        .where(
            col(CatalogService.parent_id) == host.id,
            col(CatalogProduct.code) == product.code,
            col(CatalogService.state).not_in(_GONE),
        )
    )
    if (count or 0) >= product.most_per_service:
        raise Refused(
            _(
                "{service} has {product} {n} times already, and no more are allowed.",
                service=host.number,
                product=product.name,
                n=count,
            ),
            field=field,
            remedy=_("Terminate one of them first, or choose another service."),
        )
