"""Branches of a business and customers of a customer: who stands under whom."""

from trunkline.customers.models import Customer
from trunkline.operation import Context

#: No business is deeper; a circle that got in by another way ends here.
DEEPEST = 50


def is_above(ctx: Context, one: Customer, other: Customer) -> bool:
    """Whether `one` stands above `other`, at any distance."""
    parent_id = other.parent_id
    for _step in range(DEEPEST):
        if parent_id is None:
            return False
        if parent_id == one.key:
            return True
        above = ctx.session.get(Customer, parent_id)
        parent_id = above.parent_id if above is not None else None
    return True
