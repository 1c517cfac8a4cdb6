"""What the portal reads: always the one customer that the signed-in user belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from trunkline.auth.models import User, UserKind
from trunkline.customers import queries as customers
from trunkline.customers.models import Customer
from trunkline.db.prepared import Found, Prepared, columns
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_billing import queries as billing
from trunkline_billing.schemas import AllowanceView, InvoiceView
from trunkline_catalog import queries as catalog
from trunkline_catalog.schemas import ProductKind, ServiceState, ServiceView

_USER = columns(User)
_USERS_OF = Prepared(
    select(
        _USER.id,
        _USER.name,
        _USER.email,
        _USER.phone,
        _USER.phone_verified_at,
        _USER.status,
        _USER.last_sign_in_at,
    )
    .where(_USER.kind == UserKind.PORTAL, _USER.customer_id == bindparam("customer_id"))
    .order_by(_USER.name, _USER.id),
    User,
)
#: Attempts that came to nothing are the operator's business.
_NEVER_WORKED = (ServiceState.FAILED, ServiceState.CANCELLED)


def own_customer(ctx: Context) -> Customer:
    """The customer whose pages these are. Raises NotFound for anybody but a portal user."""
    belongs_to = ctx.actor.scope.customer_ids or frozenset()
    if len(belongs_to) != 1:
        raise NotFound(_("These pages are for customers."), remedy=_("Sign in with a portal user."))
    return customers.by_id(ctx, next(iter(belongs_to)))


@dataclass(frozen=True)
class MoneyDue:
    """What there is to pay: one total for each currency, and the invoices that make it."""

    totals: Sequence[Money]
    invoices: Sequence[InvoiceView]

    @property
    def is_overdue(self) -> bool:
        return any(invoice.status == "overdue" for invoice in self.invoices)


def money_due(ctx: Context, customer_id: int) -> MoneyDue:
    """Unpaid invoices, the longest due first, and their sums."""
    unpaid = [i for i in billing.invoices_of(ctx, customer_id) if i.status in ("open", "overdue")]
    totals: dict[str, Money] = {}
    for invoice in unpaid:
        due = invoice.due
        totals[due.currency] = totals[due.currency] + due if due.currency in totals else due
    return MoneyDue(list(totals.values()), sorted(unpaid, key=lambda invoice: invoice.due_date))


def overdue_count(ctx: Context) -> int | None:
    """How many invoices are overdue, for the menu; None when there is none."""
    customer = own_customer(ctx)
    return sum(i.status == "overdue" for i in billing.invoices_of(ctx, customer.key)) or None


@dataclass(frozen=True)
class ServiceCard:
    """A service with what is left of its allowances in the current period."""

    service: ServiceView
    allowances: Sequence[AllowanceView]
    #: What it is a part of or was added to, by name.
    belongs_to: str = ""


def services(ctx: Context, customer_id: int, *, ended: bool = False) -> list[ServiceView]:
    """The customer's services, those that work first, each before what belongs to it; with `ended` also those that are over."""
    found = [
        service
        for service in catalog.services_of(ctx, customer_id, ended=ended)
        if service.state not in _NEVER_WORKED and service.product_kind is not ProductKind.ONE_OFF
    ]
    found.sort(key=lambda service: (service.state is not ServiceState.ACTIVE, service.number))
    return [service for service, _depth in catalog.nested(found)]


def cards(ctx: Context, shown: Sequence[ServiceView], own: Sequence[ServiceView]) -> list[ServiceCard]:
    """Cards of the services that are shown, out of all the customer's own, which they may belong to."""
    left = billing.allowances_of_many(ctx, [one.id for one in shown if one.state is ServiceState.ACTIVE])
    names = {one.id: one.product_name for one in own}
    return [ServiceCard(one, left.get(one.id, []), names.get(one.parent_id or 0, "")) for one in shown]


def service(ctx: Context, number: str) -> ServiceCard:
    """One of the customer's own services. Raises NotFound for anybody else's."""
    found = catalog.service(ctx, number)
    if found.customer_id != own_customer(ctx).key:
        raise NotFound(_("There is no service {number}.", number=number))
    working = found.state is ServiceState.ACTIVE
    parent = catalog.service_by_id(ctx, found.parent_id).product_name if found.parent_id is not None else ""
    return ServiceCard(found, billing.allowances_of(ctx, found.id) if working else [], parent)


def invoice(ctx: Context, number: str) -> InvoiceView:
    """One of the customer's own invoices. Raises NotFound for anybody else's."""
    found = billing.invoice(ctx, number)
    if found.customer_id != own_customer(ctx).key:
        raise NotFound(_("There is no invoice {number}.", number=number))
    return found


def users_of(ctx: Context, customer_id: int) -> Sequence[Found]:
    """The portal users of a customer: id, name, email, phone, phone_verified_at, status, last_sign_in_at."""
    return ctx.once(("portal.users_of", customer_id), lambda: _USERS_OF.rows(ctx, customer_id=customer_id))


def user_of(ctx: Context, customer: Customer, user_id: int) -> User:
    """One portal user of a customer. Raises NotFound when it is no user of theirs."""
    user = ctx.load(User, user_id)
    if user.kind != UserKind.PORTAL or user.customer_id != customer.key:
        raise NotFound(_("{customer} has no such portal user.", customer=customer.name))
    return user
