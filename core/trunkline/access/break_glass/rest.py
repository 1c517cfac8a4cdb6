"""REST: who took every permission in an emergency."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlmodel import col

from trunkline.access.break_glass import operations, queries
from trunkline.access.break_glass.models import BreakGlass
from trunkline.access.break_glass.tables import BREAK_GLASS
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/break-glass", "users")


class EmergencyAccessRow(BaseModel):
    """One emergency access. `over_at` is when it ended or will end."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    reason: str
    address: str
    started_at: datetime
    over_at: datetime
    ended_by: str
    state: Literal["running", "closed"]


@rest.get("", permission="core.break_glass.list", table=BREAK_GLASS)
def accesses(ctx: Context, params: ListParams = list_params) -> Listing[EmergencyAccessRow]:
    """Emergency accesses, newest first."""
    return read_list(ctx, BREAK_GLASS, queries.list_accesses(ctx), params, EmergencyAccessRow)


@rest.post("/{access_id}/end", permission="core.break_glass.disable", status=200)
def end(ctx: Context, access_id: int) -> EmergencyAccessRow:
    """End somebody's emergency access."""
    ended = operations.end(ctx, access_id)
    wanted = queries.list_accesses(ctx).where(col(BreakGlass.id) == ended.key)
    return EmergencyAccessRow.model_validate(dict(ctx.session.execute(wanted).mappings().one()))
