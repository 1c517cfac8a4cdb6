"""The built-in roles, and what a user's roles come to: a set of permissions and an actor."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, Protocol

from sqlalchemy import (
    ColumnElement,
    String,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session
from sqlmodel import col

from trunkline.access.models import Role, RoleGrant, RowScope, UserRole
from trunkline.auth.models import User, UserKind
from trunkline.i18n import gettext
from trunkline.operation import EVERYTHING, Actor, ActorKind, Context, Scope
from trunkline.plugin import Permission

_ = gettext

#: Holds every permission, of every plugin, without a row for each.
ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class BuiltinRole:
    """A role that every installation has. Its permissions are those which name it in `Permission.roles`."""

    name: str
    label: str
    description: str
    audience: Literal["staff", "portal"] = "staff"
    row_scope: RowScope = RowScope.ALL


BUILTIN_ROLES: tuple[BuiltinRole, ...] = (
    BuiltinRole(ADMINISTRATOR, _("Administrator"), _("May do everything, including giving roles to others.")),
    BuiltinRole(
        "supervisor", _("Supervisor"), _("Leads care and sales; approves and corrects what others did.")
    ),
    BuiltinRole(
        "customer_care", _("Customer care"), _("Registers customers, takes orders and answers questions.")
    ),
    BuiltinRole(
        "care_reader",
        _("Customer care, reading only"),
        _("Sees what customer care sees and changes nothing: for trainees and partners."),
    ),
    BuiltinRole("cashier", _("Cashier"), _("Takes payments at a desk.")),
    BuiltinRole("accountant", _("Accountant"), _("Runs billing, issues invoices and books payments.")),
    BuiltinRole(
        "provisioning_engineer", _("Provisioning engineer"), _("Looks after jobs, playbooks and the network.")
    ),
    BuiltinRole(
        "field_technician",
        _("Field technician"),
        _("Visits customers and connects them; sees those that are assigned to them."),
        row_scope=RowScope.ASSIGNED,
    ),
    BuiltinRole("product_manager", _("Product manager"), _("Defines products, prices and tariffs.")),
    BuiltinRole("warehouse", _("Warehouse"), _("Receives, moves and counts stock.")),
    BuiltinRole(
        "dealer",
        _("Dealer"),
        _("Registers customers and takes their orders at a point of sale; sees those they registered."),
        row_scope=RowScope.OWN,
    ),
    BuiltinRole("pbx_administrator", _("PBX administrator"), _("Looks after customers' telephone systems.")),
    BuiltinRole(
        "duty_officer",
        _("Duty officer"),
        _("Keeps the network running out of hours; may take every permission in an emergency."),
    ),
    BuiltinRole("auditor", _("Auditor"), _("Sees everything and changes nothing.")),
    BuiltinRole(
        "portal_owner", _("Account owner"), _("Sees and orders everything of the customer."), "portal"
    ),
    BuiltinRole("portal_finance", _("Finance contact"), _("Sees invoices and pays."), "portal"),
    BuiltinRole("portal_technical", _("Technical contact"), _("Sees services and usage."), "portal"),
)


def seed_roles(session: Session, permissions: Iterable[Permission]) -> None:
    """Make the built-in roles and give each the declared permissions that it has not met yet.

    A permission that an operator took from a role or gave to it is left as it is. Call it after every
    migration and before a process serves; again it changes nothing. Needs a writing session.
    """
    keys = _ensure_roles(session)
    wanted = {
        (keys[name], permission.name)
        for permission in permissions
        for name in permission.roles
        if name in keys and name != ADMINISTRATOR
    }
    known = {
        (row[0], row[1]) for row in session.execute(select(col(RoleGrant.role_id), col(RoleGrant.permission)))
    }
    fresh = [{"role_id": role, "permission": name, "granted": True} for role, name in sorted(wanted - known)]
    if fresh:
        session.execute(insert(RoleGrant), fresh)


def _ensure_roles(session: Session) -> dict[str, int]:
    existing = {role.name: role for role in session.scalars(select(Role).where(col(Role.is_builtin)))}
    for builtin in BUILTIN_ROLES:
        role = existing.get(builtin.name)
        if role is None:
            # Source text, not the reader's: labels of built-in roles are translated where they are shown.
            role = Role(
                name=builtin.name,
                label=str.__str__(builtin.label),
                description=str.__str__(builtin.description),
                audience=builtin.audience,
                is_builtin=True,
                row_scope=builtin.row_scope,
            )
            session.add(role)
            existing[builtin.name] = role
    session.flush()
    return {name: role.key for name, role in existing.items()}


@dataclass(frozen=True, slots=True)
class Held:
    """What a user's roles come to. `permissions` None means all; `asks_factor`: one of the roles demands a second factor."""

    permissions: frozenset[str] | None
    row_scopes: frozenset[str]
    asks_factor: bool = False


def _sign(sign: str) -> Any:
    """A constant written out in the statement: binding a parameter for each costs more than reading the roles."""
    return literal_column(f"'{sign}'", String)


