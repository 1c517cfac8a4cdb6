"""What portal users may do, as a column of the list of customers."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from trunkline.access.models import Role, UserRole
from trunkline.auth.models import User, UserKind
from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.lists import ListColumns
from trunkline.operation import Context
from trunkline.web.tables import Column


def roles_by_customer(ctx: Context, keys: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """The roles that these customers' own people hold, as cells of a list."""
    rows = ctx.session.execute(
        select(col(User.customer_id), col(Role.label))
        .join(UserRole, col(UserRole.user_id) == col(User.id))
        .join(Role, col(Role.id) == col(UserRole.role_id))
        .where(col(User.customer_id).in_(keys), col(User.kind) == UserKind.PORTAL)
        .order_by(col(Role.id))
        .distinct()
        .add_columns(col(Role.id))
    )
    found: dict[int, list[str]] = {}
    for customer, label, _key in rows:
        if customer is not None:
            found.setdefault(customer, []).append(translate(label))
    return {customer: {"portal_role": ", ".join(labels)} for customer, labels in found.items()}


LIST_COLUMNS = (
    ListColumns(
        "customers",
        (Column("portal_role", _("Portal permission"), priority=3, optional=True),),
        roles_by_customer,
        "core.user.list",
    ),
)
