"""Reading the activity log."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import col

from trunkline.activity.models import ActivityEntry
from trunkline.operation import Context


def entries(ctx: Context, *, customer_id: int | None = None) -> Select[Any]:
    """The entries the actor may see, as the columns of the activity list; sorted by the list."""
    columns: Sequence[Any] = (
        col(ActivityEntry.id).label("id"),
        col(ActivityEntry.at).label("at"),
        col(ActivityEntry.actor).label("actor"),
        col(ActivityEntry.on_behalf_of).label("on_behalf_of"),
        col(ActivityEntry.operation).label("operation"),
        col(ActivityEntry.subject_kind).label("subject_kind"),
        col(ActivityEntry.subject).label("subject"),
        col(ActivityEntry.address).label("address"),
        col(ActivityEntry.customer_id).label("customer_id"),
    )
    statement: Select[Any] = select(*columns).where(*ctx.visible_conditions(ActivityEntry))
    return (
        statement if customer_id is None else statement.where(col(ActivityEntry.customer_id) == customer_id)
    )


def entry(ctx: Context, entry_id: int) -> ActivityEntry:
    """One entry with its changes. Raises NotFound."""
    return ctx.load(ActivityEntry, entry_id)
