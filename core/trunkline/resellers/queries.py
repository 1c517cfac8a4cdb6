"""What is read about resellers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, case, func, select
from sqlmodel import col

from trunkline.auth.models import User, UserKind
from trunkline.customers.models import Customer, Reseller
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.web.table_reading import count_beside

_SHOWN = 100


def list_resellers(ctx: Context) -> Select[*tuple[Any, ...]]:
    """Every reseller with the number of its customers and people, for lists and REST.

    Whoever sees only the customers of one reseller sees that one.
    """
    customers = count_beside(
        select(col(Customer.id)).where(col(Customer.reseller_id) == col(Reseller.id)).correlate(Reseller)
    )
    people = (
        select(func.count())
        .where(col(User.reseller_id) == col(Reseller.id), col(User.kind) == UserKind.STAFF)
        .correlate(Reseller)
    ).scalar_subquery()
    statement = select(
        col(Reseller.id).label("id"),
        col(Reseller.code).label("code"),
        col(Reseller.name).label("name"),
        col(Reseller.active).label("active"),
        case((col(Reseller.active), "active"), else_="archived").label("status"),
        customers.label("customers"),
        people.label("people"),
        col(Reseller.created_at).label("created_at"),
        col(Reseller.version).label("version"),
    )
    scope = ctx.actor.scope
    return statement.where(col(Reseller.id) == scope.reseller_id) if scope.is_limited else statement


def get(ctx: Context, reseller_id: int) -> RowMapping:
    """One reseller as the list shows it. Raises NotFound."""
    found = ctx.session.execute(list_resellers(ctx).where(col(Reseller.id) == reseller_id)).mappings()
    row = found.one_or_none()
    if row is None:
        raise NotFound(_("There is no reseller {id}.", id=reseller_id))
    return row


def active_choices(ctx: Context) -> Sequence[tuple[str, str]]:
    """(key, name) of the resellers who take customers, for forms."""
    rows = ctx.session.execute(
        select(col(Reseller.id), col(Reseller.name))
        .where(col(Reseller.active))
        .order_by(col(Reseller.name), col(Reseller.id))
    )
    return [(str(key), name) for key, name in rows]


def customers_of(ctx: Context, reseller_id: int) -> Sequence[Customer]:
    """The first hundred visible customers of a reseller, by name."""
    statement = ctx.visible(Customer).where(col(Customer.reseller_id) == reseller_id)
    return ctx.session.scalars(statement.order_by(col(Customer.name), col(Customer.id)).limit(_SHOWN)).all()


def people_of(ctx: Context, reseller_id: int) -> Sequence[User]:
    """The first hundred visible members of staff who work for a reseller, by name."""
    statement = ctx.visible(User).where(
        col(User.reseller_id) == reseller_id, col(User.kind) == UserKind.STAFF
    )
    return ctx.session.scalars(statement.order_by(col(User.name), col(User.id)).limit(_SHOWN)).all()
