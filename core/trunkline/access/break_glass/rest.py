"""REST: who took every permission in an emergency."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from trunkline.access.break_glass import queries
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
