"""Reading contacts with customers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select
from sqlmodel import col

from trunkline.customers.facts import CUSTOMER, Fact
from trunkline.customers.models import Customer
from trunkline.db.prepared import Found, Prepared, columns
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.interactions.models import Interaction
from trunkline.operation import Context

_INTERACTION = columns(Interaction)
_OF_CUSTOMER = select(
    *(_INTERACTION[name] for name in "id number channel subject text agent at told_by".split())
).where(_INTERACTION.customer_id == bindparam("customer_id"))
_LATEST = Prepared(
    _OF_CUSTOMER.order_by(_INTERACTION.at.desc(), _INTERACTION.id.desc()).limit(
        bindparam("limit", type_=Integer)
    ),
    Interaction,
)
_COUNT: Fact[int] = Fact(select(func.count()).where(_INTERACTION.customer_id == CUSTOMER))

#: Characters of a text that a list shows.
_IN_SHORT = 140


def get(ctx: Context, number: str) -> Interaction:
    """The visible contact with this protocol number. Raises NotFound."""
    return ctx.load_by(Interaction, Interaction.number, number)


def of_customer(ctx: Context, customer: Customer, number: str) -> Interaction:
    """The contact with this customer that has this protocol number. Raises NotFound."""
    found = get(ctx, number)
    if found.customer_id != customer.key:
        raise NotFound(_("{customer} has no contact {number}.", customer=customer.number, number=number))
    return found


def latest_of(ctx: Context, customer_id: int, limit: int) -> Sequence[Found]:
    """The last contacts with a customer, newest first."""
    return _LATEST.rows(ctx, customer_id=customer_id, limit=limit)


def count_of(ctx: Context, customer_id: int) -> int:
    """How often there was contact with a customer."""
    return _COUNT.of(ctx, customer_id)


def select_of(ctx: Context, customer_id: int) -> Select[*tuple[Any, ...]]:
    """Contacts with a customer, for lists."""
    return select(
        *(
            getattr(Interaction, name).label(name)
            for name in "id number channel subject text agent at told_by".split()
        )
    ).where(col(Interaction.customer_id) == customer_id, *ctx.visible_conditions(Interaction))


def told_in_short(ctx: Context, customer_id: int) -> Select[*tuple[Any, ...]]:
    """The same with the beginning of each text, as `in_short`."""
    return select_of(ctx, customer_id).add_columns(
        func.substr(col(Interaction.text), 1, _IN_SHORT).label("in_short")
    )
