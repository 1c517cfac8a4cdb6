"""What is read about users and their sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, String, func, select, type_coerce
from sqlmodel import col

from trunkline.access.models import Role, UserRole
from trunkline.auth.models import User, UserKind, UserSession
from trunkline.auth.whereabouts import describe_address, describe_user_agent, is_phone
from trunkline.customers.models import Customer
from trunkline.errors import NotFound
from trunkline.i18n import gettext
from trunkline.operation import Context

_ = gettext


def list_users(ctx: Context) -> Select[Any]:
    """Users that the actor may see, with the labels of their roles, for lists and REST."""
    return _selected().where(*ctx.visible_conditions(User))


def _selected() -> Select[Any]:
    labels = (
        select(type_coerce(func.aggregate_strings(col(Role.label), "|"), String))
        .join(UserRole, col(UserRole.role_id) == col(Role.id))
        .where(col(UserRole.user_id) == col(User.id))
        .correlate(User)
        .scalar_subquery()
    )
    names = (
        select(type_coerce(func.aggregate_strings(col(Role.name), ","), String))
        .join(UserRole, col(UserRole.role_id) == col(Role.id))
        .where(col(UserRole.user_id) == col(User.id))
        .correlate(User)
        .scalar_subquery()
    )
    return select(
        col(User.id).label("id"),
        col(User.email).label("email"),
        col(User.name).label("name"),
        col(User.kind).label("kind"),
        col(User.status).label("status"),
        col(User.language).label("language"),
        col(User.customer_id).label("customer_id"),
        col(Customer.number).label("customer_number"),
        col(Customer.name).label("customer_name"),
        labels.label("role_labels"),
        names.label("roles"),
        col(User.last_sign_in_at).label("last_sign_in_at"),
        col(User.created_at).label("created_at"),
        col(User.version).label("version"),
    ).join_from(User, Customer, col(Customer.id) == col(User.customer_id), isouter=True)


def user_row(ctx: Context, user_id: int) -> RowMapping:
    """One user as the list shows it. Raises NotFound."""
    row = ctx.session.execute(list_users(ctx).where(col(User.id) == user_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(_("There is no user {id}.", id=user_id))
    return row


def user(ctx: Context, user_id: int) -> User:
    """One visible user. Raises NotFound."""
    return ctx.load(User, user_id)


def by_email(ctx: Context, email: str) -> User | None:
    """The user with this address, whatever its kind."""
    return ctx.session.scalars(select(User).where(col(User.email) == email.strip().lower())).one_or_none()


def portal_users_of(ctx: Context, customer_id: int) -> Sequence[User]:
    """The people of a customer who may sign in to the portal, by name."""
    statement = (
        ctx.visible(User)
        .where(col(User.customer_id) == customer_id, col(User.kind) == UserKind.PORTAL)
        .order_by(col(User.name))
    )
    return ctx.session.scalars(statement).all()


@dataclass(frozen=True)
class SessionView:
    """One place where a user is signed in."""

    id: int
    address: str
    user_agent: str
    started_at: datetime
    last_seen_at: datetime
    is_this: bool
    #: The address of the session that asks.
    here: str = ""

    @property
    def device(self) -> str:
        """Browser and system as the user agent names them, or its first words."""
        return describe_user_agent(self.user_agent) or _("Unknown program")

    @property
    def icon(self) -> str:
        """A phone or a computer."""
        return "device-mobile" if is_phone(self.user_agent) else "device-desktop"

    @property
    def place(self) -> str:
        """The network address, and what it tells."""
        return describe_address(self.address, "" if self.is_this else self.here)


def sessions_of(ctx: Context, user_id: int, this: int | None = None) -> list[SessionView]:
    """Where a user is signed in now, the most recent first. `this` is the key of the session that asks."""
    rows = ctx.session.scalars(
        select(UserSession)
        .where(col(UserSession.user_id) == user_id, col(UserSession.expires_at) > ctx.now())
        .order_by(col(UserSession.last_seen_at).desc(), col(UserSession.id).desc())
    ).all()
    here = next((row.address for row in rows if row.key == this), "")
    return [
        SessionView(
            row.key, row.address, row.user_agent, row.created_at, row.last_seen_at, row.key == this, here
        )
        for row in rows
        if (ctx.now() - row.last_seen_at).total_seconds() < row.idle_seconds + 60
    ]
