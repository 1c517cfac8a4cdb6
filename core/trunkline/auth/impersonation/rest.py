"""REST: who worked as whom."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from trunkline.auth.impersonation import queries
from trunkline.auth.impersonation.tables import IMPERSONATIONS
from trunkline.operation import Context
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/impersonations", "users")


class ImpersonationRow(BaseModel):
    """One time that a member of staff worked as somebody else. `belongs` is that person's customer, else their address."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    staff_id: int
    staff: str
    user_id: int
    name: str
    belongs: str
    reason: str
    address: str
    started_at: datetime
    until: datetime
    status: Literal["open", "closed"]


@rest.get("", permission="core.impersonation.list", table=IMPERSONATIONS)
def impersonations(ctx: Context, params: ListParams = list_params) -> Listing[ImpersonationRow]:
    """Who worked as whom, newest first."""
    return read_list(ctx, IMPERSONATIONS, queries.list_impersonations(ctx), params, ImpersonationRow)
