"""The conditions that narrow a select to the customers whose rows an actor sees."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, false, or_, select
from sqlmodel import col

from trunkline.customers.models import Customer, CustomerTag
from trunkline.operation import Scope

if TYPE_CHECKING:
    from trunkline.operation import Context


def conditions(ctx: "Context", model: Any) -> list[ColumnElement[bool]]:
    """What rows of `model` must fulfil to be seen by the actor, whose scope is limited.

    Rows that belong to no customer are not shown, except roles, which are nobody's, one's own user and one's reseller's staff.
    """
    scope, table = ctx.actor.scope, getattr(model, "__tablename__", "")
    if table == "core_role":
        return []
    if table == "core_customer":
        return [_customers(ctx, scope)]
    owner = getattr(model, "customer_id", None)
    if owner is None:
        return [false()]
    of_customers = _belonging(ctx, scope, owner)
    if table != "core_user":
        return [of_customers]
    people = [of_customers]
    if ctx.actor.id is not None:
        people.append(model.id == ctx.actor.id)
    if scope.reseller_id is not None:
        people.append(model.reseller_id == scope.reseller_id)
    return [or_(*people)]


def _belonging(ctx: "Context", scope: Scope, owner: Any) -> ColumnElement[bool]:
    """Rows whose column `owner` names a customer in scope; a list of keys needs no subquery."""
    condition: ColumnElement[bool]
    if scope == Scope(customer_ids=scope.customer_ids):
        condition = owner.in_(scope.customer_ids or ())
    else:
        condition = owner.in_(select(col(Customer.id)).where(_customers(ctx, scope)).correlate(None))
    return condition


def _customers(ctx: "Context", scope: Scope) -> ColumnElement[bool]:
    facts: list[ColumnElement[bool]] = []
    if scope.customer_ids:
        facts.append(col(Customer.id).in_(scope.customer_ids))
    if scope.reseller_id is not None:
        facts.append(col(Customer.reseller_id) == scope.reseller_id)
    if scope.assigned_to is not None:
        facts.append(col(Customer.assigned_user_id) == scope.assigned_to)
    if scope.registered_by is not None:
        facts.append(col(Customer.registered_by_id) == scope.registered_by)
    if scope.tags:
        facts.append(col(Customer.id).in_(_tagged(ctx, scope.tags)))
    return or_(*facts) if facts else false()


def _tagged(ctx: "Context", tags: frozenset[str]) -> Any:
    """Customers who wear one of the tags today, in the operator's zone."""
    today = ctx.now().astimezone(ctx.app.config.zone).date()
    begins, ends = col(CustomerTag.from_date), col(CustomerTag.to_date)
    worn = select(col(CustomerTag.customer_id)).where(
        col(CustomerTag.text).in_(sorted(tags)),
        begins.is_(None) | (begins <= today),
        ends.is_(None) | (ends >= today),
    )
    return worn.correlate(None)