# One text for each role: a row for each permission cost twice as much as the rest of finding out who asks.
_GRANTED = (
    select(func.aggregate_strings(col(RoleGrant.permission), _sign(" ")))
    .where(col(RoleGrant.role_id) == col(Role.id), col(RoleGrant.granted))
    .correlate(Role)
    .scalar_subquery()
)


def held_by(user_id: Any) -> ColumnElement[str]:
    """What the user of this key (a column or a parameter) holds, as one text for `held`; part of another select.

    It is read anew each time, so that what is taken away from a role is gone with the next request, in every process.
    """
    fields = (
        col(Role.row_scope),
        case((col(Role.requires_second_factor), _sign("!")), else_=_sign("")),
        func.coalesce(_GRANTED, _sign("")),
    )
    one: ColumnElement[str] = type_coerce(col(Role.name), String)
    for field in fields:
        one = one.concat(_sign("\t")).concat(field)
    texts = (
        select(type_coerce(func.aggregate_strings(one, _sign("\n")), String))
        .select_from(UserRole)
        .join(Role, col(UserRole.role_id) == col(Role.id))
        .where(col(UserRole.user_id) == user_id)
    )
    return texts.scalar_subquery()


@lru_cache(maxsize=256)
def held(text: str | None) -> Held:
    """What `held_by` found. Few texts are as many people's, and cutting one up costs as much as reading it."""
    roles = [line.split("\t") for line in (text or "").splitlines()]
    asks_factor = any(asks for _name, _scope, asks, _granted in roles)
    if any(name == ADMINISTRATOR for name, *_rest in roles):
        return Held(None, frozenset({RowScope.ALL}), asks_factor)
    granted = " ".join(role[3] for role in roles)
    return Held(frozenset(granted.split()), frozenset(role[1] for role in roles), asks_factor)


# Built once: putting it together costs more than the query.
_HELD = select(held_by(bindparam("user_id")))


def _held(session: Session, user_id: int) -> Held:
    return held(session.connection().execute(_HELD, {"user_id": user_id}).scalar_one())


def permissions_of(session: Session, user_id: int) -> frozenset[str] | None:
    """Every permission that the user's roles grant; None, meaning all, for an administrator.

    Sees what was flushed.
    """
    return _held(session, user_id).permissions


class Person(Protocol):
    """Whom an actor is made of: a `User`, or what a session's statement has found of one."""

    @property
    def key(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def customer_id(self) -> int | None: ...
    @property
    def reseller_id(self) -> int | None: ...
    @property
    def scope_tags(self) -> list[str]: ...
    @property
    def break_glass_until(self) -> datetime | None: ...


def scope_of(user: Person, row_scopes: frozenset[str]) -> Scope:
    """What a member of staff sees by the row scopes of their roles: all that any of them shows, so the widest wins.

    A scope that needs a fact which the user lacks (a reseller, tags) shows nothing.
    """
    if RowScope.ALL in row_scopes:
        return EVERYTHING
    return Scope(
        customer_ids=frozenset(),
        reseller_id=user.reseller_id if RowScope.RESELLER in row_scopes else None,
        assigned_to=user.key if RowScope.ASSIGNED in row_scopes else None,
        registered_by=user.key if RowScope.OWN in row_scopes else None,
        tags=frozenset(user.scope_tags) if RowScope.TAG in row_scopes else None,
    )


def actor_for(
    session: Session,
    user: Person,
    address: str = "",
    *,
    kind: ActorKind | None = None,
    now: datetime | None = None,
    holding: Held | None = None,
) -> Actor:
    """The actor that `user` is: the permissions of all roles and their row scopes, and for portal users the one customer.

    With `now` an emergency access that is not over counts. Programs give none: an emergency is a person's, in the browser.
    `holding` is what the roles come to, where the caller has read that already.
    """
    holding = holding or _held(session, user.key)
    permissions, row_scopes = holding.permissions, holding.row_scopes
    if user.kind == UserKind.PORTAL:
        customers = frozenset({user.customer_id}) if user.customer_id is not None else frozenset[int]()
        # Whatever its roles say, a portal user never holds every permission.
        allowed = permissions if permissions is not None else frozenset[str]()
        scope = Scope(customer_ids=customers)
        return Actor(kind or ActorKind.PORTAL, user.key, user.name, allowed, scope, user.language, address)
    emergency = user.break_glass_until
    if now is not None and emergency is not None and now < emergency:
        return Actor(
            kind or ActorKind.STAFF, user.key, user.name, None, EVERYTHING, user.language, address, emergency
        )
    scope = scope_of(user, row_scopes)
    return Actor(kind or ActorKind.STAFF, user.key, user.name, permissions, scope, user.language, address)


@contextmanager
def acting_as(ctx: Context, user: User, address: str = "") -> Iterator[None]:
    """Within the block `user` acts: for somebody who has just proved who they are and has no session yet."""
    before = ctx.actor
    ctx.actor = actor_for(ctx.session, user, address or before.address)
    try:
        yield
    finally:
        ctx.actor = before
