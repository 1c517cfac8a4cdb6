"""Who looks after a customer."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from trunkline.auth.models import User, UserKind, UserStatus
from trunkline.customers import queries
from trunkline.customers.events import CustomerChanged
from trunkline.customers.models import Customer
from trunkline.customers.schemas import AssignCustomer
from trunkline.db.distinct import each_value
from trunkline.db.prepared import Prepared
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.versions import require_version


@operation("core.customer.assign")
def assign(ctx: Context, number: str, command: AssignCustomer) -> Customer:
    """Have a colleague look after a customer, or nobody.

    Raises NotFound for a customer out of sight, Refused (field `user_id`) for who is no active member of staff, Conflict when
    the customer was changed since.
    """
    customer = queries.to_change(ctx, number)
    require_version(customer, command.version, {"assigned_user_id": command.user_id})
    colleague = None if command.user_id is None else ctx.session.get(User, command.user_id)
    if command.user_id is not None and not _works_here(colleague):
        raise Refused(
            _("There is no such colleague."), field="user_id", remedy=_("Choose somebody who can sign in.")
        )
    if customer.assigned_user_id == command.user_id:
        return customer
    before = colleague_name(ctx, customer.assigned_user_id)
    customer.assigned_user_id = command.user_id
    ctx.note(customer, assigned_to=[before, colleague.name if colleague else ""])
    ctx.emit(
        CustomerChanged(
            entity_id=customer.key,
            customer_id=customer.key,
            number=customer.number,
            fields=("assigned_user_id",),
        )
    )
    return customer


def _works_here(user: User | None) -> bool:
    return user is not None and user.kind == UserKind.STAFF and user.status == UserStatus.ACTIVE


def colleague_name(ctx: Context, user_id: int | None) -> str:
    """The name of the colleague with this key; empty for nobody. Colleagues are no customer's rows: everybody sees them."""
    if user_id is None:
        return ""
    return ctx.session.scalar(select(col(User.name)).where(col(User.id) == user_id)) or ""


def colleagues(ctx: Context) -> Sequence[tuple[str, str]]:
    """(key, name) of the active members of staff, for forms."""
    rows = ctx.session.execute(
        select(col(User.id), col(User.name))
        .where(col(User.kind) == UserKind.STAFF, col(User.status) == UserStatus.ACTIVE)
        .order_by(col(User.name))
    )
    return [(str(key), name) for key, name in rows]


#: The few whom customers name, and not whether any customer names each colleague: where nobody is assigned, statistics of SQLite
#: (`ANALYZE`) call the index of who is useless, and each colleague would cost a look through all customers.
_IN_CHARGE = Prepared(
    select(col(User.id), col(User.name))
    .where(col(User.kind) == UserKind.STAFF, col(User.id).in_(each_value(col(Customer.assigned_user_id))))
    .order_by(col(User.name))
)


def in_charge(ctx: Context) -> Sequence[tuple[str, str]]:
    """(key, name) of those who look after somebody, for the list's filter; the reader comes first, and nobody after."""
    others = [(str(key), name) for key, name in _IN_CHARGE.rows(ctx) if key != ctx.actor.id]
    return [(str(ctx.actor.id), str(_("Me"))), ("nobody", str(_("Nobody"))), *others]


def in_charge_of(chosen: Sequence[str]) -> ColumnElement[bool]:
    """Customers whom one of these users looks after, by key; `nobody` for those without."""
    keys = [int(value) for value in chosen if value.isdecimal() and len(value) < 19]
    assigned: ColumnElement[bool] = col(Customer.assigned_user_id).in_(keys)
    return or_(assigned, col(Customer.assigned_user_id).is_(None)) if "nobody" in chosen else assigned


def register_by_actor(ctx: Context, customer: Customer) -> str:
    """Note who registers a customer, so that who sees few customers sees this one too.

    Who sees those assigned to them gets it assigned. Returns the tag to put on for who sees customers by tag, else nothing.
    """
    customer.registered_by_id = ctx.actor.id
    scope = ctx.actor.scope
    if scope.assigned_to is not None:
        customer.assigned_user_id = scope.assigned_to
    return min(scope.tags) if scope.tags else ""
