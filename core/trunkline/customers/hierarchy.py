"""Branches of a business and customers of a customer: who stands under whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import literal, select
from sqlmodel import col

from trunkline.customers import queries
from trunkline.customers.events import CustomerChanged
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.customers.schemas import AddBelow, SetParent
from trunkline.db.numbers import example
from trunkline.errors import NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline.versions import require_version

#: No business is deeper; a circle that got in by another way ends here.
DEEPEST = 50
#: A page shows so many customers of a tree.
MOST = 500


@dataclass
class Branch:
    """A customer in a tree, with those below."""

    id: int
    number: str
    name: str
    kind: str
    status: str
    below: list["Branch"] = field(default_factory=list)


@dataclass(frozen=True)
class Family:
    """A tree of customers: its top, everybody in it as far as the actor sees them, and whether there are more."""

    top: Branch
    keys: Sequence[int]
    more: bool


@operation("core.customer.edit")
def set_parent(ctx: Context, number: str, command: SetParent) -> Customer:
    """Put a customer under another one, or under nobody.

    Raises NotFound, Conflict when the customer was changed since, and Refused (field `parent`) for one that stands below it, is
    archived, or belongs to another reseller.
    """
    customer = queries.to_change(ctx, number)
    require_version(customer, command.version, {"parent": command.parent})
    parent = _parent(ctx, customer, command.parent) if command.parent else None
    key = parent.key if parent is not None else None
    if customer.parent_id == key:
        return customer
    customer.parent_id = key
    ctx.session.flush()
    ctx.note(customer, parent=command.parent)
    ctx.emit(
        CustomerChanged(
            entity_id=customer.key, customer_id=customer.key, number=customer.number, fields=("parent",)
        )
    )
    return customer


@operation("core.customer.edit")
def add_below(ctx: Context, number: str, command: AddBelow) -> Customer:
    """`set_parent` seen from above. Raises as it does, with the field `number`."""
    try:
        return set_parent(ctx, command.number, SetParent(parent=number))
    except NotFound:
        raise Refused(
            _("There is no customer {number}.", number=command.number),
            field="number",
            remedy=_("Type the number, as {example}.", example=example(ctx.session, "customer")),
        ) from None
    except Refused as refused:
        raise Refused(refused.message, field="number", remedy=refused.remedy) from None


def _parent(ctx: Context, customer: Customer, number: str) -> Customer:
    try:
        # Locked as well, so that two who move one under the other at once make no circle.
        parent = queries.to_change(ctx, number)
    except NotFound:
        raise Refused(
            _("There is no customer {number}.", number=number),
            field="parent",
            remedy=_("Type the number, as {example}.", example=example(ctx.session, "customer")),
        ) from None
    if parent.key == customer.key or is_above(ctx, customer, parent):
        raise Refused(
            _("{name} stands below this customer.", name=parent.name)
            if parent.key != customer.key
            else _("A customer cannot stand under itself."),
            field="parent",
            remedy=_("Move that one out first."),
        )
    if CustomerStatus.ARCHIVED in (parent.status, customer.status):
        raise Refused(_("An archived customer stands under nobody."), field="parent")
    if parent.reseller_id != customer.reseller_id:
        raise Refused(_("{name} is another reseller’s customer.", name=parent.name), field="parent")
    return parent


def is_above(ctx: Context, one: Customer, other: Customer) -> bool:
    """Whether `one` stands above `other`, at any distance."""
    return one.key in _above(ctx, other)


def _above(ctx: Context, customer: Customer) -> list[int]:
    """The keys of those above, the nearest first, seen or not."""
    table: Any = Customer.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
    up = (
        select(table.c.parent_id, literal(1).label("step"))
        .where(table.c.id == customer.key)
        .cte(recursive=True)
    )
    up = up.union_all(
        select(table.c.parent_id, up.c.step + 1).where(table.c.id == up.c.parent_id, up.c.step < DEEPEST)
    )
    found = select(up.c.parent_id).where(up.c.parent_id.is_not(None)).order_by(up.c.step)
    return list(ctx.session.scalars(found))


def family_of(ctx: Context, customer: Customer) -> Family:
    """The tree in which the customer stands, from the highest that the actor sees on the way up."""
    above = _above(ctx, customer)
    seen = set(ctx.session.scalars(_seen(ctx, select(col(Customer.id)).where(col(Customer.id).in_(above)))))
    top = customer.key
    for key in above:
        if key not in seen:
            break
        top = key
    table: Any = Customer.__table__  # type: ignore[attr-defined]  # SQLModel's types hide it
    down = select(table.c.id, literal(0).label("depth")).where(table.c.id == top).cte(recursive=True)
    down = down.union_all(
        select(table.c.id, down.c.depth + 1).where(table.c.parent_id == down.c.id, down.c.depth < DEEPEST)
    )
    names = "id number name kind status parent_id".split()
    rows = ctx.session.execute(
        _seen(ctx, select(*(table.c[name] for name in names)).join(down, down.c.id == table.c.id))
        .order_by(down.c.depth, table.c.name, table.c.id)
        .limit(MOST + 1)
    ).all()
    branches = {row.id: Branch(row.id, row.number, row.name, row.kind, row.status) for row in rows[:MOST]}
    for row in rows[:MOST]:
        if row.id != top and row.parent_id in branches:
            branches[row.parent_id].below.append(branches[row.id])
    return Family(branches[top], list(branches), len(rows) > MOST)


def _seen(ctx: Context, statement: Any) -> Any:
    return statement.where(*ctx.visible_conditions(Customer))


def head_of(ctx: Context, customer: Customer) -> Customer:
    """Whose level the customer's page leads to: their own, or the one they stand in where nobody stands under them."""
    below = ctx.visible(Customer).where(col(Customer.parent_id) == customer.key).limit(1)
    if ctx.session.scalars(below).first() is not None:
        return customer
    return parent_of(ctx, customer) or customer


def parent_of(ctx: Context, customer: Customer) -> Customer | None:
    """Who the customer stands under, as far as the actor sees them."""
    if customer.parent_id is None:
        return None
    found: Customer | None = ctx.session.scalars(
        ctx.visible(Customer).where(col(Customer.id) == customer.parent_id)
    ).one_or_none()
    return found
